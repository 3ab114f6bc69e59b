//! The two readers, and what every pass of theirs must have brought.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use discuss_app::{App, channels};
use discuss_domain::{ChannelId, Seq};
use tokio::sync::{RwLock, RwLockWriteGuard};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::stage::Stage;
use super::told::Told;
use crate::figures::print;
use crate::servers::Servers;

mod forgetful;
mod snapshots;
mod txids;

/// How a reader finds out what is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Rule {
    /// Where to look comes from the last pass's snapshot, order from seq; heads are compared after a
    /// lost connection.
    Snapshots,
    /// Rows with a higher transaction id than the last one told, in the order of ids: wrong.
    Txid,
    /// By snapshots, but the last one is kept over a lost connection, and heads are not compared: wrong.
    Forgetful,
}

/// Readers of each kind.
const READERS: usize = 2;
/// Between two passes, at most, in milliseconds.
const PAUSE_MS: u64 = 50;
/// In the end a pass must be possible within this time.
const PATIENCE: Duration = Duration::from_secs(30);

enum Source {
    Snapshots(snapshots::BySnapshots),
    Txid(txids::ByTxid),
    Forgetful(forgetful::Forgetful),
}

struct Reader {
    app: App,
    passing: Arc<RwLock<()>>,
    channels: Vec<ChannelId>,
    source: Source,
    read: Read,
}

/// What a reader did.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// What it was told.
    pub(super) told: Told,
    passes: u64,
    failed_passes: u64,
}

/// The readers at work.
pub(super) struct Readers {
    /// Read for each pass; written to hold passes up.
    passing: Arc<RwLock<()>>,
    tasks: Vec<JoinHandle<anyhow::Result<Read>>>,
}

impl Readers {
    /// Starts both; they read until `stop`, and then once more.
    pub(super) fn start(
        servers: &Servers,
        stage: &Arc<Stage>,
        rule: Rule,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let passing = Arc::new(RwLock::default());
        let mut tasks = Vec::new();
        for _ in 0..READERS {
            let app = servers.app()?;
            let source = match rule {
                Rule::Snapshots => Source::Snapshots(snapshots::BySnapshots::new(app.clone())),
                Rule::Txid => Source::Txid(txids::ByTxid::new(servers)),
                Rule::Forgetful => Source::Forgetful(forgetful::Forgetful::new(servers)),
            };
            let reader = Reader {
                app,
                passing: Arc::clone(&passing),
                channels: stage.ids().to_vec(),
                source,
                read: Read::default(),
            };
            tasks.push(tokio::spawn(reader.run(stop.clone())));
        }
        Ok(Self { passing, tasks })
    }

    /// Waits for the passes under way, and lets none begin.
    pub(super) async fn hold(&self) -> RwLockWriteGuard<'_, ()> {
        self.passing.write().await
    }

    /// Waits for their last passes.
    pub(super) async fn finish(self) -> anyhow::Result<Vec<Read>> {
        let mut all = Vec::new();
        for task in self.tasks {
            all.push(task.await??);
        }
        Ok(all)
    }
}

impl Reader {
    async fn run(mut self, stop: CancellationToken) -> anyhow::Result<Read> {
        while !stop.is_cancelled() {
            // The server may be gone: the next pass begins anew.
            if self.pass().await.is_err() {
                self.read.failed_passes += 1;
            }
            sleep(Duration::from_millis(fastrand::u64(0..PAUSE_MS))).await;
        }
        let deadline = Instant::now() + PATIENCE;
        while let Err(error) = self.pass().await {
            if Instant::now() >= deadline {
                return Err(error.context("a reader's last pass"));
            }
            sleep(Duration::from_millis(100)).await;
        }
        Ok(self.read)
    }

    /// A pass, after which all is known that was committed before it.
    async fn pass(&mut self) -> anyhow::Result<()> {
        let _passing = self.passing.read().await;
        let committed = last_seqs(&self.app, &self.channels).await?;
        let told = &mut self.read.told;
        match &mut self.source {
            Source::Snapshots(source) => source.pass(told, &self.channels).await?,
            Source::Txid(source) => source.pass(told).await?,
            Source::Forgetful(source) => source.pass(told).await?,
        }
        for (channel, seq) in committed {
            told.require(channel, seq);
        }
        self.read.passes += 1;
        Ok(())
    }
}

impl Read {
    /// Prints what it did.
    pub(super) fn print(&self, number: usize) {
        print(&format!("reader {number}: events told"), self.told.len());
        print("  told wrongly, or missed", self.told.fault_count);
        print("  passes", self.passes);
        print(
            "  passes that failed, the server being gone",
            self.failed_passes,
        );
    }
}

/// How far the channels have got.
async fn last_seqs(app: &App, ids: &[ChannelId]) -> anyhow::Result<Vec<(ChannelId, Seq)>> {
    let listed = channels::list_last_seqs(app, ids).await;
    listed.context("how far the channels have got")
}
