//! The servers that a proof works on.

use anyhow::Context;
use discuss_app::App;
use discuss_bus::Settings;
use discuss_storage::redis::Redis;
use discuss_storage::{Database, migrations};
use tokio_postgres::{Client, NoTls};

/// Connections of a process's pool.
const POOL: usize = 8;

/// Where the servers are.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Servers {
    /// PostgreSQL, as a role that owns the database. The database is EMPTIED.
    #[arg(long, env, hide_env_values = true)]
    pub(crate) database_url: String,
    /// Redis; nothing is proved about it.
    #[arg(
        long,
        env,
        hide_env_values = true,
        default_value = "redis://127.0.0.1:6379"
    )]
    pub(crate) redis_url: String,
}

/// Where Kafka is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Kafka {
    /// Brokers of Kafka, comma-separated.
    #[arg(long, env = "KAFKA_BROKERS", default_value = "127.0.0.1:9092")]
    brokers: String,
    /// First part of the name of every topic.
    #[arg(long, env = "KAFKA_TOPIC_PREFIX", default_value = "")]
    topic_prefix: String,
}

impl Kafka {
    /// For a client with a group of its own.
    pub(crate) fn settings(&self, purpose: &str) -> Settings {
        Settings {
            brokers: self.brokers.clone(),
            prefix: self.topic_prefix.clone(),
            group: format!("proof_{purpose}_{}", uuid::Uuid::new_v4().simple()),
            client_id: format!("discuss-proofs-{purpose}"),
            partitions: 12,
            replication: 1,
        }
    }
}

impl Servers {
    /// The use cases, with a writer of their own.
    pub(crate) fn app(&self) -> anyhow::Result<App> {
        let database = Database::new(&self.database_url, POOL)?;
        let redis = Redis::new(&self.redis_url, "discuss-proof")?;
        Ok(App::start(database, redis))
    }

    /// A connection for SQL that no use case has.
    pub(crate) async fn client(&self) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.database_url, NoTls).await?;
        tokio::spawn(async move {
            // Whoever uses the client is told the same.
            connection.await.ok();
        });
        Ok(client)
    }

    /// Brings the schema up to date and leaves nothing in the tables.
    pub(crate) async fn empty(&self) -> anyhow::Result<()> {
        let database = Database::new(&self.database_url, 1)?;
        migrations::run(&database).await.context("migrating")?;
        let client = self.client().await.context("connecting")?;
        client
            .batch_execute(
                // CASCADE: whatever is about channels goes with them.
                "TRUNCATE channels, channel_members, messages, message_mentions, channel_events, users \
                 RESTART IDENTITY CASCADE",
            )
            .await?;
        Ok(())
    }
}
