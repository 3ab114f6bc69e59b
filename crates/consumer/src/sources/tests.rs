//! Golden records: what each of them reads as, as an object and encoded twice; and what can't be read.

use discuss_domain::entities::Label;
use discuss_test_support::asyncapi;
use serde_json::{Value, json};

use super::*;

mod ids;

fn record(topic: &str, value: &[u8]) -> Record {
    Record {
        topic: topic.to_owned(),
        partition: 2,
        offset: 40,
        timestamp_ms: Some(1_764_000_000_999),
        key: None,
        value: Some(value.to_vec()),
        headers: Vec::new(),
    }
}

fn shown(news: &EntityNews) -> Value {
    let event = match news {
        EntityNews::Event(event) => event,
        EntityNews::GoneEverywhere { records, version } => {
            let records: Vec<String> = records.iter().map(RecordRef::to_string).collect();
            return json!({ "gone": records, "atMs": version.at_ms, "event": version.event });
        }
    };
    let happened = match &event.happened {
        Happened::Created { by: Some(by) } => format!("created by {by}"),
        Happened::Created { by: None } => "created".to_owned(),
        Happened::Changed => "changed".to_owned(),
        Happened::Gone => "gone".to_owned(),
        Happened::Returned => "returned".to_owned(),
        Happened::Became(to) => format!("became {to}"),
    };
    let people: Vec<i64> = event.facts.people.iter().map(|user| user.get()).collect();
    json!({
        "tenant": event.tenant.get(),
        "record": event.record.to_string(),
        "atMs": event.version.at_ms,
        "event": event.version.event,
        "happened": happened,
        "name": event.facts.name.as_ref().map(Label::as_str),
        "status": event.facts.status.as_ref().map(Label::as_str),
        "people": people,
    })
}

fn read_as(topic: &str, value: &[u8]) -> Value {
    match read(&record(topic, value)).unwrap() {
        None => json!("skip"),
        Some(read) => {
            assert_eq!(read.inbox.source, topic);
            shown(&read.news)
        }
    }
}

fn why_not(topic: &str, value: &Value) -> String {
    let value = serde_json::to_vec(value).unwrap();
    read(&record(topic, &value)).unwrap_err().to_string()
}

#[test]
fn golden_records_read_the_same_as_objects_and_encoded_twice() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sources/golden");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let golden: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let topic = golden["topic"].as_str().unwrap();
        if golden["reads"].is_object() {
            asyncapi::require_payload(&format!("consumed.{topic}"), &golden["value"]);
        }
        let once = serde_json::to_vec(&golden["value"]).unwrap();
        let twice = serde_json::to_vec(&golden["value"].to_string()).unwrap();
        for value in [once, twice] {
            assert_eq!(
                read_as(topic, &value),
                golden["reads"],
                "{}",
                path.display()
            );
        }
        count += 1;
    }
    assert_eq!(count, 30);
}

#[test]
fn topics_and_tombstones_that_do_not_concern_us_are_passed() {
    assert_eq!(read_as("crm.customer", b"{}"), json!("skip"));
    let mut tombstone = record("ENTITY_EVENTS", b"");
    tombstone.value = None;
    assert_eq!(read(&tombstone), Ok(None));
}

fn why_not_with(field: &str, value: Value) -> String {
    let mut event = json!({
        "type": "CUSTOMER_CREATED", "tenantId": 3, "entityId": 7, "createdBy": 5, "entityName": "A",
    });
    event[field] = value;
    why_not("ENTITY_EVENTS", &event)
}

#[test]
fn a_wrong_or_missing_type_tenant_or_record_is_named() {
    let no_tenant = "tenantId: must be a whole number from 1 to 9007199254740991";
    let no_id = "entityId: must be a whole number or a text";
    for (field, value, why) in [
        ("type", json!(7), "type: must be a text"),
        ("type", Value::Null, "type: is required"),
        (
            "type",
            json!("CUSTOMER_ASSIGNED"),
            "assignedTo: is required",
        ),
        (
            "type",
            json!("CUSTOMER_MERGED"),
            "intoEntityId: is required",
        ),
        (
            "type",
            json!("CUSTOMER_CONVERTED"),
            "toEntityType: is required",
        ),
        ("type", json!("ENTITY_CREATED"), "entityType: is required"),
        ("tenantId", Value::Null, "tenantId: is required"),
        ("tenantId", json!("x"), "tenantId: must be a whole number"),
        ("tenantId", json!(0), no_tenant),
        ("entityId", Value::Null, "entityId: is required"),
        ("entityId", json!([1]), no_id),
        ("entityId", json!(1.5), no_id),
        ("entityId", json!(" "), "entityId: must not be blank"),
    ] {
        assert_eq!(why_not_with(field, value), why);
    }
}

#[test]
fn a_wrong_name_person_or_time_is_named() {
    let no_null = "entityName: must not contain the character U+0000";
    let too_many = "memberIds: must name at most 1000 people";
    let nobody = "assignedTo: must be a whole number from 1 to 9007199254740991";
    for (field, value, why) in [
        ("entityName", json!(7), "entityName: must be a text"),
        ("entityName", json!("a\0"), no_null),
        ("createdBy", json!({}), "createdBy: must be a whole number"),
        ("memberIds", json!("7"), "memberIds: must be a list"),
        (
            "memberIds",
            json!([7, "x"]),
            "memberIds: must be a list of user ids",
        ),
        ("memberIds", json!(vec![7; 1_001]), too_many),
        ("assignedTo", json!(-1), nobody),
        (
            "timestamp",
            json!("soon"),
            "timestamp: must be a whole number",
        ),
        (
            "timestamp",
            json!(1_764_000_000),
            "timestamp: must be epoch milliseconds",
        ),
        ("eventId", json!([]), "eventId: must be a text"),
    ] {
        assert_eq!(why_not_with(field, value), why);
    }
}

#[test]
fn what_is_wrong_with_a_task_is_named() {
    let topic = "serp.ptm.task.events";
    let of = |kind: &str, data: Value| json!({ "meta": { "type": kind }, "data": data });
    for (value, why) in [
        (json!({}), "meta: is required"),
        (json!({ "meta": 1 }), "meta: must be an object"),
        (json!({ "meta": {} }), "meta.type: is required"),
        (
            json!({ "meta": { "type": "ptm.task.created" } }),
            "data: is required",
        ),
        (
            of("ptm.task.created", json!({})),
            "data.tenantId: is required",
        ),
        (
            of("ptm.task.updated", json!({ "tenantId": 3 })),
            "data.taskId: is required",
        ),
        (
            of("ptm.task.bulk_deleted", json!({})),
            "data.taskIds: is required",
        ),
        (
            of("ptm.task.bulk_deleted", json!({ "taskIds": 7 })),
            "data.taskIds: must be a list",
        ),
        (
            of("ptm.task.bulk_deleted", json!({ "taskIds": [true] })),
            "data.taskIds: must be a whole number or a text",
        ),
    ] {
        assert_eq!(why_not(topic, &value), why);
    }
}

#[test]
fn what_is_no_json_object_is_named_so() {
    let why = |value: &[u8]| {
        read(&record("ENTITY_EVENTS", value))
            .unwrap_err()
            .to_string()
    };
    assert!(why(b"{").starts_with("the value is no JSON: "));
    assert!(why(b"\"{\"").starts_with("the value is no JSON: "));
    assert!(why(b"\xff").starts_with("the value is no JSON: "));
    assert_eq!(why(b"[]"), "the value must be a JSON object");
    assert_eq!(why(b"\"\\\"{}\\\"\""), "the value must be a JSON object");
}
