//! The process: its stores, its background work, the admin port, and their end.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use discuss_app::{App, Database, Redis, migrations};
use discuss_bus::Brokers;
use discuss_runtime::admin::AdminServer;
use discuss_runtime::health::Readiness;
use discuss_runtime::shutdown::{Finished, Shutdown};
use discuss_runtime::telemetry;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::topics::{self, Made};

/// How long readiness waits for a dependency.
const CHECK_LIMIT: Duration = Duration::from_secs(2);

/// A running consumer.
pub(crate) struct Process {
    admin: AdminServer,
    work: JoinHandle<anyhow::Result<()>>,
    shutdown: Shutdown,
}

impl Process {
    /// Connects, checks the schema, and starts to work as soon as Kafka is there.
    pub(crate) async fn start(config: &Config, shutdown: Shutdown) -> anyhow::Result<Self> {
        let metrics = telemetry::start_metrics()?;
        let app = open(config).await?;
        let readiness = readiness(&app, config, &shutdown)?;
        let address = config.listen.at(config.consumer_admin_port);
        let admin = AdminServer::start("CONSUMER_ADMIN_PORT", address, readiness, metrics)?;
        let work = tokio::spawn(work(app, config.clone(), shutdown.draining()));
        Ok(Self {
            admin,
            work,
            shutdown,
        })
    }

    /// Where health and metrics are.
    pub(crate) fn admin_address(&self) -> SocketAddr {
        self.admin.address()
    }

    /// Works until the shutdown is asked for, then finishes what is under way. Work that ends by itself
    /// has failed, and ends the process.
    pub(crate) async fn run(mut self) -> anyhow::Result<()> {
        let draining = self.shutdown.draining();
        let early = tokio::select! {
            outcome = &mut self.work => Some(outcome),
            () = draining.cancelled() => None,
        };
        if let Some(outcome) = early {
            self.admin.stop().await;
            return outcome?;
        }
        tracing::info!("draining");
        let finished = self.shutdown.finish(async {
            match self.work.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "the work ended badly"),
                Err(error) => tracing::error!(%error, "the work ended badly"),
            }
        });
        if finished.await == Finished::CutOff {
            tracing::warn!("work under way is cut off; it is done again later");
        }
        self.admin.stop().await;
        tracing::info!("ended");
        Ok(())
    }
}

async fn open(config: &Config) -> anyhow::Result<App> {
    let pool = usize::try_from(config.database.database_pool_size)?;
    let database = Database::new(&config.database.url(), pool).context("DATABASE_URL")?;
    migrations::require_current(&database)
        .await
        .context("the schema can't be used")?;
    let redis = Redis::new(&config.redis.url(), &config.redis.redis_prefix).context("REDIS_URL")?;
    Ok(App::start(database, redis))
}

/// Both ways, until `end`.
async fn work(app: App, config: Config, end: CancellationToken) -> anyhow::Result<()> {
    let bus = config.bus();
    if topics::make(&bus, &config.kafka.kafka_entity_topics, &end).await == Made::EndedBefore {
        return Ok(());
    }
    tracing::info!("the topics are there");
    end.cancelled().await;
    drop(app);
    Ok(())
}

/// Without PostgreSQL nothing works; without Redis delivery is slower; without Kafka both ways wait.
fn readiness(app: &App, config: &Config, shutdown: &Shutdown) -> anyhow::Result<Readiness> {
    let (database, redis) = (app.database().clone(), app.redis().clone());
    let brokers = Brokers::new(&config.bus())?;
    let readiness = Readiness::new(shutdown.draining())
        .essential("postgresql", CHECK_LIMIT, move || {
            let database = database.clone();
            async move { database.ping().await.map_err(|error| error.to_string()) }
        })
        .informative("redis", CHECK_LIMIT, move || {
            let redis = redis.clone();
            async move { redis.ping().await.map_err(|error| error.to_string()) }
        })
        .informative("kafka", CHECK_LIMIT, move || {
            let brokers = brokers.clone();
            async move { brokers.ping().await.map_err(|error| error.to_string()) }
        });
    Ok(readiness)
}
