//! The command line: serve, or put dead letters back.

use clap::{Parser, Subcommand};
use discuss_bus::dead_letters;
use discuss_bus::replay::replay;
use discuss_runtime::process::{self, Flags};

use crate::config::Config;
use crate::process::start;

/// Kafka in and out, for Discuss. It is configured by its environment; see --print-config.
#[derive(Debug, Parser)]
#[command(name = "discuss-consumer", version)]
struct CommandLine {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Serve (the default).
    Serve,
    /// Put the dead letters of a topic back where they came from. One call at a time for a topic: two at
    /// once put the same letters back.
    Replay {
        /// The topic of the dead letters, such as `ENTITY_EVENTS.dlt`, without `KAFKA_TOPIC_PREFIX`.
        topic: String,
    },
}

/// Does what this process's command line says.
pub async fn execute() -> anyhow::Result<()> {
    let line = CommandLine::parse();
    let Some(config) = process::begin(line.flags, |config: &Config| &config.log)? else {
        return Ok(());
    };
    config.check()?;
    match line.command {
        Some(Command::Replay { topic }) => put_back(&config, &topic).await,
        _ => process::run(config.shutdown.grace(), |shutdown| start(&config, shutdown)).await,
    }
}

async fn put_back(config: &Config, topic: &str) -> anyhow::Result<()> {
    let count = replay(&config.bus(), topic).await?;
    let origin = topic.strip_suffix(dead_letters::SUFFIX).unwrap_or(topic);
    println!("{count} records put back to {origin}");
    Ok(())
}
