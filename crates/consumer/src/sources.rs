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

use self::fields::Fields;

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
    let inbox = InboxKey {
        source: (*topic).to_owned(),
        event_id: inbox_id(&told, record),
    };
    let version = Version {
        at_ms: told.at_ms.or(record.timestamp_ms).unwrap_or(0),
        event: event_id(&told, record),
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

/// The event's own id if nobody else has the same; else one made of what it is about and of that id, or
/// of the time; else its place in Kafka.
fn event_id(told: &Told, record: &Record) -> String {
    let about = || format!("{}\n{}\n{}", record.topic, told.kind, told.what.name());
    match (&told.event_id, told.at_ms) {
        (Some(id), _) if is_unique(id) => id.clone(),
        // Many services write to one topic, and may count their events, each tenant's from one.
        (Some(id), _) => hash(&format!("{}\n{id}", about())),
        (None, Some(at_ms)) => hash(&format!("{}\n{}\n{at_ms}", told.kind, told.what.name())),
        (None, None) => format!("{}-{}-{}", record.topic, record.partition, record.offset),
    }
}

/// Is it a UUID? With hyphens: without them it might be a long number.
fn is_unique(id: &str) -> bool {
    id.len() == UUID_LENGTH && Uuid::try_parse(id).is_ok()
}

/// The id under which the inbox knows the event. Only a UUID is one of its own: several services and
/// tenants share a topic, and each may number its events from 1.
fn inbox_id(told: &Told, record: &Record) -> String {
    match &told.event_id {
        Some(id) if Uuid::parse_str(id).is_err() => {
            hash(&format!("{}\n{}\n{id}", told.kind, told.what.name()))
        }
        _ => event_id(told, record),
    }
}

fn hash(text: &str) -> String {
    Uuid::new_v5(&EVENTS, text.as_bytes()).to_string()
}

impl What {
    fn name(&self) -> String {
        match self {
            Self::Event { tenant, record, .. } => format!("{tenant}\n{record}"),
            Self::GoneEverywhere(records) => {
                let names: Vec<String> = records.iter().map(RecordRef::to_string).collect();
                names.join("\n")
            }
        }
    }
}

#[cfg(test)]
mod tests;
