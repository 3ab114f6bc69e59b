//! Records that go on flowing while something is away: none is a dead letter, all are done afterwards.

use std::time::Duration;

use discuss_bus::Producer;
use tokio::time::interval;

use super::Stage;
use super::events::{self, Subject};
use super::letters;
use super::settling::{made, settle};
use crate::figures::print;
use crate::servers::Servers;

/// How long, how fast.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    stage: Stage,
    /// Seconds for which records flow.
    #[arg(long, default_value_t = 90)]
    seconds: u64,
    /// Records a second.
    #[arg(long, default_value_t = 20)]
    rate: u64,
    /// The tenant.
    #[arg(long, default_value_t = 1)]
    tenant: u64,
}

/// Sends records, and then looks what became of them.
pub(crate) async fn run(servers: &Servers, options: Options) -> anyhow::Result<bool> {
    let kafka = options.stage.kafka.settings("flow");
    let producer = Producer::new(&kafka)?;
    let (total, at) = (options.seconds * options.rate, 1_700_000_000_000);
    let mut beats = interval(Duration::from_secs(1) / u32::try_from(options.rate)?);
    for number in 1..=total {
        beats.tick().await;
        let record = events::created(Subject {
            tenant: options.tenant,
            number,
            at,
        });
        producer.send_all(&[record]).await?;
    }
    let client = options.stage.client(servers).await?;
    let patience = Duration::from_secs(options.stage.patience);
    let wanted = i64::try_from(total)?;
    settle(wanted, patience, || async {
        Ok(made(&client, options.tenant).await?.system_messages)
    })
    .await?;
    let (made, dead) = (
        made(&client, options.tenant).await?,
        letters::count(&kafka).await?,
    );
    print("records", total);
    print("channels", made.channels);
    print("system messages", made.system_messages);
    print("dead letters", dead.total());
    Ok(made.channels == wanted && made.system_messages == wanted && dead.total() == 0)
}
