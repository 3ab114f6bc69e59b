//! The stores of a process: opened as its configuration says, and asked whether they answer.

use std::future::Future;
use std::pin::Pin;

use discuss_storage::migrations::{self, SchemaError};
use discuss_storage::redis::Redis;
use discuss_storage::{Database, StorageError};

/// Why a store can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL of PostgreSQL can't be read.
    #[error("DATABASE_URL")]
    DatabaseUrl(#[source] StorageError),
    /// The schema is older than this program, or can't be looked at.
    #[error("the schema can't be used")]
    Schema(#[source] SchemaError),
    /// The URL of Redis can't be read.
    #[error("REDIS_URL")]
    RedisUrl(#[source] StorageError),
}

/// What a store answers when it is asked whether it is there.
pub type Answer = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// Prepares for the PostgreSQL of `url`, with a pool of so many connections; nothing is connected yet.
pub fn prepare_database(url: &str, pool_size: u32) -> Result<Database, StoreError> {
    let pool_size = usize::try_from(pool_size).unwrap_or(usize::MAX);
    Database::new(url, pool_size).map_err(StoreError::DatabaseUrl)
}

/// The same, and refuses an older schema.
pub async fn open_database(url: &str, pool_size: u32) -> Result<Database, StoreError> {
    let database = prepare_database(url, pool_size)?;
    let is_current = migrations::require_current(&database).await;
    is_current.map_err(StoreError::Schema)?;
    Ok(database)
}

/// Prepares for the Redis of `url`, all of whose keys begin with `prefix`; it may be away.
pub fn open_redis(url: &str, prefix: &str) -> Result<Redis, StoreError> {
    Redis::new(url, prefix).map_err(|error| StoreError::RedisUrl(error.into()))
}

/// A check of whether PostgreSQL answers.
pub fn check_database(database: &Database) -> impl Fn() -> Answer + Send + Sync + 'static {
    let database = database.clone();
    move || {
        let database = database.clone();
        Box::pin(async move { database.ping().await.map_err(|error| error.to_string()) })
    }
}

/// A check of whether Redis answers.
pub fn check_redis(redis: &Redis) -> impl Fn() -> Answer + Send + Sync + 'static {
    let redis = redis.clone();
    move || {
        let redis = redis.clone();
        Box::pin(async move { redis.ping().await.map_err(|error| error.to_string()) })
    }
}
