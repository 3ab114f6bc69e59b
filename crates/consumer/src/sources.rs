//! What other services say of their records: a decoder for each topic, all to the same
//! [`EntityNews`].
//!
//! A decoder is pure: the same record reads the same whenever it is asked. To add a source, write its
//! decoder beside the others and give it a line in [`SOURCES`]; projects, work items and the CRM's own
//! topics are to come so.

use discuss_app::entities::InboxKey;
use discuss_bus::Record;
use discuss_domain::TenantId;
use discuss_domain::entities::{EntityEvent, EntityNews, Facts, Happened, RecordRef, Version};
use uuid::Uuid;

use self::fields::{Fields, Object};

mod entity_events;
mod fields;
mod ptm_tasks;

/// Every topic that is understood, and how.
const SOURCES: [(&str, Decode); 2] = [
    ("ENTITY_EVENTS", entity_events::decode),
    ("serp.ptm.task.events", ptm_tasks::decode),
];

/// Reads a record's object; nothing if it is of a type that does not concern us.
type Decode = fn(&Fields<'_>) -> Result<Option<Told>, Unreadable>;

/// The namespace of ids for events whose own can not tell them apart.
const EVENTS: Uuid = Uuid::from_u128(0x3b9e_57c1_8d04_4f6a_a1c2_6e0f_94d7_2b58);
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Characters of a UUID with hyphens.
const UUID_LENGTH: usize = 36;

/// Why a record can't be understood: names the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreadable(String);

/// News, and the id under which they are taken once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) inbox: InboxKey,
    pub(crate) news: EntityNews,
}

/// What a decoder finds in a record.
struct Told {
    /// The event's type.
    kind: String,
    /// The event's id, if it has one.
    event_id: Option<String>,
    /// When it happened, if it says so; epoch milliseconds.
    at_ms: Option<i64>,
    what: What,
}

enum What {
    Event {
        tenant: TenantId,
        record: RecordRef,
        happened: Happened,
        facts: Facts,
    },
    GoneEverywhere(Vec<RecordRef>),
}

/// The topics that are understood.
pub(crate) fn topics() -> impl Iterator<Item = &'static str> {
    SOURCES.iter().map(|(topic, _)| *topic)
}

/// Reads a record; nothing if it does not concern us.
pub(crate) fn read(record: &Record) -> Result<Option<Read>, Unreadable> {
    let source = SOURCES.iter().find(|(topic, _)| *topic == record.topic);
    let (Some((topic, decode)), Some(value)) = (source, &record.value) else {
        return Ok(None);
    };
    let object = fields::object(value)?;
    let Some(told) = decode(&Fields::of(&object))? else {
        return Ok(None);
    };
    require_past(&told, record)?;
    let inbox = InboxKey {
        source: (*topic).to_owned(),
        event_id: inbox_id(&told, (record, &object)),
    };
    let version = Version {
        at_ms: told.at_ms.or(record.timestamp_ms).unwrap_or(0),
        event: event_id(&told, (record, &object)),
    };
    let news = match told.what {
        What::Event {
            tenant,
            record,
            happened,
            facts,
        } => EntityNews::Event(EntityEvent {
            tenant,
            record,
            version,
            happened,
            facts,
        }),
        What::GoneEverywhere(records) => EntityNews::GoneEverywhere { records, version },
    };
    Ok(Some(Read { inbox, news }))
}

/// What two events of one record and one moment are put in order by: the same on every delivery.
fn event_id(told: &Told, (record, object): (&Record, &Object)) -> String {
    match &told.event_id {
        Some(id) if is_unique(id) => id.clone(),
        // Many services write to one topic, and may count their events, each tenant's from one.
        Some(id) => hash(&[&record.topic, &told.kind, &told.what.name(), id]),
        None => inbox_id(told, (record, object)),
    }
}

/// Is it a UUID? With hyphens: without them it might be a long number.
fn is_unique(id: &str) -> bool {
    id.len() == UUID_LENGTH && Uuid::try_parse(id).is_ok()
}

/// The id under which the inbox knows the event: made of what it is about and of its own id, for several services
/// and tenants share a topic, each may number its events from 1, and an import may give all of its events one id;
/// without an id, of what it is about, of its time and of all that it says; else its place in Kafka.
fn inbox_id(told: &Told, (record, object): (&Record, &Object)) -> String {
    let name = told.what.name();
    match (&told.event_id, told.at_ms) {
        (Some(id), _) => hash(&[&told.kind, &name, id]),
        // Its members are in the order of their names, however it was written.
        (None, Some(_)) => {
            let said = serde_json::to_string(object).unwrap_or_default();
            hash(&[&told.kind, &name, &said])
        }
        (None, None) => format!("{}-{}-{}", record.topic, record.partition, record.offset),
    }
}

/// The lengths tell parts apart whatever is in them.
fn hash(parts: &[&str]) -> String {
    let parts = parts.iter().map(|part| format!("{}:{part}", part.len()));
    let text: String = parts.collect();
    Uuid::new_v5(&EVENTS, text.as_bytes()).to_string()
}

/// Clocks differ; but who is a day ahead would rule a field until then.
fn require_past(told: &Told, record: &Record) -> Result<(), Unreadable> {
    match (told.at_ms, record.timestamp_ms) {
        (Some(at), Some(sent)) if at > sent.saturating_add(DAY_MS) => Err(Unreadable(
            "the event's time is more than a day after its record's".to_owned(),
        )),
        _ => Ok(()),
    }
}

impl What {
    fn name(&self) -> String {
        match self {
            Self::Event { tenant, record, .. } => format!("{tenant}\n{record}"),
            Self::GoneEverywhere(records) => {
                let names = records.iter().map(RecordRef::to_string);
                let names = names.map(|name| format!("{}:{name}", name.len()));
                names.collect()
            }
        }
    }
}

#[cfg(test)]
mod tests;
