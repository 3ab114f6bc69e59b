//! Letting old events of the log go, and what the inbox has of long ago.

use std::time::Duration;

use discuss_app::Database;
use discuss_app::retention::{KeepEvents, prune_events, prune_inbox};
use tokio_util::sync::CancellationToken;

/// How long it is known which events of other services were taken.
const KEEP_INBOX: Duration = Duration::from_hours(30 * 24);

/// What to keep, and how often to look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pruning {
    /// What stays.
    pub(crate) keep: KeepEvents,
    /// Between two rounds.
    pub(crate) pause: Duration,
}

/// Prunes, pauses, prunes again, until it is asked to end. A round that fails is done again after the
/// pause; every step of it is one statement, so it can be cut off anywhere.
pub(crate) async fn prune_regularly(database: Database, pruning: Pruning, end: CancellationToken) {
    loop {
        tokio::select! {
            () = end.cancelled() => return,
            () = prune(&database, pruning.keep) => {}
        }
        tokio::select! {
            () = end.cancelled() => return,
            () = tokio::time::sleep(pruning.pause) => {}
        }
    }
}

async fn prune(database: &Database, keep: KeepEvents) {
    match prune_events(database, keep).await {
        Ok(0) => {}
        Ok(events) => {
            metrics::counter!("discuss_events_pruned_total")
                .increment(u64::try_from(events).unwrap_or(0));
            tracing::info!(events, "pruned the event log");
        }
        Err(error) => tracing::warn!(%error, "the event log was not pruned"),
    }
    match prune_inbox(database, KEEP_INBOX).await {
        Ok(0) => {}
        Ok(events) => tracing::info!(events, "pruned the inbox"),
        Err(error) => tracing::warn!(%error, "the inbox was not pruned"),
    }
}
