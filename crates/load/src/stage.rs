//! What all parts of a run share: the ledger, the gauges, the recorders, and the signals that cut,
//! rewind and stop the sockets.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::dialer::Dialer;
use crate::faults::{Fault, Faults};
use crate::latency::Recorder;
use crate::ledger::Ledger;
use crate::rest::Rest;
use crate::traffic::Deaf;

/// What the sockets are told to do.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signal {
    /// Raised to cut every socket.
    pub(crate) cuts: u64,
    /// How long those who were cut stay away before they come back, all at once.
    pub(crate) away: Duration,
    /// Raised to make every socket ask again for what it has had.
    pub(crate) rewinds: u64,
    /// Those who are to cease to read do so as long as this holds.
    pub(crate) deaf: bool,
    /// The run is over.
    pub(crate) stop: bool,
}

/// Counters that all tasks move.
#[derive(Default)]
pub(crate) struct Gauges {
    /// Sockets that are live now.
    pub(crate) live: AtomicU64,
    /// Messages delivered to a connection for the first time.
    pub(crate) delivered: AtomicU64,
    /// Deliveries that must come: for each acknowledged message its channel's sockets.
    pub(crate) expected: AtomicU64,
    /// When the last delivery came, in microseconds of the run.
    pub(crate) last_delivery: AtomicU64,
    /// Sends that were tried again.
    pub(crate) retries: AtomicU64,
    /// Sends that were given up, acknowledged by nobody.
    pub(crate) given_up: AtomicU64,
    /// Times that a socket came back.
    pub(crate) reconnects: AtomicU64,
    /// Gaps that had to be reloaded by REST.
    pub(crate) gaps: AtomicU64,
    /// Repeats with another content that were refused, as they must be.
    pub(crate) conflicts: AtomicU64,
}

/// Latencies, each counted from the time the message was due.
pub(crate) struct Latencies {
    /// To a live socket.
    pub(crate) delivery: Recorder,
    /// To a socket that was replaying what it missed, or of somebody who ceases to read for a while.
    pub(crate) replay: Recorder,
    /// To the sender's acknowledgement.
    pub(crate) ack: Recorder,
    /// How late our own sends started and our own timers woke up.
    pub(crate) lateness: Recorder,
    /// From a cut to RESUMED.
    pub(crate) back: Recorder,
    /// From the removal of a member to the last that they were shown, which says so.
    pub(crate) revoked: Recorder,
}

/// What all parts of a run share.
pub(crate) struct Stage {
    /// What was sent.
    pub(crate) ledger: Ledger,
    /// The API.
    pub(crate) rest: Rest,
    /// The gateways.
    pub(crate) dialer: Dialer,
    /// Counters.
    pub(crate) gauges: Gauges,
    /// Latencies.
    pub(crate) latencies: Latencies,
    /// The sockets' signals.
    pub(crate) signal: watch::Sender<Signal>,
    /// Those who cease to read for a while. What comes late to them is their own doing.
    pub(crate) deaf: Option<Deaf>,
    faults: Mutex<Faults>,
    /// When somebody's removal from a channel was asked for, until they hear of it.
    removals: Mutex<HashMap<(u64, u64), Instant>>,
}

impl Stage {
    /// A stage on which nothing has happened.
    pub(crate) fn new(ledger: Ledger, rest: Rest, dialer: Dialer) -> anyhow::Result<Self> {
        Ok(Self {
            ledger,
            rest,
            dialer,
            gauges: Gauges::default(),
            latencies: Latencies::new()?,
            signal: watch::Sender::new(Signal::default()),
            deaf: None,
            faults: Mutex::default(),
            removals: Mutex::default(),
        })
    }

    /// Notes a fault that is no connection's.
    pub(crate) fn note(&self, fault: Fault, words: impl FnOnce() -> String) {
        if let Ok(mut faults) = self.faults.lock() {
            faults.note(fault, 1, words);
        }
    }

    /// The faults noted so far.
    pub(crate) fn faults(&self) -> Faults {
        self.faults
            .lock()
            .map(|faults| faults.clone())
            .unwrap_or_default()
    }

    /// Somebody (the second) is about to be removed from a channel.
    pub(crate) fn removing(&self, stay: (u64, u64)) {
        if let Ok(mut removals) = self.removals.lock() {
            removals.insert(stay, Instant::now());
        }
    }

    /// They were shown that they are.
    pub(crate) fn removed(&self, stay: (u64, u64)) {
        let removals = self.removals.lock();
        let asked = removals
            .ok()
            .and_then(|mut removals| removals.remove(&stay));
        if let Some(asked) = asked {
            self.latencies.revoked.record(stay.1, asked.elapsed());
        }
    }

    /// Counts a delivery that came just now.
    pub(crate) fn count_delivery(&self) {
        self.gauges.delivered.fetch_add(1, Relaxed);
        let now = u64::try_from(self.ledger.now().as_micros()).unwrap_or(u64::MAX);
        self.gauges.last_delivery.fetch_max(now, Relaxed);
    }

    /// When the last delivery came.
    pub(crate) fn last_delivery(&self) -> Duration {
        Duration::from_micros(self.gauges.last_delivery.load(Relaxed))
    }

    /// Tells all sockets something.
    pub(crate) fn tell(&self, change: impl FnOnce(&mut Signal)) {
        self.signal.send_modify(change);
    }
}

impl Latencies {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            delivery: Recorder::new()?,
            replay: Recorder::new()?,
            ack: Recorder::new()?,
            lateness: Recorder::new()?,
            back: Recorder::new()?,
            revoked: Recorder::new()?,
        })
    }
}
