//! `order`: a reader of the news never skips or misorders a seq.
//!
//! Two writer processes and, by raw SQL, everything that could upset them write to the same channels;
//! writers and the whole of PostgreSQL are killed meanwhile. Two readers follow. Each is told each seq
//! of each channel once, in order, and after each pass knows all that was committed before it; in the
//! end what they were told is what is stored.
//!
//! Options break the rule on purpose: then it must fail.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::figures::print;
use crate::servers::Servers;

mod chaos;
mod crash;
mod judge;
mod processes;
mod reader;
mod stage;
mod told;
mod writer;

use chaos::Chaos;
use crash::{Crasher, Others};
use processes::Processes;
use reader::Readers;
use stage::Stage;
pub(crate) use writer::{WriterOptions, write};

/// What is done, and what is broken on purpose.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Seconds of writing.
    #[arg(long, default_value_t = 600, overrides_with = "seconds")]
    seconds: u64,
    /// How the readers find out what is new; only `snapshots` keeps the promise.
    #[arg(long, value_enum, default_value_t = reader::Rule::Snapshots)]
    reader: reader::Rule,
    /// When raw sends look whether their sender is a member; only `after-lock` is right.
    #[arg(long, value_enum, default_value_t = chaos::Check::AfterLock)]
    check: chaos::Check,
    /// A program that kills all of PostgreSQL by SIGKILL and starts it again.
    #[arg(long)]
    crash_command: Option<PathBuf>,
}

/// Writes, kills and reads for a while, then judges; prints figures and the verdict.
pub(crate) async fn run(servers: &Servers, options: Options) -> anyhow::Result<bool> {
    let time = Duration::from_secs(options.seconds);
    servers.empty().await?;
    let stage = Arc::new(Stage::make(servers).await?);
    let reading = CancellationToken::new();
    let readers = Readers::start(servers, &stage, options.reader, &reading)?;
    let chaos = Chaos::start(servers, &stage, options.check, time);
    let mut processes = Processes::start(stage.ids())?;
    let mut crasher = Crasher::new(servers, options.crash_command, time);

    let end = Instant::now() + time;
    while Instant::now() < end {
        sleep(Duration::from_millis(200)).await;
        processes.kill_one_when_due().await?;
        let others = Others {
            chaos: &chaos,
            processes: &processes,
            readers: &readers,
        };
        crasher.crash_when_due(others, end).await?;
    }
    let acknowledged = processes.finish().await?;
    let done = chaos.finish().await;
    reading.cancel();
    let read = readers.finish().await?;

    let stored = judge::read(servers, &stage).await?;
    let faults = judge::judge(&stored, &read, &acknowledged);
    done.print();
    acknowledged.print();
    crasher.print();
    for (number, read) in read.iter().enumerate() {
        read.print(number + 1);
    }
    print("events in the log", stored.events());
    done.require_all()?;
    Ok(verdict(&faults, &stored))
}

fn verdict(faults: &[String], stored: &judge::Stored) -> bool {
    for fault in faults.iter().take(10) {
        println!("FAULT: {fault}");
    }
    if faults.is_empty() {
        println!(
            "{} events in {} channels, each told to both readers once and in order",
            stored.events(),
            stored.channels()
        );
    } else {
        println!("{} faults", faults.len());
    }
    faults.is_empty()
}
