//! The worker: what nobody waits for. For now it lets old events of the log go.
//!
//! It has no port but the admin one, and may run any number of times.

mod config;
mod event_log;

use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use discuss_app::{Database, migrations};
use discuss_runtime::admin::AdminServer;
use discuss_runtime::health::Readiness;
use discuss_runtime::process::{self, Flags};
use discuss_runtime::shutdown::{Finished, Shutdown};
use discuss_runtime::telemetry;

pub use config::Config;

/// How long readiness waits for a dependency.
const CHECK_LIMIT: Duration = Duration::from_secs(2);

/// Background work of Discuss. It is configured by its environment; see --print-config.
#[derive(Debug, Parser)]
#[command(name = "discuss-worker", version)]
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

/// Works until SIGTERM or SIGINT.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let shutdown =
        Shutdown::on_signals(config.shutdown.grace()).context("can't listen for signals")?;
    let metrics = telemetry::start_metrics()?;
    let pool = usize::try_from(config.database.database_pool_size)?;
    let database = Database::new(&config.database.url(), pool).context("DATABASE_URL")?;
    migrations::require_current(&database)
        .await
        .context("the schema can't be used")?;
    let address = config.listen.at(config.worker_admin_port);
    let readiness = readiness(&database, &shutdown);
    let admin = AdminServer::start("WORKER_ADMIN_PORT", address, readiness, metrics)?;
    let pruning = event_log::prune_regularly(database, config.pruning(), shutdown.draining());
    let pruning = tokio::spawn(pruning);
    telemetry::announce_ready(None, admin.address());
    shutdown.draining().cancelled().await;
    tracing::info!("draining");
    let finished = shutdown.finish(async {
        if let Err(error) = pruning.await {
            tracing::error!(%error, "pruning ended badly");
        }
    });
    if finished.await == Finished::CutOff {
        tracing::warn!("work under way is cut off; it is done again later");
    }
    admin.stop().await;
    tracing::info!("ended");
    Ok(())
}

fn readiness(database: &Database, shutdown: &Shutdown) -> Readiness {
    let database = database.clone();
    Readiness::new(shutdown.draining()).essential("postgresql", CHECK_LIMIT, move || {
        let database = database.clone();
        async move { database.ping().await.map_err(|error| error.to_string()) }
    })
}
