//! PostgreSQL killed, all of it at once, and started again.
//!
//! Every other crash comes after a quiet moment with asynchronous commits only: then the server has
//! given out transaction ids that its disk knows nothing of, and will give them out again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::process::Command;
use tokio::time::sleep;

use super::chaos::Chaos;
use super::processes::Processes;
use super::reader::Readers;
use crate::figures::print;
use crate::servers::Servers;

/// Between two crashes, at most; short runs have some too.
const EVERY: Duration = Duration::from_secs(45);
/// The quiet moment lasts until half a page of commits is in the server's memory only, at most so long.
const QUIET: Duration = Duration::from_secs(5);
/// No crash so shortly before the end.
const LAST: Duration = Duration::from_secs(3);

/// Whether so much of the write-ahead log is not on the disk yet.
const IS_UNFLUSHED: &str = "SELECT pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn() > 4000";
/// The next transaction id; asking does not take it.
const NEXT_ID: &str = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint";

/// Who is at work while PostgreSQL is killed.
#[derive(Clone, Copy)]
pub(super) struct Others<'a> {
    pub(super) chaos: &'a Chaos,
    pub(super) processes: &'a Processes,
    pub(super) readers: &'a Readers,
}

/// Kills PostgreSQL from time to time.
pub(super) struct Crasher {
    servers: Servers,
    command: Option<PathBuf>,
    every: Duration,
    next: Instant,
    crashes: u32,
    ids_given_again: i64,
}

impl Crasher {
    /// With a program that kills PostgreSQL and starts it again; without one there are no crashes.
    pub(super) fn new(servers: &Servers, command: Option<PathBuf>, time: Duration) -> Self {
        let every = EVERY.min(time / 5);
        Self {
            servers: servers.clone(),
            command,
            every,
            next: Instant::now() + every,
            crashes: 0,
            ids_given_again: 0,
        }
    }

    /// Crashes when it is time; `end` is the end of the run.
    pub(super) async fn crash_when_due(
        &mut self,
        others: Others<'_>,
        end: Instant,
    ) -> anyhow::Result<()> {
        let now = Instant::now();
        let Some(command) = self.command.clone() else {
            return Ok(());
        };
        if now < self.next || now + LAST > end {
            return Ok(());
        }
        if self.crashes.is_multiple_of(2) {
            self.crash_quietly(&command, others).await?;
        } else {
            kill(&command).await?;
        }
        self.crashes += 1;
        self.next = Instant::now() + self.every;
        Ok(())
    }

    /// After the crash the first that happens is that events are committed under ids that the readers
    /// saw as over before it; only then the readers come back, and everybody else.
    async fn crash_quietly(&mut self, command: &Path, others: Others<'_>) -> anyhow::Result<()> {
        // In this order: a stopped process may hold locks that the others wait for.
        let quiet = others.chaos.quiet().await;
        others.processes.signal("STOP").await?;
        self.wait_for_unflushed().await?;
        let before = self.next_id().await?;
        let no_pass = others.readers.hold().await;
        kill(command).await?;
        let after = self.next_id().await?;
        self.ids_given_again += before.saturating_sub(after).max(0);
        others.chaos.append_some().await?;
        drop(no_pass);
        drop(quiet);
        others.processes.signal("CONT").await
    }

    async fn wait_for_unflushed(&self) -> anyhow::Result<()> {
        let client = self.servers.client().await?;
        let deadline = Instant::now() + QUIET;
        while Instant::now() < deadline {
            if client.query_one(IS_UNFLUSHED, &[]).await?.try_get(0)? {
                return Ok(());
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    async fn next_id(&self) -> anyhow::Result<i64> {
        let client = self.servers.client().await?;
        Ok(client.query_one(NEXT_ID, &[]).await?.try_get(0)?)
    }

    /// Prints what there was.
    pub(super) fn print(&self) {
        print("PostgreSQL killed and started again", self.crashes);
        print(
            "  transaction ids that it gave out twice",
            self.ids_given_again,
        );
    }
}

async fn kill(command: &Path) -> anyhow::Result<()> {
    let status = Command::new(command).status().await;
    let status = status.with_context(|| format!("running {}", command.display()))?;
    anyhow::ensure!(status.success(), "{} failed", command.display());
    Ok(())
}
