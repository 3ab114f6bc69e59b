//! The command line: serve.

use clap::Parser;
use discuss_runtime::process::{self, Flags};

use crate::config::Config;
use crate::server::start;

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
    let Some(config) = process::begin(line.flags, |config: &Config| &config.log)? else {
        return Ok(());
    };
    config.check()?;
    process::run(config.shutdown.grace(), |shutdown| start(&config, shutdown)).await
}
