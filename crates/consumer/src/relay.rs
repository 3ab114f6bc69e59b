//! The relay: the log's events go to Kafka, each at least once, those of a channel in order.
//!
//! One loop keeps the leases of this process's shards, another reads what is new of them, sends it, and
//! only then moves the heads on. While Kafka is away the batch under way waits, and the leases are kept
//! all the same.

mod sender;

use std::time::Duration;

use chrono::{DateTime, Utc};
use discuss_app::relay::{Advanced, Batch, Held, Leases, Relay};
use discuss_app::{App, AppError};
use discuss_bus::{Producer, Settings};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use self::sender::Sender;

/// From the start of one pass to that of the next, when there is nothing more to read.
const PASS_EVERY: Duration = Duration::from_millis(100);
/// Between two renewals of the leases.
const KEEP_EVERY: Duration = Duration::from_secs(1);
/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long giving up the leases may take.
const RELEASE: Duration = Duration::from_secs(3);

/// Relays until `end`, then finishes the batch under way and gives up the leases.
pub(crate) async fn run(app: App, bus: &Settings, end: CancellationToken) -> anyhow::Result<()> {
    let sender = Sender::new(Producer::new(bus)?, end);
    let leases = Leases::default();
    let (told, held) = watch::channel(Held::new());
    let relayed = CancellationToken::new();
    let relaying = async {
        let _relayed = relayed.clone().drop_guard();
        relay(&app, &sender, &held).await;
    };
    tokio::join!(relaying, keep(&app, &sender, (&leases, &told), &relayed));
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
///
/// While nothing can be sent the shards are left to the others: perhaps they reach Kafka.
async fn keep(
    app: &App,
    sender: &Sender,
    (leases, told): (&Leases, &watch::Sender<Held>),
    end: &CancellationToken,
) {
    let mut is_away = false;
    while !end.is_cancelled() {
        let kept = if sender.is_stuck() {
            leases.stand_aside(app).await
        } else {
            leases.keep(app).await
        };
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
    while !sender.is_ending() {
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
            () = sender.ended() => {}
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
