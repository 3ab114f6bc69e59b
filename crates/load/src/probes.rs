//! What the machine can do at the time of a run, so that its figures can be judged later.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;
use procfs::process::Process;
use serde::Serialize;

use crate::bare::{self, Bare, Load};
use crate::latency::{Recorder, Summary};

/// How long each probe takes.
const TIME: Duration = Duration::from_secs(1);
/// Deliveries in the bare probe as many as a run may have: 15,000 a second.
const BARE: Load = Load {
    sockets: 150,
    rate: 100,
    time: TIME,
};

/// The probes of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Probes {
    /// Disk flushes.
    pub(crate) flush: Flush,
    /// Sockets that only write.
    pub(crate) bare: Bare,
}

/// How fast the disk makes a small write durable.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Flush {
    /// Where it was written.
    pub(crate) folder: PathBuf,
    /// Flushes a second, one after the other.
    pub(crate) per_second: f64,
    /// Time of one, in milliseconds.
    pub(crate) latency: Summary,
}

/// The machine and the program, as far as figures depend on them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Surroundings {
    /// The commit, with `+` if the folder has changes of its own.
    pub(crate) commit: Option<String>,
    /// Open files: soft and hard limit.
    pub(crate) open_files: Option<(u64, u64)>,
    /// How nice this program is to others; below 0 it goes first.
    pub(crate) nice: Option<i64>,
    /// The same of the session, where the kernel groups by sessions.
    pub(crate) session_nice: Option<String>,
    /// Processors.
    pub(crate) processors: usize,
    /// Whether this program is an optimised build.
    pub(crate) optimised: bool,
    /// When the run began, in UTC.
    pub(crate) began: String,
}

/// Probes the disk of `folder` and the loopback.
pub(crate) async fn probe(folder: Option<PathBuf>) -> anyhow::Result<Probes> {
    let folder = folder.unwrap_or_else(std::env::temp_dir);
    let flush = tokio::task::spawn_blocking(move || flush(&folder)).await??;
    Ok(Probes {
        flush,
        bare: bare::measure(BARE).await?,
    })
}

/// Raises the soft limit of open files to the hard one and looks around.
pub(crate) fn look_around() -> Surroundings {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        eprintln!("the limit of open files can't be raised: {error}");
    }
    Surroundings {
        commit: commit(),
        nice: Process::myself()
            .and_then(|process| process.stat())
            .ok()
            .map(|stat| stat.nice),
        session_nice: Process::myself()
            .and_then(|process| process.autogroup())
            .ok()
            .map(|line| line.trim().to_owned()),
        open_files: rlimit::Resource::NOFILE.get().ok(),
        processors: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        optimised: !cfg!(debug_assertions),
        began: chrono::Utc::now().to_rfc3339(),
    }
}

fn flush(folder: &Path) -> anyhow::Result<Flush> {
    let path = folder.join(format!("discuss-load-flush-{}", std::process::id()));
    let measured = flush_into(&path).with_context(|| format!("flushing {}", path.display()));
    std::fs::remove_file(&path)?;
    let (count, latency, time) = measured?;
    Ok(Flush {
        folder: folder.to_owned(),
        per_second: f64::from(count) / time.as_secs_f64(),
        latency,
    })
}

fn flush_into(path: &Path) -> anyhow::Result<(u32, Summary, Duration)> {
    let mut file = File::create(path)?;
    let recorder = Recorder::new()?;
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < TIME {
        let before = Instant::now();
        file.write_all(&[0x55; 8192])?;
        file.sync_data()?;
        recorder.record(0, before.elapsed());
        count += 1;
    }
    Ok((count, recorder.summary(), start.elapsed()))
}

fn commit() -> Option<String> {
    let hash = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])
        .is_some_and(|changes| !changes.is_empty());
    Some(if changed { format!("{hash}+") } else { hash })
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
