//! `page-cache`: what a cache of a channel's newest messages in Redis would save.
//!
//! The statement that reads a page of the history is measured against a GET of the same page, decoded into
//! the same messages and checked against the channel's seq; then the use case with either. They take turns.
//! The cache is given the best of all cases: it always has the page, and nobody has to keep it up to date.
//! `page-cache.sh` lays what it saves beside what a whole request takes.

use std::sync::Arc;
use std::time::Duration;

use crate::figures::{median, print, spread};
use crate::servers::Servers;

mod cache;
mod contents;
mod cpu;
mod entry;
mod turns;

use turns::{Bench, Reading, Turn};

/// How long, and how often.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Milliseconds of each turn.
    #[arg(long, default_value_t = 1_000)]
    turn_ms: u64,
    /// Turns of each way of reading.
    #[arg(long, default_value_t = 7)]
    turns: usize,
}

/// Messages of a page, and who reads it at once.
const CASES: [(i64, usize); 4] = [(50, 1), (100, 1), (50, 16), (100, 16)];

/// Empties the database, fills it and measures; true, for what is saved is judged elsewhere.
pub(crate) async fn run(servers: &Servers, options: Options) -> anyhow::Result<bool> {
    servers.empty().await?;
    let counters = contents::store(&servers.client().await?).await?;
    let bench = Arc::new(Bench::open(servers, (contents::HOT.into(), counters)).await?);
    for (size, readers) in CASES {
        println!("{size} messages, readers at once: {readers}");
        print("  bytes of the page in the cache", bench.fill(size).await?);
        let measured = measure(&bench, &options, (size, readers)).await?;
        for (reading, turns) in &measured {
            print_turns(*reading, turns);
        }
        print_savings(&measured);
    }
    Ok(true)
}

type Measured = Vec<(Reading, Vec<Turn>)>;

/// All ways of reading in turn, after one turn of each that is not counted.
async fn measure(
    bench: &Arc<Bench>,
    options: &Options,
    (size, readers): (i64, usize),
) -> anyhow::Result<Measured> {
    let time = Duration::from_millis(options.turn_ms);
    let mut measured: Measured = Reading::ALL.map(|reading| (reading, Vec::new())).into();
    for turn in 0..=options.turns {
        for (reading, turns) in &mut measured {
            let done = bench.turn(*reading, size, (readers, time)).await?;
            if turn > 0 {
                turns.push(done);
            }
        }
    }
    Ok(measured)
}

fn print_turns(reading: Reading, turns: &[Turn]) {
    let of = |figure: fn(&Turn) -> f64| median(&turns.iter().map(figure).collect::<Vec<_>>());
    print(
        &format!("  {}: p50, p95, µs", reading.name()),
        format!("{:.0} {:.0}", of(|turn| turn.p50), of(|turn| turn.p95)),
    );
    print(
        "    CPU of a read, of this process and the server, µs",
        format!(
            "{:.0} {:.0}",
            of(|turn| turn.own_cpu),
            of(|turn| turn.server_cpu)
        ),
    );
}

/// Prints what the cache saves, in the median of the pairs, and how often it must have the page to save
/// anything at all.
fn print_savings(measured: &Measured) {
    let p50s = |wanted: Reading| {
        let found = measured.iter().find(|(reading, _)| *reading == wanted);
        let turns = found.map_or(&[][..], |(_, turns)| turns);
        turns.iter().map(|turn| turn.p50).collect::<Vec<_>>()
    };
    let pairs = |one: Reading, other: Reading| p50s(one).into_iter().zip(p50s(other));
    let saved = pairs(Reading::Statement, Reading::Cached).map(|(without, with)| without - with);
    print(
        "  saved by the cache, µs",
        spread(&saved.collect::<Vec<_>>(), 0),
    );
    let gains = pairs(Reading::Whole, Reading::WholeCached);
    let gains = gains.map(|(without, with)| (1.0 - with / without) * 100.0);
    print(
        "  saved of the use case, %",
        spread(&gains.collect::<Vec<_>>(), 0),
    );
    let (hit, miss) = (
        median(&p50s(Reading::Cached)),
        median(&p50s(Reading::Missed)),
    );
    let even = (miss - median(&p50s(Reading::Statement))) / (miss - hit) * 100.0;
    print(
        "  pages that must be there to save anything, %",
        format!("{even:.0}"),
    );
}
