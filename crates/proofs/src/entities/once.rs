//! Events that come three times each, to consumers that are killed meanwhile: one channel and one
//! system message each.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use discuss_bus::{NewRecord, Producer};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_postgres::Client;

use super::Stage;
use super::events::{self, Subject};
use super::settling::{made, settle};
use crate::figures::{percentile, print};
use crate::servers::Servers;

/// Batches a second: events are sent in portions of this many to the second.
const BEATS: u64 = 20;

/// How much, how fast.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    stage: Stage,
    /// Business events.
    #[arg(long, default_value_t = 2_000)]
    events: u64,
    /// How often each is delivered.
    #[arg(long, default_value_t = 3)]
    times: u64,
    /// Events a second, repeats not counted.
    #[arg(long, default_value_t = 200)]
    rate: u64,
    /// The tenant.
    #[arg(long, default_value_t = 1)]
    tenant: u64,
    /// Fail unless 99 % of the channels were there so many milliseconds after their first record.
    #[arg(long, value_name = "MS")]
    lag_p99_under: Option<f64>,
}

/// Sends them and looks what became of them.
pub(crate) async fn run(servers: &Servers, options: Options) -> anyhow::Result<bool> {
    let producer = Producer::new(&options.stage.kafka.settings("once"))?;
    let sent = send(&producer, &options).await?;
    let client = options.stage.client(servers).await?;
    let wanted = i64::try_from(options.events)?;
    let patience = Duration::from_secs(options.stage.patience);
    settle(wanted, patience, || async {
        Ok(made(&client, options.tenant).await?.channels)
    })
    .await?;
    settle(wanted, patience, || async {
        Ok(made(&client, options.tenant).await?.system_messages)
    })
    .await?;
    // Whatever comes a second time comes soon.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let made = made(&client, options.tenant).await?;
    let lags = lags(&client, &options, &sent).await?;
    let p99 = percentile(&lags, 99);
    print(
        "events, each sent so many times",
        format!("{} x {}", options.events, options.times),
    );
    print("channels", made.channels);
    print("system messages", made.system_messages);
    print("record to channel, p50 ms", percentile(&lags, 50).round());
    print("record to channel, p99 ms", p99.round());
    let is_once = [made.channels, made.entities, made.system_messages]
        .iter()
        .all(|count| *count == wanted);
    Ok(is_once && options.lag_p99_under.is_none_or(|limit| p99 <= limit))
}

/// Sends all events at their rate, the repeats a little later among others; answers when each went out
/// first, in milliseconds since 1970.
async fn send(producer: &Producer, options: &Options) -> anyhow::Result<HashMap<u64, i64>> {
    let portion = (options.rate / BEATS).max(1);
    let mut beats = interval(Duration::from_secs(1) / u32::try_from(BEATS)?);
    beats.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut sent, mut later): (HashMap<u64, i64>, Vec<NewRecord>) = (HashMap::new(), Vec::new());
    let mut random = fastrand::Rng::with_seed(7);
    let began = Instant::now();
    for first in (1..=options.events).step_by(usize::try_from(portion)?) {
        beats.tick().await;
        let mut batch = Vec::new();
        for number in first..(first + portion).min(options.events + 1) {
            let at = now_ms();
            let record = events::created(Subject {
                tenant: options.tenant,
                number,
                at,
            });
            sent.insert(number, at);
            later.extend((1..options.times).map(|_| record.clone()));
            batch.push(record);
        }
        random.shuffle(&mut later);
        let repeats = later.len().saturating_sub(usize::try_from(portion * 10)?);
        batch.extend(later.drain(..repeats));
        producer.send_all(&batch).await?;
    }
    producer.send_all(&later).await?;
    print("seconds of sending", began.elapsed().as_secs());
    Ok(sent)
}

/// How long after its record went out each channel was made, in milliseconds.
async fn lags(
    client: &Client,
    options: &Options,
    sent: &HashMap<u64, i64>,
) -> anyhow::Result<Vec<f64>> {
    let sql = "SELECT entity_id, (extract(epoch FROM created_at) * 1000)::bigint FROM channels
                WHERE tenant_id = $1 AND kind = 'TOPIC'";
    let rows = client
        .query(sql, &[&i64::try_from(options.tenant)?])
        .await?;
    let lag = |row: &tokio_postgres::Row| -> anyhow::Result<Option<f64>> {
        let (id, made): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
        let at = id.parse().ok().and_then(|id: u64| sent.get(&id));
        let lag = at.and_then(|at| i32::try_from(made.saturating_sub(*at)).ok());
        Ok(lag.map(f64::from))
    };
    rows.iter().filter_map(|row| lag(row).transpose()).collect()
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
