//! What is kept for how long: old events of the log go, and what the inbox has of long ago, in small
//! steps.

use std::time::Duration;

use chrono::{DateTime, Utc};
use discuss_domain::ChannelId;
use discuss_storage::event_log::prune::{Keep, list_prunable, prune};
use discuss_storage::{Database, StorageError, inbox};

/// Channels that are looked at in one statement.
const CHANNELS: i64 = 200;
/// Events that go in one statement.
const EVENTS: i64 = 500;
/// Events of other services that are forgotten in one statement.
const DELIVERIES: i64 = 1_000;

/// How much of the log is kept: what is younger, what is among the newest of its channel, and what was
/// not relayed to Kafka yet.
#[derive(Debug, Clone, Copy)]
pub struct KeepEvents {
    /// For so long in any case.
    pub age: Duration,
    /// So many of the newest of each channel in any case.
    pub newest: i64,
}

/// Forgets which events of other services were taken longer ago than `age`; answers how many. Who brings
/// one of them again is not known any more, but an event taken twice changes nothing.
pub async fn prune_inbox(database: &Database, age: Duration) -> Result<usize, StorageError> {
    let before = ago(age);
    let step = usize::try_from(DELIVERIES).unwrap_or(usize::MAX);
    let mut gone: usize = 0;
    loop {
        let mut connection = database.connection().await?;
        let went = inbox::prune(&mut connection, before, DELIVERIES).await?;
        gone = gone.saturating_add(went);
        if went < step {
            return Ok(gone);
        }
    }
}

fn ago(age: Duration) -> DateTime<Utc> {
    let age = chrono::Duration::from_std(age).unwrap_or(chrono::Duration::MAX);
    Utc::now().checked_sub_signed(age).unwrap_or_default()
}

/// Goes through all channels once; answers how many events went.
pub async fn prune_events(database: &Database, keep: KeepEvents) -> Result<usize, StorageError> {
    let keep = Keep {
        since: ago(keep.age),
        newest: keep.newest,
    };
    let mut gone: usize = 0;
    let mut last: Option<ChannelId> = None;
    loop {
        let mut connection = database.connection().await?;
        let channels = list_prunable(&mut connection, last, keep, CHANNELS).await?;
        for channel in &channels {
            gone = gone.saturating_add(prune_channel(database, *channel, keep).await?);
        }
        match channels.last() {
            Some(channel) => last = Some(*channel),
            None => return Ok(gone),
        }
    }
}

async fn prune_channel(
    database: &Database,
    channel: ChannelId,
    keep: Keep,
) -> Result<usize, StorageError> {
    let step = usize::try_from(EVENTS).unwrap_or(usize::MAX);
    let mut gone: usize = 0;
    loop {
        let mut connection = database.connection().await?;
        let went = prune(&mut connection, channel, keep, EVENTS).await?;
        gone = gone.saturating_add(went);
        if went < step {
            return Ok(gone);
        }
    }
}
