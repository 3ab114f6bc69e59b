//! Every event of the log is in Kafka, on its topic, in order per channel once repeats are dropped.

mod expected;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use discuss_bus::Record;
use discuss_bus::Settings;
use discuss_bus::consumer::{self, Effort, Failure, Handler, Reading};
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::expected::{Expected, TOPICS};
use crate::figures::{percentile, print};
use crate::servers::{Kafka, Servers};

/// Without a record for so long, what is missing is missing.
const SILENCE: Duration = Duration::from_secs(30);
/// Faults that are told in words.
const TOLD: usize = 20;

/// How to look.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    kafka: Kafka,
    /// Fail unless 95 % of the records were handed to Kafka within so many milliseconds of their event.
    #[arg(long, value_name = "MS")]
    lag_p95_under: Option<f64>,
    /// Count the lag only of events from one time to another, in milliseconds since 1970; may be given
    /// several times.
    #[arg(long, value_name = "FROM-TO", value_parser = span)]
    between: Vec<(i64, i64)>,
}

fn span(text: &str) -> Result<(i64, i64), String> {
    let ends = text
        .split_once('-')
        .and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    ends.ok_or_else(|| "not FROM-TO".to_owned())
}

/// What one record of ours says.
struct Told {
    topic: String,
    channel: i64,
    seq: i64,
    /// When the event was, in milliseconds since 1970.
    at: i64,
    /// From the event to the record, in milliseconds.
    lag: f64,
}

#[derive(Default)]
struct Tally {
    repeats: usize,
    faults: Vec<String>,
    lags: Vec<f64>,
}

struct Reader {
    between: Vec<(i64, i64)>,
    state: Arc<Mutex<(Expected, Tally)>>,
    heard: watch::Sender<usize>,
}

/// Compares the log with Kafka; says whether they agree.
pub(crate) async fn run(servers: &Servers, options: Options) -> anyhow::Result<bool> {
    let expected = Expected::of(&servers.client().await?).await?;
    let (events, kafka) = (expected.len(), options.kafka.settings("relayed"));
    let state = Arc::new(Mutex::new((expected, Tally::default())));
    let reader = Reader {
        between: options.between,
        state: Arc::clone(&state),
        heard: watch::Sender::new(0),
    };
    read_all(&kafka, reader).await?;
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let (expected, tally) = &mut *state;
    let (missing, p95) = (expected.len(), percentile(&tally.lags, 95));
    print("events in the log", events);
    print("missing in kafka", missing);
    print("repeats", tally.repeats);
    print("out of order, unknown or unreadable", tally.faults.len());
    print(
        "event to record, p50 ms",
        percentile(&tally.lags, 50).round(),
    );
    print("event to record, p95 ms", p95.round());
    print(
        "event to record, p99 ms",
        percentile(&tally.lags, 99).round(),
    );
    for fault in tally.faults.iter().take(TOLD) {
        println!("  {fault}");
    }
    let is_in_time = options.lag_p95_under.is_none_or(|limit| p95 <= limit);
    Ok(events > 0 && missing == 0 && tally.faults.is_empty() && is_in_time)
}

impl Reader {
    fn counts(&self, at: i64) -> bool {
        let is_within = |(from, to): &(i64, i64)| (*from..*to).contains(&at);
        self.between.is_empty() || self.between.iter().any(is_within)
    }
}

/// Reads until nothing is missing any more, or nothing comes.
async fn read_all(kafka: &Settings, reader: Reader) -> anyhow::Result<()> {
    let (state, mut heard) = (Arc::clone(&reader.state), reader.heard.subscribe());
    let end = CancellationToken::new();
    let effort = Effort {
        give_up_after: Duration::ZERO,
        at_once: 1,
    };
    let reading = consumer::run(kafka, &TOPICS, reader, effort, end.clone());
    let watching = async {
        let is_complete = || state.lock().unwrap_or_else(PoisonError::into_inner).0.len() == 0;
        while !is_complete() {
            if tokio::time::timeout(SILENCE, heard.changed())
                .await
                .is_err()
            {
                break;
            }
        }
        end.cancel();
    };
    let (read, ()) = tokio::join!(reading, watching);
    read.context("reading the topics")
}

impl Handler for Reader {
    type Work = Told;

    fn read(&self, record: &Record) -> Reading<Told> {
        let Some(told) = told(record) else {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let place = format!("{} {}/{}", record.topic, record.partition, record.offset);
            state.1.faults.push(format!("{place} can't be read"));
            return Reading::Skip;
        };
        Reading::Work {
            key: told.channel.to_string(),
            work: told,
        }
    }

    async fn handle(&self, told: &Told) -> Result<(), Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (expected, tally) = &mut *state;
        match expected.take(&told.topic, told.channel, told.seq) {
            expected::Place::Next if self.counts(told.at) => tally.lags.push(told.lag),
            expected::Place::Next => {}
            expected::Place::Repeat => tally.repeats += 1,
            expected::Place::Wrong(instead_of) => tally.faults.push(format!(
                "{}: {}-{} came instead of {instead_of:?}",
                told.topic, told.channel, told.seq
            )),
        }
        self.heard.send_modify(|count| *count += 1);
        Ok(())
    }
}

/// Reads a record as anybody would; its key and id must agree with what it says.
fn told(record: &Record) -> Option<Told> {
    let value: Value = serde_json::from_slice(record.value.as_deref()?).ok()?;
    let number = |member: &str| value.get(member).and_then(Value::as_i64);
    let (channel, seq) = (number("channelId")?, number("seq")?);
    let is_keyed = record.key.as_deref() == Some(channel.to_string().as_bytes());
    let is_named =
        value.get("eventId").and_then(Value::as_str) == Some(&format!("{channel}-{seq}"));
    let at = number("timestamp")?;
    let lag = record.timestamp_ms?.saturating_sub(at);
    (is_keyed && is_named).then(|| Told {
        topic: record.topic.clone(),
        channel,
        seq,
        at,
        lag: i32::try_from(lag).map_or(f64::MAX, f64::from),
    })
}
