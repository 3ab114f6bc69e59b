//! Leaving the group: what is stored is committed, and the brokers are told.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::StreamConsumer;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::context::Context;

/// While no broker answers, the client would wait a minute for it. The group misses a member sooner, and
/// what was not committed is done again.
const LONGEST: Duration = Duration::from_secs(10);

/// Commits and leaves the group. `consumer` must be the last reference to it.
pub(super) async fn leave(consumer: Arc<StreamConsumer<Context>>) {
    let (left, leaving) = oneshot::channel();
    // It blocks, on a thread of its own: a runtime does not end before its blocking tasks.
    std::thread::spawn(move || {
        drop(consumer);
        left.send(()).unwrap_or_default();
    });
    match timeout(LONGEST, leaving).await {
        Ok(Ok(())) => {}
        Ok(Err(_dropped)) => tracing::error!("leaving the group panicked"),
        Err(_elapsed) => tracing::warn!("the group is not left in order: no broker answers"),
    }
}
