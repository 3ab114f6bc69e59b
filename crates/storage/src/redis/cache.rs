//! What other services answered, kept for a while in Redis, for all processes.
//!
//! Whether somebody may see a record is kept with the record's version of that moment. Who hears that access
//! to a record may have changed raises its version, and all that is kept about it counts no more, also what
//! was asked before and is stored after.

use std::time::Duration;

use discuss_domain::entities::RecordRef;
use discuss_domain::{TenantId, UserId};
use redis::RedisError;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::sync::OnceCell;

use super::Redis;
use crate::StorageError;

/// Redis answers in this time or counts as away: what is kept here can be asked for elsewhere.
const TIMEOUT: Duration = Duration::from_millis(250);
/// Seconds for which an answer about a record is kept.
const ACCESS_SECONDS: u64 = 60;
/// Seconds for which a version is kept: longer than any answer with an older one.
const VERSION_SECONDS: i64 = 3_600;
/// Seconds for which it is kept whom a search brought.
const SEARCH_SECONDS: u64 = 3_600;

/// What is kept of whether somebody may see a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CachedAccess {
    /// The answer, if there is one that counts.
    pub may_see: Option<bool>,
    /// The record's version: an answer that is asked for now is kept with it.
    pub version: u64,
}

impl CachedAccess {
    /// Reads a version and an answer that was kept.
    fn read([version, kept]: &[Option<String>; 2]) -> Self {
        let version = version.as_ref().and_then(|version| version.parse().ok());
        let version = version.unwrap_or_default();
        let may_see = kept.as_ref().and_then(|kept| {
            let (answered_at, answer) = kept.split_once(' ')?;
            (answered_at.parse() == Ok(version)).then_some(answer == "yes")
        });
        Self { may_see, version }
    }
}

/// What other services answered, kept for a while.
pub struct Cache {
    redis: Redis,
    manager: OnceCell<ConnectionManager>,
}

impl Cache {
    /// In this Redis; connects when it is used.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        let manager = OnceCell::new();
        Self { redis, manager }
    }

    /// What is kept of whether somebody may see a record, in one round trip.
    pub async fn find_access(
        &self,
        person: (TenantId, UserId),
        record: &RecordRef,
    ) -> Result<CachedAccess, StorageError> {
        let found = self.list_access(person, &[record]).await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// The same of each of these records.
    pub async fn list_access(
        &self,
        person: (TenantId, UserId),
        records: &[&RecordRef],
    ) -> Result<Vec<CachedAccess>, StorageError> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = redis::cmd("MGET");
        for record in records {
            command.arg(self.version_key(record));
            command.arg(self.access_key(person, record));
        }
        let kept: Vec<Option<String>> = self.ask(&command).await?;
        let (pairs, _) = kept.as_chunks();
        Ok(pairs.iter().map(CachedAccess::read).collect())
    }

    /// Keeps an answer about a record that had that version before it was asked for.
    pub async fn keep_access(
        &self,
        person: (TenantId, UserId),
        record: &RecordRef,
        answered: CachedAccess,
    ) -> Result<(), StorageError> {
        let Some(may_see) = answered.may_see else {
            return Ok(());
        };
        let answer = if may_see { "yes" } else { "no" };
        let mut command = redis::cmd("SET");
        command.arg(self.access_key(person, record));
        command.arg(format!("{} {answer}", answered.version));
        command.arg("EX").arg(ACCESS_SECONDS);
        self.ask(&command).await
    }

    /// Access to these records may have changed: what is kept of them counts no more, in any tenant.
    pub async fn forget_access(&self, records: &[&RecordRef]) -> Result<(), StorageError> {
        let mut pipeline = redis::pipe();
        for record in records {
            let key = self.version_key(record);
            pipeline.incr(&key, 1).ignore();
            pipeline.expire(&key, VERSION_SECONDS).ignore();
        }
        let mut manager = self.manager().await?;
        Ok(pipeline.query_async(&mut manager).await?)
    }

    /// Whom a search in the tenant brought, if that is kept.
    pub async fn find_search(
        &self,
        tenant: TenantId,
        query: &str,
    ) -> Result<Option<Vec<UserId>>, StorageError> {
        let mut command = redis::cmd("GET");
        command.arg(self.search_key(tenant, query));
        let kept: Option<String> = self.ask(&command).await?;
        Ok(kept.map(|kept| {
            let ids = kept.split(' ').filter_map(|id| id.parse::<i64>().ok());
            ids.map(UserId::from).collect()
        }))
    }

    /// Keeps whom a search in the tenant brought.
    pub async fn keep_search(
        &self,
        tenant: TenantId,
        query: &str,
        found: &[UserId],
    ) -> Result<(), StorageError> {
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        let mut command = redis::cmd("SET");
        command.arg(self.search_key(tenant, query));
        command.arg(found.join(" ")).arg("EX").arg(SEARCH_SECONDS);
        self.ask(&command).await
    }

    fn access_key(&self, (tenant, user): (TenantId, UserId), record: &RecordRef) -> String {
        let RecordRef { sort, id } = record;
        let (sort, id) = (sort.as_str(), id.as_str());
        format!("{}:access:{tenant}:{user}:{sort}:{id}", self.redis.prefix)
    }

    /// The same in all tenants: some services tell of deletions without one.
    fn version_key(&self, record: &RecordRef) -> String {
        let RecordRef { sort, id } = record;
        let (sort, id) = (sort.as_str(), id.as_str());
        format!("{}:access-version:{sort}:{id}", self.redis.prefix)
    }

    fn search_key(&self, tenant: TenantId, query: &str) -> String {
        format!("{}:people:{tenant}:{query}", self.redis.prefix)
    }

    async fn ask<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, StorageError> {
        let mut manager = self.manager().await?;
        Ok(command.query_async(&mut manager).await?)
    }

    async fn manager(&self) -> Result<ConnectionManager, RedisError> {
        let connect = || async {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(TIMEOUT))
                .set_response_timeout(Some(TIMEOUT))
                .set_number_of_retries(0);
            ConnectionManager::new_with_config(self.redis.client.clone(), config).await
        };
        self.manager.get_or_try_init(connect).await.cloned()
    }
}
