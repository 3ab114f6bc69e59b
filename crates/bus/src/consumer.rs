//! The consumer loop: at least once, in order per key, many keys at a time.
//!
//! A record's offset is committed only after its work was done, or after its dead letter was stored.
//! Records of one key are worked on one after the other; those of other keys go on meanwhile, also past
//! one that is being tried again. What waits is bounded per partition: beyond that the partition is
//! paused.

mod context;
mod leave;
mod partitions;
mod records;
mod work;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::Span;

use self::records::Records;
use crate::producer::Producer;
use crate::{BusError, Record, Settings};

/// What a record asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading<W> {
    /// Work; that of one key is done in the order of the records.
    Work {
        /// The key.
        key: String,
        /// What is to be done.
        work: W,
    },
    /// Nothing that concerns us.
    Skip,
    /// It can't be understood, and never will be: a dead letter at once.
    Unreadable(String),
}

/// Why work was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Something that it needs is away. It is tried again for as long as that takes.
    #[error("{0}")]
    Unavailable(String),
    /// It failed although nothing is away. It is tried again for a while, then it is a dead letter.
    #[error("{0}")]
    Failed(String),
}

/// What is done with the records of some topics.
pub trait Handler: Send + Sync + 'static {
    /// What a record says.
    type Work: Send + Sync + 'static;

    /// Reads a record; quick, and the same whenever it is asked.
    fn read(&self, record: &Record) -> Reading<Self::Work>;

    /// Makes `span`, in which a record's work is done, part of a trace, for those who export theirs. It has
    /// empty fields `otel.name` and `otel.kind`.
    fn trace(&self, _span: &Span, _record: &Record) {}

    /// Does the work. It may be done twice: after a crash, or while another process takes over.
    fn handle(&self, work: &Self::Work) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// How hard to try.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Pauses between the tries of a record that fails while nothing is away: all of them together.
    pub give_up_after: Duration,
    /// Records that are worked on at the same time.
    pub at_once: usize,
}

/// Consumes these topics (named without the prefix, made before) until `end`; then finishes what is
/// being worked on and leaves the group. Ends early only with an error that trying again can't mend.
pub async fn run<H: Handler>(
    settings: &Settings,
    topics: &[&str],
    handler: H,
    effort: Effort,
    end: CancellationToken,
) -> Result<(), BusError> {
    let producer = Arc::new(Producer::new(settings)?);
    let worker = work::Worker::new(handler, producer, effort, end.child_token());
    let mut records = Records::subscribe(settings, topics, worker)?;
    let outcome = records.consume(&end).await;
    records.leave().await;
    outcome
}
