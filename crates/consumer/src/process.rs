//! The process: its stores, both ways between them and Kafka, and the admin port.

use discuss_app::{App, Services, stores};
use discuss_bus::Brokers;
use discuss_bus::consumer::Effort;
use discuss_runtime::admin::AdminServer;
use discuss_runtime::health::{CHECK_LIMIT, Readiness};
use discuss_runtime::service::Service;
use discuss_runtime::shutdown::Shutdown;
use discuss_runtime::tasks::Tasks;
use discuss_runtime::telemetry;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::topics::{self, Made};
use crate::{entities, relay};

/// Connects, checks the schema, and starts to work as soon as Kafka is there.
pub(crate) async fn start(config: &Config, shutdown: Shutdown) -> anyhow::Result<Service> {
    let metrics = telemetry::start_metrics()?;
    let database = &config.database;
    let database = stores::open_database(&database.url(), database.database_pool_size).await?;
    let redis = stores::open_redis(&config.redis.url(), &config.redis.redis_prefix)?;
    let (app, background) = App::start_watched(database, redis, Services::none());
    let readiness = readiness(&app, config, &shutdown)?;
    let address = config.listen.at(config.consumer_admin_port);
    let admin = AdminServer::start("CONSUMER_ADMIN_PORT", address, readiness, metrics)?;
    // What the drain waits for: both ways end by themselves when they are asked to.
    let work = TaskTracker::new();
    let mut tasks = Tasks::default();
    tasks.watch_all(background);
    let end = shutdown.draining();
    let inwards = inwards(app.clone(), config.clone(), end.clone());
    tasks.spawn("entities", work.track_future(inwards));
    let outwards = outwards(app.clone(), config.clone(), end);
    tasks.spawn("relay", work.track_future(outwards));
    work.close();
    Ok(Service {
        listen: None,
        admin,
        tasks,
        drain: Box::pin(async move {
            work.wait().await;
            app.settle().await;
        }),
        shutdown,
    })
}

/// Business events from Kafka, until `end`.
async fn inwards(app: App, config: Config, end: CancellationToken) {
    let bus = config.bus();
    let events = config.kafka.kafka_entity_topics.as_slice();
    if topics::make(&bus, &topics::consumed(events), &end).await == Made::EndedBefore {
        return;
    }
    let effort = Effort {
        give_up_after: config.kafka.retry(),
        at_once: at_once(&config),
    };
    if let Err(error) = entities::run(app, &bus, (events, effort), end).await {
        tracing::error!(%error, "business events can't be taken");
    }
}

/// The log to Kafka, until `end`.
async fn outwards(app: App, config: Config, end: CancellationToken) {
    let bus = config.bus();
    if topics::make(&bus, &topics::produced(), &end).await == Made::EndedBefore {
        return;
    }
    if let Err(error) = relay::run(app, &bus, end).await {
        tracing::error!(%error, "the relay failed");
    }
}

/// Business events that are taken at the same time: each needs a connection; some are left to the others.
fn at_once(config: &Config) -> usize {
    let pool = usize::try_from(config.database.database_pool_size).unwrap_or(1);
    pool.saturating_sub(4).max(1)
}

/// Without PostgreSQL nothing works; without Redis delivery is slower; without Kafka both ways wait.
fn readiness(app: &App, config: &Config, shutdown: &Shutdown) -> anyhow::Result<Readiness> {
    let brokers = Brokers::new(&config.bus())?;
    let readiness = Readiness::new(shutdown.draining())
        .essential(
            "postgresql",
            CHECK_LIMIT,
            stores::check_database(app.database()),
        )
        .informative("redis", CHECK_LIMIT, stores::check_redis(app.redis()))
        .informative("kafka", CHECK_LIMIT, move || {
            let brokers = brokers.clone();
            async move { brokers.ping().await.map_err(|error| error.to_string()) }
        });
    Ok(readiness)
}
