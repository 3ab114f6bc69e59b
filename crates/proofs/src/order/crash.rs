//! PostgreSQL killed, all of it at once, and started again.
//!
//! Every other crash comes after a quiet moment with asynchronous commits only: then the server has
//! given out transaction ids that its disk knows nothing of, and will give them out again.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::process::Command;
use tokio::time::sleep;

use super::chaos::Chaos;
use super::processes::Processes;
use crate::figures::print;
use crate::servers::Servers;

/// Between two crashes, at most; short runs have some too.
const EVERY: Duration = Duration::from_secs(45);
/// The quiet moment.
const QUIET: Duration = Duration::from_millis(400);
/// No crash so shortly before the end.
const LAST: Duration = Duration::from_secs(3);

/// The next transaction id, and whether it is our own: asking must not take one.
const NEXT_ID: &str = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint";

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
        let every = EVERY.min(time / 3);
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
        chaos: &Chaos,
        processes: &Processes,
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
            processes.signal("STOP").await?;
            let quiet = chaos.quiet().await;
            sleep(QUIET).await;
            let before = self.next_id().await?;
            kill(&command).await?;
            let after = self.next_id().await?;
            self.ids_given_again += before.saturating_sub(after).max(0);
            drop(quiet);
            processes.signal("CONT").await?;
        } else {
            kill(&command).await?;
        }
        self.crashes += 1;
        self.next = Instant::now() + self.every;
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

async fn kill(command: &PathBuf) -> anyhow::Result<()> {
    let status = Command::new(command).status().await;
    let status = status.with_context(|| format!("running {}", command.display()))?;
    anyhow::ensure!(status.success(), "{} failed", command.display());
    Ok(())
}
