//! The command line: serve.

use anyhow::Context as _;
use clap::Parser;
use discuss_runtime::process::{self, Flags};
use discuss_runtime::shutdown::Shutdown;
use discuss_runtime::telemetry;

use crate::config::Config;
use crate::server::Server;

/// WebSocket gateway of Discuss. It is configured by its environment; see --print-config.
#[derive(Debug, Parser)]
#[command(name = "discuss-gateway", version)]
struct CommandLine {
    #[command(flatten)]
    flags: Flags,
}

/// Does what this process's command line says.
pub async fn execute() -> anyhow::Result<()> {
    let line = CommandLine::parse();
    let Some(config) = process::configure::<Config>(line.flags)? else {
        return Ok(());
    };
    telemetry::start_logs(&config.log)?;
    run(config).await
}

/// Serves until SIGTERM or SIGINT.
pub async fn run(config: Config) -> anyhow::Result<()> {
    config.check()?;
    let shutdown =
        Shutdown::on_signals(config.shutdown.grace()).context("can't listen for signals")?;
    let server = Server::start(&config, shutdown).await?;
    telemetry::announce_ready(Some(server.address()), server.admin_address());
    server.run().await;
    Ok(())
}
