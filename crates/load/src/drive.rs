//! Carries out a plan: sends its messages at their times, beats the sockets, and watches how late
//! this program itself is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::courier::Courier;
use crate::outsiders::visit;
use crate::stage::Stage;
use crate::traffic::{Deaf, Pace, Plan, Storm};

/// How often this program's own timers are checked.
const TICK: Duration = Duration::from_millis(10);

/// A plan under way.
pub(crate) struct Drive {
    /// What is to be done.
    pub(crate) plan: Plan,
    /// The channels' ids, in the plan's order.
    pub(crate) channels: Vec<u64>,
    /// How many sockets must be shown a message of each channel.
    pub(crate) fan_outs: Vec<u64>,
    /// Whoever sends.
    pub(crate) courier: Courier,
    /// The most sends at once in an open loop.
    pub(crate) in_flight: usize,
}

impl Drive {
    /// Sends everything, and returns when the last answer is there or given up.
    pub(crate) async fn run(self: &Arc<Self>) {
        let mut beside = JoinSet::new();
        beside.spawn(watch_lateness(Arc::clone(&self.courier.stage)));
        for index in 0..self.plan.visitors {
            beside.spawn(visit(Arc::clone(self), index));
        }
        let storm = self
            .plan
            .storm
            .map(|storm| tokio::spawn(beat(Arc::clone(&self.courier.stage), storm)));
        if let Some(deaf) = self.plan.deaf {
            beside.spawn(deafen(Arc::clone(&self.courier.stage), deaf));
        }
        match &self.plan.pace {
            // On a thread of its own: what ten thousand sockets do in this program is not to make a send late.
            Pace::Open(_) => on_a_thread(Arc::clone(self).open_loop()).await,
            Pace::Closed {
                senders,
                messages,
                limit,
            } => self.closed_loop(*senders, (*messages, *limit)).await,
        }
        if let Some(storm) = storm {
            // A panic in it has been printed; the run is judged by what the sockets saw.
            storm.await.unwrap_or_default();
        }
        beside.shutdown().await;
        self.courier.stage.tell(|signal| signal.deaf = false);
    }

    async fn open_loop(self: Arc<Self>) {
        let Pace::Open(times) = &self.plan.pace else {
            return;
        };
        let begin = self.courier.stage.ledger.now();
        let start = Instant::now();
        let permits = Arc::new(Semaphore::new(self.in_flight.max(1)));
        let mut sends = JoinSet::new();
        for (number, time) in (0..).zip(times) {
            if Instant::now() < start + *time {
                sleep_until(start + *time).await;
            }
            let (drive, permits) = (Arc::clone(&self), Arc::clone(&permits));
            let due = begin + *time;
            sends.spawn(async move {
                let stage = &drive.courier.stage;
                stage
                    .latencies
                    .lateness
                    .record(number, stage.ledger.now().saturating_sub(due));
                let _permit = permits.acquire().await;
                drive.send(number, due).await;
            });
            while sends.try_join_next().is_some() {}
        }
        while sends.join_next().await.is_some() {}
    }

    async fn closed_loop(
        self: &Arc<Self>,
        senders: usize,
        (messages, limit): (u64, Option<Duration>),
    ) {
        let next = Arc::new(AtomicU64::new(0));
        let end = limit.map(|limit| Instant::now() + limit);
        let mut tasks = JoinSet::new();
        for _ in 0..senders {
            let (drive, next) = (Arc::clone(self), Arc::clone(&next));
            tasks.spawn(async move { drive.send_until(end, &next, messages).await });
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Sends what is next until all are sent or the time is over.
    async fn send_until(&self, end: Option<Instant>, next: &AtomicU64, messages: u64) {
        while end.is_none_or(|end| Instant::now() < end) {
            let number = next.fetch_add(1, Relaxed);
            if number >= messages {
                break;
            }
            self.send(number, self.courier.stage.ledger.now()).await;
        }
    }

    async fn send(&self, number: u64, due: Duration) {
        if let Some((letter, channel)) = self.plan.letter(number, &self.channels) {
            let fan_out = self.fan_outs.get(channel).copied().unwrap_or(0);
            self.courier.carry(&letter, due, fan_out).await;
        }
    }
}

/// Does something on a thread and a runtime of its own.
async fn on_a_thread(work: impl Future<Output = ()> + Send + 'static) {
    let done = tokio::task::spawn_blocking(|| {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.map(|runtime| runtime.block_on(work))
    });
    // A panic in it has been printed; the run is judged by what was sent.
    if let Ok(Err(error)) = done.await {
        eprintln!("discuss-load: nothing was sent: {error}");
    }
}

/// Waits until every expected delivery came and a quiet second passed, or nothing came for `patience`.
pub(crate) async fn settle(stage: &Stage, sockets: usize, patience: Duration) {
    const QUIET: Duration = Duration::from_secs(1);
    let mut last = (stage.gauges.delivered.load(Relaxed), Instant::now());
    loop {
        sleep(Duration::from_millis(50)).await;
        let delivered = stage.gauges.delivered.load(Relaxed);
        if delivered != last.0 {
            last = (delivered, Instant::now());
        }
        let live = usize::try_from(stage.gauges.live.load(Relaxed)).unwrap_or(0);
        let complete = live >= sockets && delivered >= stage.gauges.expected.load(Relaxed);
        let quiet = last.1.elapsed();
        if quiet >= patience || complete && quiet >= QUIET {
            return;
        }
    }
}

async fn beat(stage: Arc<Stage>, storm: Storm) {
    for _ in 0..storm.cuts {
        sleep(storm.every / 2).await;
        if storm.rewind {
            stage.tell(|signal| signal.rewinds += 1);
        }
        sleep(storm.every / 2).await;
        stage.tell(|signal| {
            signal.cuts += 1;
            signal.away = storm.away;
        });
    }
}

async fn deafen(stage: Arc<Stage>, deaf: Deaf) {
    if deaf.lasts.is_zero() {
        return;
    }
    sleep(deaf.after).await;
    stage.tell(|signal| signal.deaf = true);
    // For who watches the gateway meanwhile.
    println!("{} cease to read at {}", deaf.people, unix_seconds());
    sleep(deaf.lasts).await;
    stage.tell(|signal| signal.deaf = false);
}

fn unix_seconds() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs_f64()
}

async fn watch_lateness(stage: Arc<Stage>) {
    let mut due = Instant::now();
    loop {
        due += TICK;
        sleep_until(due).await;
        stage.latencies.lateness.record(0, due.elapsed());
        due = due.max(Instant::now() - TICK);
    }
}
