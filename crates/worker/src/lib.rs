//! The worker: what nobody waits for. It lets old events of the log go, and erases what people wrote who asked
//! for it.
//!
//! It has no port but the admin one, and may run any number of times.

mod config;
mod erasures;
mod event_log;

use clap::Parser;
use discuss_app::{App, Services, stores};
use discuss_runtime::admin::AdminServer;
use discuss_runtime::health::{CHECK_LIMIT, Readiness};
use discuss_runtime::process::{self, Flags};
use discuss_runtime::service::Service;
use discuss_runtime::shutdown::Shutdown;
use discuss_runtime::tasks::Tasks;
use discuss_runtime::telemetry;
use tokio_util::task::TaskTracker;

pub use config::Config;

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
    let Some(config) = process::begin(line.flags, |config: &Config| &config.log)? else {
        return Ok(());
    };
    process::run(config.shutdown.grace(), |shutdown| start(&config, shutdown)).await
}

/// Checks the schema and starts to work.
async fn start(config: &Config, shutdown: Shutdown) -> anyhow::Result<Service> {
    let metrics = telemetry::start_metrics()?;
    let database = &config.database;
    let database = stores::open_database(&database.url(), database.database_pool_size).await?;
    let readiness = Readiness::new(shutdown.draining()).essential(
        "postgresql",
        CHECK_LIMIT,
        stores::check_database(&database),
    );
    let redis = stores::open_redis(&config.redis.url(), &config.redis.redis_prefix)?;
    let readiness = readiness.informative("redis", CHECK_LIMIT, stores::check_redis(&redis));
    let address = config.listen.at(config.worker_admin_port);
    let admin = AdminServer::start("WORKER_ADMIN_PORT", address, readiness, metrics)?;
    let (app, background) = App::start_watched(database.clone(), redis, Services::none());
    let erasing = erasures::erase_regularly(app, config.erasure_pause(), shutdown.draining());
    let pruning = event_log::prune_regularly(database, config.pruning(), shutdown.draining());
    // What the drain waits for: all of it ends by itself when it is asked to.
    let work = TaskTracker::new();
    let mut tasks = Tasks::default();
    tasks.watch_all(background);
    tasks.spawn("erasing", work.track_future(erasing));
    tasks.spawn("pruning", work.track_future(pruning));
    work.close();
    Ok(Service {
        listen: None,
        admin,
        tasks,
        drain: Box::pin(async move { work.wait().await }),
        shutdown,
    })
}
