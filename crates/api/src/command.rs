//! The command line: serve, migrate, or print the OpenAPI document.

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use discuss_runtime::{
    process::{self, Flags},
    shutdown::Shutdown,
    telemetry,
};

use discuss_app::migrations;

use crate::{config::Config, openapi, server::Server, state::connect_database};

/// REST API of Discuss. It is configured by its environment; see --print-config.
#[derive(Debug, Parser)]
#[command(name = "discuss-api", version)]
struct CommandLine {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Command {
    /// Serve (the default).
    Serve,
    /// Bring the database up to this version's schema.
    Migrate,
    /// Print the OpenAPI document.
    Openapi,
}

/// Does what this process's command line says.
pub async fn execute() -> anyhow::Result<()> {
    let line = CommandLine::parse();
    if let Some(Command::Openapi) = line.command {
        print!("{}", openapi::document_as_json()?);
        return Ok(());
    }
    let Some(config) = process::configure::<Config>(line.flags)? else {
        return Ok(());
    };
    telemetry::start_logs(&config.log)?;
    match line.command {
        Some(Command::Migrate) => migrate(&config).await,
        _ => run(config).await,
    }
}

/// Serves until SIGTERM or SIGINT.
pub async fn run(config: Config) -> anyhow::Result<()> {
    config.auth.check()?;
    let shutdown =
        Shutdown::on_signals(config.shutdown.grace()).context("can't listen for signals")?;
    let server = Server::start(&config, shutdown).await?;
    telemetry::announce_ready(Some(server.address()), server.admin_address());
    server.run().await;
    Ok(())
}

async fn migrate(config: &Config) -> anyhow::Result<()> {
    let ran = migrations::run(&connect_database(config)?).await?;
    tracing::info!(versions = ran.join(", "), "migrated");
    Ok(())
}
