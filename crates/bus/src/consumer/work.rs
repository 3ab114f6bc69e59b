//! One record's work, until it is done or given up.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use futures_util::FutureExt as _;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, field::Empty};

use super::{Effort, Failure, Handler};
use crate::dead_letters::{self, GivenUp, MAX_VALUE_BYTES};
use crate::producer::Producer;
use crate::record::{CORRELATION_ID, TRACEPARENT};
use crate::{BusError, Record};

/// The first pause before a record is tried again, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));
/// The same while something is away: whoever comes back is noticed soon.
const OUTAGE_PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// No attempt takes longer: whatever it waits for will not answer on that connection any more.
const LONGEST_ATTEMPT: Duration = Duration::from_mins(5);

/// Works on records.
pub(super) struct Worker<H> {
    pub(super) handler: H,
    producer: Arc<Producer>,
    effort: Effort,
    permits: Semaphore,
    end: CancellationToken,
}

/// A record, for as long as it is ours to work on.
pub(super) struct Ours<'r> {
    pub(super) record: &'r Record,
    /// Cancelled when its partition is given back, and when the process ends. Whoever goes on after that
    /// would do it behind later records of its key.
    pub(super) until: &'r CancellationToken,
}

/// How a record's work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is done, or its dead letter is stored.
    Settled,
    /// The process ends before that, or its partition is another's now; it is done again there.
    Abandoned,
}

impl<H: Handler> Worker<H> {
    pub(super) fn new(
        handler: H,
        producer: Arc<Producer>,
        effort: Effort,
        end: CancellationToken,
    ) -> Self {
        Self {
            handler,
            producer,
            permits: Semaphore::new(effort.at_once),
            effort,
            end,
        }
    }

    /// Does the work of a record, as often as it takes. What is logged meanwhile says of which record.
    pub(super) async fn work(&self, ours: &Ours<'_>, work: &H::Work) -> Outcome {
        let record = ours.record;
        let span = tracing::info_span!(
            "record",
            topic = record.topic,
            partition = record.partition,
            offset = record.offset,
            correlation_id = record.header(CORRELATION_ID),
            traceparent = record.header(TRACEPARENT),
            otel.name = Empty,
            otel.kind = Empty,
        );
        self.handler.trace(&span, record);
        self.settle(ours, work).instrument(span).await
    }

    async fn settle(&self, ours: &Ours<'_>, work: &H::Work) -> Outcome {
        let record = ours.record;
        let mut pauses = growing(PAUSES)
            .with_total_delay(Some(self.effort.give_up_after))
            .build();
        let mut outage = growing(OUTAGE_PAUSES).build();
        loop {
            let Some(attempt) = self.attempt(ours, work).await else {
                return Outcome::Abandoned;
            };
            let pause = match attempt {
                Ok(()) => {
                    count(record, "done");
                    return Outcome::Settled;
                }
                Err(Failure::Unavailable(cause)) => {
                    tracing::debug!(cause, "something is away: the record waits");
                    outage.next()
                }
                Err(Failure::Failed(cause)) => {
                    outage = growing(OUTAGE_PAUSES).build();
                    let Some(pause) = pauses.next() else {
                        return self.give_up(ours, GivenUp::Failed(cause)).await;
                    };
                    tracing::warn!(cause, "a record is tried again");
                    Some(pause)
                }
            };
            metrics::counter!("discuss_kafka_retries_total", "topic" => record.topic.clone())
                .increment(1);
            if !ours.pause(pause.unwrap_or(OUTAGE_PAUSES.1)).await {
                return Outcome::Abandoned;
            }
        }
    }

    /// Does the work once; nothing if it is no longer ours before its turn.
    async fn attempt(&self, ours: &Ours<'_>, work: &H::Work) -> Option<Result<(), Failure>> {
        let _permit = tokio::select! {
            biased;
            () = ours.until.cancelled() => return None,
            permit = self.permits.acquire() => permit,
        };
        let attempt = AssertUnwindSafe(async { self.handler.handle(work).await }).catch_unwind();
        let panicked = |_| Err(Failure::Failed("the work panicked".to_owned()));
        let Ok(attempted) = timeout(LONGEST_ATTEMPT, attempt).await else {
            return Some(Err(Failure::Unavailable("no end in time".to_owned())));
        };
        Some(attempted.unwrap_or_else(panicked))
    }

    /// No work is begun any more.
    pub(super) fn is_ending(&self) -> bool {
        self.end.is_cancelled()
    }

    /// No work is begun or tried again any more, for what is running is to end.
    pub(super) fn end(&self) {
        self.end.cancel();
    }

    /// What ends with all work, or sooner.
    pub(super) fn term(&self) -> CancellationToken {
        self.end.child_token()
    }

    /// Stores a record's dead letter.
    pub(super) async fn give_up(&self, ours: &Ours<'_>, why: GivenUp) -> Outcome {
        let record = ours.record;
        tracing::error!(
            topic = record.topic,
            partition = record.partition,
            offset = record.offset,
            ?why,
            "a record is a dead letter"
        );
        let mut letter = dead_letters::of(record, &why);
        let mut most = MAX_VALUE_BYTES;
        loop {
            let sent = tokio::select! {
                sent = self.producer.send_all(std::slice::from_ref(&letter)) => sent,
                () = ours.until.cancelled() => return Outcome::Abandoned,
            };
            match sent {
                Ok(()) => break,
                Err(error @ BusError::Restarted(_)) => {
                    tracing::warn!(%error, "a dead letter is sent again");
                }
                Err(error @ BusError::TooLarge { .. }) => {
                    tracing::warn!(%error, most, "a dead letter goes without its key and headers");
                    letter = dead_letters::bare(record, &why, most);
                    // A topic that was there before may take less than ours.
                    most /= 2;
                }
                Err(error) => tracing::error!(%error, "a dead letter can't be stored"),
            }
            if !ours.pause(PAUSES.0).await {
                return Outcome::Abandoned;
            }
        }
        count(record, "dead_letter");
        Outcome::Settled
    }
}

impl Ours<'_> {
    /// Waits; says whether to go on.
    async fn pause(&self, pause: Duration) -> bool {
        tokio::select! {
            () = sleep(pause) => true,
            () = self.until.cancelled() => false,
        }
    }
}

fn growing((first, longest): (Duration, Duration)) -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(first)
        .with_max_delay(longest)
        .without_max_times()
        .with_jitter()
}

pub(super) fn count(record: &Record, outcome: &'static str) {
    metrics::counter!("discuss_kafka_records_total", "topic" => record.topic.clone(), "outcome" => outcome)
        .increment(1);
}
