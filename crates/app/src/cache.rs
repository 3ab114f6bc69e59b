//! The cache in Redis, as use cases see it: it may be away at any time, and then nothing is kept.

use std::sync::Mutex;
use std::time::Duration;

use discuss_storage::StorageError;
use discuss_storage::redis::{Cache, Redis};
use tokio::time::Instant;

use crate::services::Breaker;

/// After a failure Redis is left alone for so long.
const PAUSE: Duration = Duration::from_secs(1);

/// A cache that may be away.
pub(crate) struct SpareCache {
    cache: Cache,
    breaker: Mutex<Breaker>,
}

impl SpareCache {
    /// In this Redis.
    pub(crate) fn new(redis: Redis) -> Self {
        Self {
            cache: Cache::new(redis),
            breaker: Mutex::new(Breaker::new(1, PAUSE)),
        }
    }

    /// What the cache says, or nothing when it is away: nobody fails by that.
    pub(crate) async fn attempt<T>(
        &self,
        ask: impl AsyncFnOnce(&Cache) -> Result<T, StorageError>,
    ) -> Option<T> {
        let is_admitted = match self.breaker.lock() {
            Ok(mut breaker) => breaker.admits(Instant::now()),
            Err(_poisoned) => false,
        };
        if !is_admitted {
            return None;
        }
        let answer = ask(&self.cache).await;
        let mut breaker = self.breaker.lock().ok()?;
        match answer {
            Ok(answer) => {
                breaker.succeeded();
                Some(answer)
            }
            Err(error) => {
                if breaker.failed(Instant::now()) {
                    tracing::warn!(%error, "redis is away: nothing is kept there");
                }
                None
            }
        }
    }
}
