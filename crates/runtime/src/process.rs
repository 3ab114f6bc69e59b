//! What a binary's main does around its work: flags, configuration, logs, signals, exit codes.

use std::{future::Future, process::ExitCode, time::Duration};

use anyhow::Context as _;
use clap::Args;

use crate::{
    config::{self, ConfigError, LogConfig},
    service::Service,
    shutdown::Shutdown,
    telemetry, traces,
};

/// The command line flags that every binary has.
#[derive(Debug, Clone, Copy, Args)]
pub struct Flags {
    /// Print every variable with its value, secrets redacted, and end.
    #[arg(long, global = true)]
    pub print_config: bool,
}

/// Reads the configuration, or prints it if that was asked for (then there is none).
pub fn configure<C: Args>(flags: Flags) -> Result<Option<C>, ConfigError> {
    if flags.print_config {
        print!(
            "{}",
            config::describe::<C>(|variable| std::env::var_os(variable))?
        );
        return Ok(None);
    }
    config::from_env().map(Some)
}

/// Reads the configuration as [`configure`] does, and logs from here on as it says.
pub fn begin<C: Args>(
    flags: Flags,
    log: impl FnOnce(&C) -> &LogConfig,
) -> anyhow::Result<Option<C>> {
    let config = configure(flags)?;
    if let Some(config) = &config {
        telemetry::start_logs(log(config))?;
    }
    Ok(config)
}

/// Starts a service, says when it is ready, and runs it until SIGTERM, SIGINT or the loss of a task;
/// from then on it has `grace`.
pub async fn run<F>(grace: Duration, start: impl FnOnce(Shutdown) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<Service>>,
{
    let shutdown = Shutdown::on_signals(grace).context("can't listen for signals")?;
    let service = start(shutdown).await?;
    service.announce_ready();
    let outcome = service.run().await;
    tokio::task::spawn_blocking(traces::finish).await?;
    Ok(outcome?)
}

/// The exit code of an outcome: 0; 2 when a variable can't be used; 1 for any other failure. What
/// failed is said in one line on stderr.
#[must_use]
#[expect(
    clippy::print_stderr,
    reason = "the last word of a process, perhaps before there is a log"
)]
pub fn exit_code(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if error.is::<ConfigError>() { 2 } else { 1 })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_variable_ends_with_2_and_anything_else_with_1() {
        assert_eq!(exit_code(Ok(())), ExitCode::SUCCESS);
        assert_eq!(
            exit_code(Err(ConfigError::new("SERVER_PORT", "no").into())),
            ExitCode::from(2)
        );
        assert_eq!(
            exit_code(Err(anyhow::anyhow!("database away"))),
            ExitCode::from(1)
        );
    }
}
