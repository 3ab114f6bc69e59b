//! `send-path`: sends are committed in groups, and it pays.
//!
//! The writer is measured without HTTP, in turns with pgbench, which does the same with a transaction
//! a message on the same server, the same tables and the same indexes.

use std::path::PathBuf;
use std::time::Duration;

use discuss_app::App;

use crate::servers::Servers;

mod flush;
mod lone;
mod pgbench;
mod report;
mod room;
mod senders;
mod statements;

use pgbench::Pgbench;
use report::Report;
pub(crate) use senders::{SenderOptions, send};
use statements::Counter;

/// Times that the writer and pgbench take turns.
const TURNS: usize = 3;
/// Turns that are not counted: plans, caches, the tables' first pages.
const WARM_UP: Duration = Duration::from_secs(2);

/// How long, and with what.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Seconds of each turn.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The program.
    #[arg(long, default_value = "pgbench")]
    pgbench: PathBuf,
    /// Where flushes of the disk are measured.
    #[arg(long, default_value = "/tmp")]
    folder: PathBuf,
}

/// Senders at work, and the statements that they cost.
struct Counted {
    rate: f64,
    refused: u64,
    p50_ms: f64,
    statements_per_message: f64,
    messages_per_begin: f64,
}

/// Measures all, prints it, and says whether it holds.
pub(crate) async fn run(servers: &Servers, options: Options) -> anyhow::Result<bool> {
    let time = Duration::from_secs(options.seconds);
    servers.empty().await?;
    let app = servers.app()?;
    room::make(&app, servers).await?;
    let pgbench = Pgbench::new(servers, options.pgbench)?;
    let counter = Counter::new(servers).await?;
    senders::run(&app, 64, WARM_UP).await;
    pgbench.run(WARM_UP).await?;

    let mut report = Report::default();
    report.flushes.push(flush::measure(&options.folder)?);
    for turn in 1..=TURNS {
        let ours = count(&app, &counter, 64, time).await?;
        let theirs = pgbench.run(time).await?;
        println!(
            "turn {turn}: the writer {:.0}/s, pgbench {theirs:.0}/s",
            ours.rate
        );
        report.ours.push(ours);
        report.theirs.push(theirs);
    }
    report.many = Some(count(&app, &counter, 512, time).await?);
    report.two_processes = senders::two_processes(options.seconds).await?;
    report.lone = lone::measure(servers).await?;
    report.flushes.push(flush::measure(&options.folder)?);
    report.print();
    Ok(report.verdict())
}

async fn count(
    app: &App,
    counter: &Counter,
    senders: usize,
    time: Duration,
) -> anyhow::Result<Counted> {
    let before = counter.calls().await?;
    let sends = senders::run(app, senders, time).await;
    let calls = counter.calls().await?.since(&before);
    anyhow::ensure!(sends.accepted > 0, "no send was accepted");
    anyhow::ensure!(
        calls.begins > 0 && calls.commits >= calls.begins,
        "pg_stat_statements does not count BEGIN and COMMIT: track_utility is off"
    );
    let accepted = crate::figures::float(sends.accepted);
    Ok(Counted {
        rate: accepted / sends.seconds,
        refused: sends.refused,
        p50_ms: sends.p50_ms,
        statements_per_message: crate::figures::float(calls.all) / accepted,
        messages_per_begin: accepted / crate::figures::float(calls.begins),
    })
}
