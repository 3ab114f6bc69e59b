//! The command line: serve, migrate, or print the OpenAPI document.

use clap::{Parser, Subcommand};
use discuss_app::{migrations, stores};
use discuss_runtime::process::{self, Flags};

use crate::{config::Config, openapi, server::start};

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
    let Some(config) = process::begin(line.flags, |config: &Config| &config.log)? else {
        return Ok(());
    };
    match line.command {
        Some(Command::Migrate) => migrate(&config).await,
        _ => serve(&config).await,
    }
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    config.check()?;
    process::run(config.shutdown.grace(), |shutdown| start(config, shutdown)).await
}

async fn migrate(config: &Config) -> anyhow::Result<()> {
    let database = &config.database;
    let database = stores::prepare_database(&database.url(), database.database_pool_size)?;
    let ran = migrations::run(&database).await?;
    tracing::info!(versions = ran.join(", "), "migrated");
    Ok(())
}
