//! Broken records among many good ones: all of them are dead letters with a cause, nothing else is
//! touched, and what failed by our own fault comes back by a replay.

use std::time::Duration;

use discuss_bus::{NewRecord, Producer};
use tokio_postgres::Client;

use super::Stage;
use super::events::{self, Subject};
use super::letters::{self, Letters};
use super::settling::{made, settle};
use crate::figures::print;
use crate::servers::Servers;

/// One record in so many is broken.
const ONE_IN: u64 = 1_000;
/// How a broken record is broken, in turn.
const CLASSES: u64 = 5;
/// Good records are about so many entities in turn; no broken one is all that an entity has.
const ENTITIES: u64 = 1_999;
/// Records sent together.
const BATCH: usize = 500;

/// How many.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    stage: Stage,
    /// Records.
    #[arg(long, default_value_t = 40_000)]
    records: u64,
    /// The tenant.
    #[arg(long, default_value_t = 1)]
    tenant: u64,
}

/// What is expected after the letters were put back.
#[derive(Debug, clap::Args)]
pub(crate) struct ReplayedOptions {
    #[command(flatten)]
    options: Options,
    /// How many letters `discuss-consumer replay` said that it put back.
    #[arg(long)]
    put_back: usize,
}

impl Options {
    /// The numbers of the broken records.
    fn broken(&self) -> impl Iterator<Item = u64> {
        (1..=self.records).filter(|number| number.is_multiple_of(ONE_IN))
    }

    /// Those of the class that the database refuses while it has a trigger.
    fn refused(&self) -> i64 {
        let refused = self.broken().filter(|number| class(*number) == 0);
        i64::try_from(refused.count()).unwrap_or(i64::MAX)
    }

    fn good_channels(&self) -> i64 {
        i64::try_from(ENTITIES.min(self.records)).unwrap_or(i64::MAX)
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.stage.patience)
    }
}

fn class(number: u64) -> u64 {
    (number / ONE_IN) % CLASSES
}

/// Sends them, with a trigger in the database that refuses one class, and counts.
pub(crate) async fn run(servers: &Servers, options: Options) -> anyhow::Result<bool> {
    let client = options.stage.client(servers).await?;
    refuse_some(&client).await?;
    let kafka = options.stage.kafka.settings("poison");
    let producer = Producer::new(&kafka)?;
    let all: Vec<NewRecord> = (1..=options.records)
        .map(|number| record(&options, number))
        .collect();
    for batch in all.chunks(BATCH) {
        producer.send_all(batch).await?;
    }
    let wanted = options.good_channels();
    settle(wanted, options.patience(), || async {
        Ok(made(&client, options.tenant).await?.channels)
    })
    .await?;
    settle(i64::MAX, Duration::from_secs(20), || done(&client)).await?;
    let (made, letters) = (
        made(&client, options.tenant).await?,
        letters::count(&kafka).await?,
    );
    let broken = options.broken().count();
    print("records", options.records);
    print("broken", broken);
    print("dead letters", letters.total());
    print_kinds(&letters);
    print("channels of the good ones", made.channels);
    let kinds = letters.by_kind();
    let failed = i64::try_from(kinds.get("failed").copied().unwrap_or(0))?;
    let are_explained = letters
        .iter()
        .all(|letter| !letter.cause.is_empty() && letter.deaths == 1);
    let is_bounded = letters
        .iter()
        .all(|letter| letter.bytes <= discuss_bus::dead_letters::MAX_VALUE_BYTES);
    Ok(letters.total() == broken
        && failed == options.refused()
        && are_explained
        && is_bounded
        && made.channels == wanted)
}

/// After the trigger is gone and the letters were put back: what failed is done, the rest came back.
pub(crate) async fn replayed(servers: &Servers, options: ReplayedOptions) -> anyhow::Result<bool> {
    let ReplayedOptions { options, put_back } = options;
    let client = options.stage.client(servers).await?;
    let wanted = options.good_channels() + options.refused();
    settle(wanted, options.patience(), || async {
        Ok(made(&client, options.tenant).await?.channels)
    })
    .await?;
    let kafka = options.stage.kafka.settings("replayed");
    let (made, letters) = (
        made(&client, options.tenant).await?,
        letters::count(&kafka).await?,
    );
    let came_back = letters.iter().filter(|letter| letter.deaths == 2).count();
    let unreadable = options.broken().count() - usize::try_from(options.refused())?;
    print("put back", put_back);
    print("done after all", made.channels - options.good_channels());
    print("came back, unreadable as before", came_back);
    Ok(put_back == options.broken().count() && made.channels == wanted && came_back == unreadable)
}

/// From now on the database refuses channels of a certain name: our fault, not the record's.
async fn refuse_some(client: &Client) -> anyhow::Result<()> {
    let sql = "CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'refused for the proof'; END $$;
               CREATE TRIGGER refuse_some BEFORE INSERT ON channels FOR EACH ROW
                 WHEN (NEW.entity_id LIKE 'refused-%') EXECUTE FUNCTION refuse_some();";
    client.batch_execute(sql).await?;
    Ok(())
}

/// Something that grows as long as records are worked on.
async fn done(client: &Client) -> anyhow::Result<i64> {
    Ok(client
        .query_one("SELECT count(*) FROM inbox", &[])
        .await?
        .try_get(0)?)
}

fn print_kinds(letters: &Letters) {
    for (kind, count) in letters.by_kind() {
        print(&format!("  {kind}"), count);
    }
    let mut causes: Vec<&str> = letters.iter().map(|letter| letter.cause.as_str()).collect();
    causes.sort_unstable();
    causes.dedup();
    for cause in causes.iter().take(12) {
        println!("    {}", cause.chars().take(100).collect::<String>());
    }
}

/// The `number`-th record, good or broken.
fn record(options: &Options, number: u64) -> NewRecord {
    let at = 1_700_000_000_000 + i64::try_from(number).unwrap_or(0);
    let entity = number % ENTITIES;
    let subject = Subject {
        tenant: options.tenant,
        number: entity,
        at,
    };
    if number.is_multiple_of(ONE_IN) {
        return events::raw(number, broken(options.tenant, number));
    }
    if number < ENTITIES || number == ENTITIES + entity {
        return events::created(subject);
    }
    events::renamed(subject, &format!(" v{number}"))
}

fn broken(tenant: u64, number: u64) -> Vec<u8> {
    match class(number) {
        0 => format!(
            r#"{{"type":"ORDER_CREATED","entityType":"order","tenantId":{tenant},"entityId":"refused-{number}","entityName":"Refused","createdBy":1}}"#
        )
        .into_bytes(),
        1 => format!(r#"{{"type":"ORDER_CREATED","tenantId":{tenant}"#).into_bytes(),
        2 => format!(r#"{{"type":"ORDER_CREATED","tenantId":{tenant},"entityId":[1],"entityName":7,"createdBy":"x"}}"#)
            .into_bytes(),
        3 => format!(r#"{{"type":"ORDER_CREATED","entityId":"{number}","entityName":"No tenant","createdBy":1}}"#)
            .into_bytes(),
        _ => format!(
            r#"{{"type":"ORDER_CREATED","tenantId":{tenant},"entityId":"{number}","entityName":"{}"}}"#,
            "x".repeat(2 * 1024 * 1024)
        )
        .into_bytes(),
    }
}
