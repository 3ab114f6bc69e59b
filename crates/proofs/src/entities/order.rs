//! Random orders and repetitions of what happens to records end in the state of the ordered run.

use std::time::Duration;

use discuss_bus::{NewRecord, Producer};
use serde_json::Value;
use tokio_postgres::Client;
use uuid::Uuid;

use super::Stage;
use super::events::{self, Subject};
use super::settling::settle;
use crate::figures::print;
use crate::servers::Servers;

/// Tenants that have the same happen to them: one in order, the others at random.
const ORDERED: u64 = 1;
const SHUFFLED: [u64; 2] = [2, 3];
/// Records sent together.
const BATCH: usize = 500;
/// Differences that are told.
const TOLD: usize = 10;

/// The state of every entity of a tenant: its channel, who is in it, its other names, its versions.
const STATE: &str = "
SELECT e.entity_type || ' ' || e.entity_id,
       jsonb_build_object(
         'entity', to_jsonb(e.*) - '{tenant_id,channel_id,created_at,updated_at}'::text[],
         'channel', (SELECT jsonb_build_object('name', c.name, 'archived', c.archived_at IS NOT NULL,
                            'type', c.entity_type, 'id', c.entity_id, 'members', c.member_count,
                            'people', (SELECT jsonb_agg(m.user_id || ' ' || m.role || ' ' || m.status ORDER BY m.user_id)
                                         FROM channel_members m WHERE m.channel_id = c.id))
                       FROM channels c
                      WHERE c.tenant_id = e.tenant_id AND c.entity_type = e.entity_type AND c.entity_id = e.entity_id),
         'aliases', (SELECT jsonb_agg(a.entity_type || ' ' || a.entity_id ORDER BY a.entity_type, a.entity_id)
                       FROM channel_aliases a JOIN channels c ON c.id = a.channel_id
                      WHERE c.tenant_id = e.tenant_id AND c.entity_type = e.entity_type AND c.entity_id = e.entity_id))::text
  FROM entities e WHERE e.tenant_id = $1 ORDER BY 1";

/// How many.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    stage: Stage,
    /// Business records.
    #[arg(long, default_value_t = 1_000)]
    records: u64,
    /// The random orders' seed; drawn if none is given.
    #[arg(long)]
    seed: Option<u64>,
}

/// Sends the same histories in order and at random, and compares what they end in.
pub(crate) async fn run(servers: &Servers, options: Options) -> anyhow::Result<bool> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    print("seed", seed);
    let client = options.stage.client(servers).await?;
    let producer = Producer::new(&options.stage.kafka.settings("order"))?;
    let mut ids = 0;
    let in_order = histories(ORDERED, options.records, seed);
    ids += in_order.len();
    send(&producer, &in_order).await?;
    for (turn, tenant) in (1..).zip(SHUFFLED) {
        let histories = histories(tenant, options.records, seed);
        ids += histories.len();
        send(&producer, &shuffled(&histories, seed.wrapping_add(turn))).await?;
    }
    let patience = Duration::from_secs(options.stage.patience);
    let wanted = i64::try_from(ids)?;
    let taken = settle(wanted, patience, || async {
        Ok(client
            .query_one("SELECT count(*) FROM inbox", &[])
            .await?
            .try_get(0)?)
    });
    let taken = taken.await?;
    print("different events", ids);
    print("taken in", taken);
    let expected = state(&client, ORDERED).await?;
    let are_whole = expected
        .iter()
        .all(|(_, state)| state.contains("\"people\": [\""));
    print("entities of the ordered run", expected.len());
    let mut differences = 0;
    for tenant in SHUFFLED {
        differences += compare(&expected, &state(&client, tenant).await?);
    }
    print("that differ in the random runs", differences);
    Ok(taken == wanted
        && are_whole
        && expected.len() == usize::try_from(options.records)?
        && differences == 0)
}

/// What happens to each record, in order; the same for each tenant, but for the ids of the events.
fn histories(tenant: u64, records: u64, seed: u64) -> Vec<NewRecord> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut all = Vec::new();
    for number in 1..=records {
        let mut subject = Subject {
            tenant,
            number,
            at: 1_700_000_000_000,
        };
        let mut add = |subject: Subject, record: NewRecord| all.push(with_id(record, subject));
        add(subject, events::created(subject));
        for _ in 0..random.u64(2..6) {
            subject.at += random.i64(1..1_000);
            let event = match random.u8(0..2) {
                0 => events::renamed(subject, &format!(" at {}", subject.at)),
                _ => events::assigned(subject, random.u64(300..320)),
            };
            add(subject, event);
        }
        if random.u8(0..3) == 0 {
            subject.at += 1;
            add(subject, events::deleted(subject));
        }
    }
    all
}

/// Gives an event an id that is the same for all tenants but for its first part, [`own_part`]. A UUID: any
/// other id would count together with its tenant.
fn with_id(record: NewRecord, subject: Subject) -> NewRecord {
    let value = record.value.as_deref().unwrap_or_default();
    let mut event: Value = serde_json::from_slice(value).unwrap_or_default();
    let id = Uuid::from_u64_pair(
        (subject.tenant << 32) | subject.number,
        subject.at.unsigned_abs(),
    );
    if let Some(event) = event.as_object_mut() {
        event.insert("eventId".to_owned(), Value::String(id.to_string()));
    }
    NewRecord {
        value: Some(event.to_string().into_bytes()),
        ..record
    }
}

/// The part of an event's id that names its tenant.
fn own_part(tenant: u64) -> String {
    format!("{tenant:08x}-")
}

/// Each of them one to three times, in any order.
fn shuffled(events: &[NewRecord], seed: u64) -> Vec<NewRecord> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut all = Vec::new();
    for event in events {
        all.extend((0..random.u8(1..4)).map(|_| event.clone()));
    }
    random.shuffle(&mut all);
    all
}

async fn send(producer: &Producer, records: &[NewRecord]) -> anyhow::Result<()> {
    for batch in records.chunks(BATCH) {
        producer.send_all(batch).await?;
    }
    Ok(())
}

/// Every entity of a tenant, by name, as text that does not name the tenant.
async fn state(client: &Client, tenant: u64) -> anyhow::Result<Vec<(String, String)>> {
    let rows = client.query(STATE, &[&i64::try_from(tenant)?]).await?;
    let own = own_part(tenant);
    let entity = |row: &tokio_postgres::Row| -> anyhow::Result<(String, String)> {
        let state: String = row.try_get(1)?;
        Ok((row.try_get(0)?, state.replace(&own, "")))
    };
    rows.iter().map(entity).collect()
}

fn compare(expected: &[(String, String)], found: &[(String, String)]) -> usize {
    let different: Vec<_> = expected
        .iter()
        .filter(|entity| !found.contains(entity))
        .collect();
    for (name, state) in different.iter().take(TOLD) {
        let instead = found.iter().find(|(other, _)| other == name);
        println!(
            "  {name}\n    ordered {state}\n    random  {}",
            instead.map_or("nothing", |(_, state)| state)
        );
    }
    different.len() + found.len().saturating_sub(expected.len())
}
