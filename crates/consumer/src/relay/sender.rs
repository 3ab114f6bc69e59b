//! Sending batches of the log's records, however long that takes.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use discuss_app::relay::Outgoing;
use discuss_bus::record::{CORRELATION_ID, TRACEPARENT};
use discuss_bus::{BusError, NewRecord, Producer};
use discuss_runtime::traces;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{Span, field::Empty};

use super::{LONGEST_PAUSE, PASS_EVERY};

/// How long the batch under way has after the end was asked for.
const LAST_BATCH: Duration = Duration::from_secs(5);
/// A batch that takes longer is not on its way.
const STUCK: Duration = Duration::from_secs(10);

/// Sends batches until the end.
pub(super) struct Sender {
    producer: Producer,
    end: CancellationToken,
    /// When the batch under way was begun.
    since: Mutex<Option<Instant>>,
}

impl Sender {
    pub(super) fn new(producer: Producer, end: CancellationToken) -> Self {
        Self {
            producer,
            end,
            since: Mutex::default(),
        }
    }

    /// Is the end asked for?
    pub(super) fn is_ending(&self) -> bool {
        self.end.is_cancelled()
    }

    /// Waits until it is.
    pub(super) async fn ended(&self) {
        self.end.cancelled().await;
    }

    /// Has a batch been under way for longer than brokers that are there would take?
    pub(super) fn is_stuck(&self) -> bool {
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() > STUCK)
    }

    fn note(&self, since: Option<Instant>) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// Sends a batch, however long that takes; after the end was asked for, not for long. Says whether
    /// it was sent.
    pub(super) async fn send(&self, mut records: Vec<Outgoing>) -> bool {
        // Open until the batch has arrived.
        let _spans: Vec<Span> = records.iter_mut().filter_map(trace).collect();
        let records: Vec<NewRecord> = records.into_iter().map(record).collect();
        self.note(Some(Instant::now()));
        let is_sent = tokio::select! {
            () = self.send_until_done(&records) => true,
            () = self.is_over() => {
                tracing::warn!("a batch was not sent before the end; it is sent again later");
                false
            }
        };
        self.note(None);
        is_sent
    }

    /// Sends a batch. What is larger than its topic takes is skipped: records are bounded by how they are
    /// made, so that is a fault of ours, and its channel would stand still until it is mended.
    async fn send_until_done(&self, records: &[NewRecord]) {
        if self.deliver(records).await.is_ok() {
            return;
        }
        // Brokers refuse a record together with its neighbours: alone it is known which one it is.
        for record in records.chunks(1) {
            if let Err(error) = self.deliver(record).await {
                let keys = record.iter().filter_map(|record| record.key.as_deref());
                let channel: String = keys.map(String::from_utf8_lossy).collect();
                tracing::error!(%error, channel, "an event is not relayed: it is skipped");
                metrics::counter!("discuss_relay_skipped_total").increment(1);
            }
        }
    }

    /// Sends records, all of them again when the producer was started anew. Fails only if one is too large.
    async fn deliver(&self, records: &[NewRecord]) -> Result<(), BusError> {
        let mut pause = PASS_EVERY;
        loop {
            match self.producer.send_all(records).await {
                Err(error) if !matches!(error, BusError::TooLarge { .. }) => {
                    tracing::error!(%error, "a batch is sent again");
                }
                outcome => return outcome,
            }
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    async fn is_over(&self) {
        self.end.cancelled().await;
        sleep(LAST_BATCH).await;
    }
}

/// Goes on with the trace of a record's request, where traces are exported.
fn trace(outgoing: &mut Outgoing) -> Option<Span> {
    let traceparent = outgoing.traceparent.as_deref()?;
    let span = tracing::debug_span!("relay", otel.name = Empty, otel.kind = Empty);
    let name = || format!("{} publish", outgoing.topic);
    traces::produce(&span, name, Some(traceparent));
    outgoing.traceparent = Some(traces::traceparent(&span)?);
    Some(span)
}

fn record(outgoing: Outgoing) -> NewRecord {
    let header = |name: &str, value: Option<String>| {
        value.map(|value| (name.to_owned(), value.into_bytes()))
    };
    let headers = [
        header(CORRELATION_ID, outgoing.correlation_id),
        header(TRACEPARENT, outgoing.traceparent),
    ];
    NewRecord {
        topic: outgoing.topic.to_owned(),
        key: Some(outgoing.channel.to_string().into_bytes()),
        value: Some(outgoing.value),
        headers: headers.into_iter().flatten().collect(),
        timestamp_ms: None,
    }
}
