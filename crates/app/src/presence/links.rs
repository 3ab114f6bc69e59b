//! The connections of one process: held by leases, so that those of a process that dies end by themselves.

use std::time::Duration;

use discuss_storage::StorageError;
use discuss_storage::redis::presence::{NewLink, Person};
use uuid::Uuid;

use crate::{App, AppError};

/// Links of one round trip.
const BATCH: usize = 250;

/// Holds the links of this process.
#[derive(Clone)]
pub struct Links {
    app: App,
    terms: Terms,
}

/// How long links count.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// One that nobody renews.
    pub lease: Duration,
    /// One that ended: for so long its person may come back before others are told.
    pub grace: Duration,
}

impl Links {
    /// For a process with these use cases.
    #[must_use]
    pub const fn new(app: App, terms: Terms) -> Self {
        Self { app, terms }
    }

    /// Holds new links, or says anew what is done on them; answers, for each, how many its person has then.
    pub async fn hold(&self, links: &[NewLink]) -> Result<Vec<usize>, AppError> {
        let mut store = self.app.parts.presence.store().await?;
        let mut counts = Vec::with_capacity(links.len());
        for batch in links.chunks(BATCH) {
            let held = store.hold(batch, millis(self.terms.lease)).await;
            counts.extend(held.map_err(StorageError::from)?);
        }
        Ok(counts)
    }

    /// Renews the leases of these links; answers the places of those that are to be held anew.
    pub async fn renew(&self, links: &[(Person, Uuid)]) -> Result<Vec<usize>, AppError> {
        let mut store = self.app.parts.presence.store().await?;
        let mut forgotten = Vec::new();
        for (number, batch) in links.chunks(BATCH).enumerate() {
            let renewed = store.renew(batch, millis(self.terms.lease)).await;
            let places = renewed.map_err(StorageError::from)?;
            let first = number.saturating_mul(BATCH);
            forgotten.extend(places.into_iter().map(|place| first.saturating_add(place)));
        }
        Ok(forgotten)
    }

    /// Lets go of links that ended.
    pub async fn release(&self, links: &[(Person, Uuid)]) -> Result<(), AppError> {
        let mut store = self.app.parts.presence.store().await?;
        for batch in links.chunks(BATCH) {
            let released = store.release(batch, millis(self.terms.grace)).await;
            released.map_err(StorageError::from)?;
        }
        Ok(())
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
