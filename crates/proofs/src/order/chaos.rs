//! Everything that could upset readers and writers, by raw SQL.
//!
//! Transactions that append to the log commit durably, as the design asks of everybody; those that
//! don't commit asynchronously, so that a crash takes their transaction ids back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{RwLock, RwLockWriteGuard};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

use super::stage::Stage;
use crate::figures::print;
use crate::servers::Servers;

mod appends;
mod members;
mod noise;

/// When a raw send looks whether its sender is a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Check {
    /// In a statement after the one that locks the channel.
    AfterLock,
    /// In the statement that locks the channel, and so with a snapshot from before it waited: wrong.
    InLock,
}

/// What a task does, over and over.
#[derive(Debug, Clone, Copy)]
enum Role {
    /// Sends as who comes and goes, with delays, ids drawn early, and rollbacks.
    Send,
    /// Sends to two channels in one transaction.
    SendToTwo,
    /// Lets somebody come or go, slowly.
    Toggle,
    /// Moves marks and fills a table that is none of the log's; asynchronous.
    Mark,
    /// Only takes transaction ids, in quiet moments; asynchronous.
    Burn,
    /// Keeps a transaction open that writes elsewhere.
    Hold,
}

/// How many tasks have which role.
const ROLES: [(Role, usize); 6] = [
    (Role::Send, 4),
    (Role::SendToTwo, 2),
    (Role::Toggle, 2),
    (Role::Mark, 1),
    (Role::Burn, 1),
    (Role::Hold, 1),
];
/// The longest time that a transaction is kept open.
const HOLD: Duration = Duration::from_secs(30);

/// The tasks.
pub(super) struct Chaos {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

/// A time of asynchronous commits only, until it is dropped.
pub(super) struct Quiet<'a> {
    shared: &'a Shared,
    _durable: RwLockWriteGuard<'a, ()>,
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        self.shared.is_quiet.store(false, Ordering::Relaxed);
    }
}

/// What was done.
pub(super) struct Done(Arc<Shared>);

struct Shared {
    servers: Servers,
    stage: Arc<Stage>,
    check: Check,
    hold: Duration,
    /// Whoever commits durably reads it for a transaction; it is written to have a time of asynchronous
    /// commits only.
    durable: RwLock<()>,
    is_quiet: AtomicBool,
    stop: CancellationToken,
    sent: AtomicU64,
    sent_to_two: AtomicU64,
    rolled_back: AtomicU64,
    refused: AtomicU64,
    toggled: AtomicU64,
    held: AtomicU64,
}

impl Chaos {
    /// Starts all tasks; `time` is the length of the run.
    pub(super) fn start(
        servers: &Servers,
        stage: &Arc<Stage>,
        check: Check,
        time: Duration,
    ) -> Self {
        let shared = Arc::new(Shared {
            servers: servers.clone(),
            stage: Arc::clone(stage),
            check,
            hold: HOLD.min(time / 2),
            durable: RwLock::default(),
            is_quiet: AtomicBool::default(),
            stop: CancellationToken::new(),
            sent: AtomicU64::default(),
            sent_to_two: AtomicU64::default(),
            rolled_back: AtomicU64::default(),
            refused: AtomicU64::default(),
            toggled: AtomicU64::default(),
            held: AtomicU64::default(),
        });
        let each = ROLES
            .iter()
            .flat_map(|(role, tasks)| vec![*role; *tasks])
            .map(|role| keep_at(Arc::clone(&shared), role));
        let tasks = each.collect();
        Self { shared, tasks }
    }

    /// Waits until none of these tasks is in a durable transaction, and lets none begin.
    pub(super) async fn quiet(&self) -> Quiet<'_> {
        let durable = self.shared.durable.write().await;
        self.shared.is_quiet.store(true, Ordering::Relaxed);
        Quiet {
            shared: &self.shared,
            _durable: durable,
        }
    }

    /// Appends to a few channels at once; for quiet moments.
    pub(super) async fn append_some(&self) -> anyhow::Result<()> {
        let mut client = self.shared.servers.client().await?;
        Ok(appends::send_some(&self.shared, &mut client).await?)
    }

    /// Lets all tasks end what they are doing.
    pub(super) async fn finish(mut self) -> Done {
        self.shared.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        Done(self.shared)
    }
}

/// Does it until the end; after an error, such as a server that is gone, on a new connection.
async fn keep_at(shared: Arc<Shared>, role: Role) {
    while !shared.stop.is_cancelled() {
        if let Ok(mut client) = shared.servers.client().await {
            while !shared.stop.is_cancelled() && shared.act(role, &mut client).await.is_ok() {}
        }
        sleep(Duration::from_millis(50)).await;
    }
}

impl Shared {
    async fn act(&self, role: Role, client: &mut Client) -> Result<(), tokio_postgres::Error> {
        match role {
            Role::Send => appends::send(self, client).await,
            Role::SendToTwo => appends::send_to_two(self, client).await,
            Role::Toggle => members::toggle(self, client).await,
            Role::Mark => noise::mark(self, client).await,
            Role::Burn => noise::burn(self, client).await,
            Role::Hold => noise::hold(self, client).await,
        }
    }
}

/// Waits for a random time, at most so many milliseconds.
async fn dawdle(most: u64) {
    sleep(Duration::from_millis(fastrand::u64(0..=most))).await;
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Done {
    /// Fails when something never happened that the proof is about.
    pub(super) fn require_all(&self) -> anyhow::Result<()> {
        let Self(shared) = self;
        let all = [
            &shared.sent,
            &shared.sent_to_two,
            &shared.rolled_back,
            &shared.refused,
            &shared.toggled,
        ];
        let has_happened = |counter: &&AtomicU64| counter.load(Ordering::Relaxed) > 0;
        anyhow::ensure!(
            all.iter().all(has_happened),
            "something that upsets readers never happened; see the figures"
        );
        Ok(())
    }

    /// Prints it.
    pub(super) fn print(&self) {
        let Self(shared) = self;
        let figure = |name: &str, counter: &AtomicU64| {
            print(name, counter.load(Ordering::Relaxed));
        };
        figure("raw sends to one channel", &shared.sent);
        figure("raw sends to two channels at once", &shared.sent_to_two);
        figure(
            "  rolled back after they had taken seqs",
            &shared.rolled_back,
        );
        figure("  refused: the sender had been removed", &shared.refused);
        figure("raw removals and additions of a member", &shared.toggled);
        figure(
            &format!("unrelated transactions kept open for {:?}", shared.hold),
            &shared.held,
        );
    }
}
