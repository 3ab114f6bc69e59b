//! Connections to PostgreSQL: a pool for everything, and connections of their own for the writer's
//! lanes and the log's readers.

use std::time::Duration;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Object, Pool, PoolError};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError as SetupError, RecyclingMethod,
};
use futures_util::FutureExt;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::{Client, Config, NoTls};

use crate::StorageError;

/// A connection, as the functions of this crate take it.
pub type Connection = AsyncPgConnection;

/// How long to wait for a connection: from the pool, or to the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Who reads the news, relays the log or prepares statements waits no longer for an answer: a server
/// that is frozen keeps its connections.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// No statement runs longer; the writer waits for locks far shorter than that. Compiling a statement (JIT)
/// takes longer than any of ours runs.
const SESSION_OPTIONS: &str = "-c statement_timeout=5s -c lock_timeout=4s \
     -c idle_in_transaction_session_timeout=30s -c jit=off";

/// PostgreSQL, as one process uses it.
#[derive(Clone)]
pub struct Database {
    pool: Pool<AsyncPgConnection>,
    config: Config,
}

impl Database {
    /// Prepares for the server of `url`; connects when the first connection is asked for.
    pub fn new(url: &str, pool_size: usize) -> Result<Self, StorageError> {
        let config = session(url)?;
        let for_pool = config.clone();
        let mut manager = ManagerConfig::default();
        manager.recycling_method = RecyclingMethod::Fast;
        manager.custom_setup = Box::new(move |_| establish(for_pool.clone()).boxed());
        let manager = AsyncDieselConnectionManager::new_with_config(url, manager);
        let pool = Pool::builder(manager).max_size(pool_size).build();
        let pool = pool.map_err(|error| StorageError::Database(error.into()))?;
        Ok(Self { pool, config })
    }

    /// A connection from the pool; waits at most five seconds.
    pub async fn connection(&self) -> Result<Object<AsyncPgConnection>, StorageError> {
        match tokio::time::timeout(CONNECT_TIMEOUT, self.pool.get()).await {
            Ok(connection) => connection.map_err(StorageError::from),
            Err(_elapsed) => Err(StorageError::timed_out("no connection in time")),
        }
    }

    /// A connection of one's own; `application_name` shows in `pg_stat_activity`, `options` are
    /// settings such as `-c lock_timeout=250ms`. It ends when the client is dropped.
    pub(crate) async fn client(
        &self,
        application_name: &str,
        options: &str,
    ) -> Result<Client, StorageError> {
        let mut config = self.config.clone();
        config
            .application_name(application_name)
            .options(format!("{SESSION_OPTIONS} {options}"));
        let connecting = config.connect(NoTls);
        let Ok(connected) = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await else {
            return Err(StorageError::timed_out("no connection in time"));
        };
        let (client, connection) = connected?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the database ended");
            }
        });
        Ok(client)
    }

    /// Does the server answer?
    pub async fn ping(&self) -> Result<(), StorageError> {
        let mut connection = self.connection().await?;
        diesel_async::SimpleAsyncConnection::batch_execute(&mut *connection, "SELECT 1").await?;
        Ok(())
    }
}

/// The server's answer, which comes within five seconds or not at all: then the connection is of no
/// more use.
pub(crate) async fn answered<T>(
    asked: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, StorageError> {
    match tokio::time::timeout(ANSWER_TIMEOUT, asked).await {
        Ok(answer) => Ok(answer?),
        Err(_elapsed) => Err(StorageError::timed_out("no answer in time")),
    }
}

fn session(url: &str) -> Result<Config, StorageError> {
    let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
        StorageError::Database(format!("DATABASE_URL: {error}").into())
    })?;
    config
        // After a failover the address may still lead to a server that only reads.
        .target_session_attrs(TargetSessionAttrs::ReadWrite)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_user_timeout(Duration::from_secs(10))
        .keepalives_idle(Duration::from_secs(10))
        .options(SESSION_OPTIONS);
    if config.get_application_name().is_none() {
        config.application_name("discuss");
    }
    Ok(config)
}

async fn establish(config: Config) -> diesel::ConnectionResult<AsyncPgConnection> {
    let bad =
        |error: tokio_postgres::Error| diesel::ConnectionError::BadConnection(error.to_string());
    let (client, connection) = config.connect(NoTls).await.map_err(bad)?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

impl From<PoolError> for StorageError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(SetupError::QueryError(error)) => error.into(),
            other => Self::Unavailable(other.into()),
        }
    }
}
