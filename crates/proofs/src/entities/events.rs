//! Business records, made up.

use discuss_bus::NewRecord;
use serde_json::{Value, json};
use uuid::Uuid;

use super::TOPIC;

/// Types and the words of their records.
const ENTITIES: [&str; 5] = ["customer", "lead", "opportunity", "order", "shipment"];

/// The type of the `number`-th record.
pub(super) fn entity(number: u64) -> &'static str {
    let place = usize::try_from(number).unwrap_or(0) % ENTITIES.len();
    ENTITIES.get(place).copied().unwrap_or("customer")
}

/// What every record says of itself: the tenant, its number, when (milliseconds since 1970).
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject {
    pub(super) tenant: u64,
    pub(super) number: u64,
    pub(super) at: i64,
}

/// The `number`-th entity of the tenant comes into being.
pub(super) fn created(subject: Subject) -> NewRecord {
    let people = json!({
        "createdBy": 1 + subject.number % 50, "assignedTo": 51 + subject.number % 50,
        "memberIds": [101 + subject.number % 50, 151 + subject.number % 50],
    });
    record(subject, "CREATED", &named(subject, ""), people)
}

/// It is called otherwise.
pub(super) fn renamed(subject: Subject, suffix: &str) -> NewRecord {
    record(
        subject,
        "UPDATED",
        &named(subject, suffix),
        json!({ "createdBy": 1, "status": suffix }),
    )
}

/// Somebody is to look after it.
pub(super) fn assigned(subject: Subject, user: u64) -> NewRecord {
    record(
        subject,
        "ASSIGNED",
        &Value::Null,
        json!({ "createdBy": 1, "assignedTo": user }),
    )
}

/// It is no more.
pub(super) fn deleted(subject: Subject) -> NewRecord {
    record(subject, "DELETED", &Value::Null, json!({ "createdBy": 1 }))
}

fn named(subject: Subject, suffix: &str) -> Value {
    Value::String(format!("Record {}{suffix}", subject.number))
}

fn record(subject: Subject, word: &str, name: &Value, more: Value) -> NewRecord {
    let kind = entity(subject.number);
    let mut event = json!({
        "type": format!("{}_{word}", kind.to_uppercase()), "entityType": kind,
        "tenantId": subject.tenant, "entityId": subject.number.to_string(),
        "eventId": Uuid::new_v4(), "timestamp": subject.at,
    });
    if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
        event.extend(more);
        if !name.is_null() {
            event.insert("entityName".to_owned(), name.clone());
        }
    }
    raw(subject.number, event.to_string().into_bytes())
}

/// Anything at all, under the key of an entity.
pub(super) fn raw(number: u64, value: Vec<u8>) -> NewRecord {
    NewRecord {
        topic: TOPIC.to_owned(),
        key: Some(number.to_string().into_bytes()),
        value: Some(value),
        ..NewRecord::default()
    }
}
