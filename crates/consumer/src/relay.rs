//! The relay: the log's events go to Kafka, each at least once, those of a channel in order.
//!
//! One loop keeps the leases of this process's shards, another reads what is new of them, sends it, and
//! only then moves the heads on. While Kafka is away the batch under way waits, and the leases are kept
//! all the same.

use std::time::Duration;

use chrono::{DateTime, Utc};
use discuss_app::relay::{Advanced, Batch, Held, Leases, Outgoing, Relay};
use discuss_app::{App, AppError};
use discuss_bus::record::{CORRELATION_ID, TRACEPARENT};
use discuss_bus::{BusError, NewRecord, Producer, Settings};
use discuss_runtime::traces;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{Span, field::Empty};

/// From the start of one pass to that of the next, when there is nothing more to read.
const PASS_EVERY: Duration = Duration::from_millis(100);
/// Between two renewals of the leases.
const KEEP_EVERY: Duration = Duration::from_secs(1);
/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long the batch under way has after the end was asked for.
const LAST_BATCH: Duration = Duration::from_secs(5);
/// How long giving up the leases may take.
const RELEASE: Duration = Duration::from_secs(3);

/// Relays until `end`, then finishes the batch under way and gives up the leases.
pub(crate) async fn run(app: App, bus: &Settings, end: CancellationToken) -> anyhow::Result<()> {
    let producer = Producer::new(bus)?;
    let sender = Sender { producer, end };
    let leases = Leases::default();
    let (told, held) = watch::channel(Held::new());
    let relayed = CancellationToken::new();
    let relaying = async {
        let _relayed = relayed.clone().drop_guard();
        relay(&app, &sender, &held).await;
    };
    tokio::join!(relaying, keep(&app, (&leases, &told), &relayed));
    match timeout(RELEASE, leases.release(&app)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the leases are not given up; they run out"),
        Err(_elapsed) => tracing::warn!("the leases are not given up in time; they run out"),
    }
    metrics::gauge!("discuss_relay_shards_held").set(0.0);
    Ok(())
}

/// Keeps the leases until `end`, and tells which are held. A failure changes nothing: what was held may
/// be gone on with until somebody else has taken it. A round is never left in the middle: its
/// transaction would hold the leases' locks, and giving them up would wait for it.
async fn keep(app: &App, (leases, told): (&Leases, &watch::Sender<Held>), end: &CancellationToken) {
    let mut is_away = false;
    while !end.is_cancelled() {
        let kept = leases.keep(app).await;
        is_away = match kept {
            Ok(held) => {
                let count = u32::try_from(held.len()).unwrap_or(u32::MAX);
                metrics::gauge!("discuss_relay_shards_held").set(count);
                told.send_if_modified(|known| {
                    let is_new = *known != held;
                    *known = held;
                    is_new
                });
                false
            }
            Err(error) => {
                if !is_away {
                    // Once an outage.
                    tracing::warn!(%error, "the relay's leases are not kept");
                }
                true
            }
        };
        tokio::select! {
            () = sleep(KEEP_EVERY) => {}
            () = end.cancelled() => {}
        }
    }
}

/// Relays what is held, pass after pass, until the end.
async fn relay(app: &App, sender: &Sender, held: &watch::Receiver<Held>) {
    let mut relay = Relay::default();
    let mut failures = Failures::default();
    while !sender.end.is_cancelled() {
        let started = Instant::now();
        let shards = held.borrow().clone();
        let passed = pass(&mut relay, app, sender, &shards).await;
        let next = match &passed {
            Ok(Advanced::More) => started,
            Ok(Advanced::All | Advanced::Contested) => started + PASS_EVERY,
            Err(error) => Instant::now() + failures.pause(error),
        };
        if passed.is_ok() {
            failures = Failures::default();
        }
        tokio::select! {
            () = sleep_until(next) => {}
            () = sender.end.cancelled() => {}
        }
    }
}

/// Reads a batch, sends it, and moves the heads on.
async fn pass(
    relay: &mut Relay,
    app: &App,
    sender: &Sender,
    shards: &Held,
) -> Result<Advanced, AppError> {
    let Some(mut batch) = relay.next(app, shards).await? else {
        return Ok(Advanced::All);
    };
    let sent = Sent::of(&batch);
    if !sender.send(std::mem::take(&mut batch.records)).await {
        return Ok(Advanced::Contested);
    }
    let advanced = relay.advance(app, &batch).await?;
    sent.measure(Utc::now());
    Ok(advanced)
}

/// Sends batches until the end.
struct Sender {
    producer: Producer,
    end: CancellationToken,
}

impl Sender {
    /// Sends a batch, however long that takes; after the end was asked for, not for long. Says whether
    /// it was sent.
    async fn send(&self, mut records: Vec<Outgoing>) -> bool {
        // Open until the batch has arrived.
        let _spans: Vec<Span> = records.iter_mut().filter_map(trace).collect();
        let records: Vec<NewRecord> = records.into_iter().map(record).collect();
        tokio::select! {
            () = self.send_until_done(&records) => true,
            () = self.is_over() => {
                tracing::warn!("a batch was not sent before the end; it is sent again later");
                false
            }
        }
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

/// What is told of a batch when it has arrived.
struct Sent {
    committed_at: Vec<DateTime<Utc>>,
    missing: u64,
}

impl Sent {
    fn of(batch: &Batch) -> Self {
        Self {
            committed_at: batch.records.iter().map(|record| record.at).collect(),
            missing: batch.missing,
        }
    }

    fn measure(&self, now: DateTime<Utc>) {
        let lag = metrics::histogram!("discuss_relay_lag_seconds");
        for at in &self.committed_at {
            let age = now.signed_duration_since(at).to_std().unwrap_or_default();
            lag.record(age);
        }
        let count = u64::try_from(self.committed_at.len()).unwrap_or(u64::MAX);
        metrics::counter!("discuss_relay_records_total").increment(count);
        metrics::counter!("discuss_relay_missing_events_total").increment(self.missing);
    }
}

/// Failures in a row.
#[derive(Default)]
struct Failures {
    pause: Duration,
}

impl Failures {
    /// Says the first of them; answers how long to wait.
    fn pause(&mut self, error: &AppError) -> Duration {
        if self.pause.is_zero() {
            tracing::warn!(%error, "the log can't be relayed");
        }
        let longer = self.pause.saturating_mul(2);
        self.pause = longer.clamp(PASS_EVERY.saturating_mul(2), LONGEST_PAUSE);
        self.pause
    }
}

#[cfg(test)]
mod tests;
