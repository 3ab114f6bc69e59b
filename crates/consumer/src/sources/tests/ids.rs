//! By which ids events are taken once.

use super::*;

fn inbox_id(topic: &str, event: &Value) -> String {
    let value = serde_json::to_vec(event).unwrap();
    let read = read(&record(topic, &value)).unwrap().unwrap();
    read.inbox.event_id
}

#[test]
fn an_event_without_id_and_time_goes_by_its_place_and_a_uuid_by_its_tenant() {
    let mut event = json!({ "type": "CUSTOMER_DELETED", "tenantId": 3, "entityId": 7 });
    let id_of = |event: &Value| inbox_id("ENTITY_EVENTS", event);
    assert_eq!(id_of(&event), "ENTITY_EVENTS-2-40");
    event["eventId"] = json!("x".repeat(201));
    assert_eq!(id_of(&event).len(), 36);
    for uuid in [
        "5f0c2a9e-7d41-4b36-9e1f-08a6c3d2b7e4",
        "5F0C2A9E-7D41-4B36-9E1F-08A6C3D2B7E4",
    ] {
        event["eventId"] = json!(uuid);
        let id = id_of(&event);
        assert_eq!(id, id_of(&event));
        let mut abroad = event.clone();
        abroad["tenantId"] = json!(4);
        assert_ne!(id, id_of(&abroad), "{uuid}");
    }
}

#[test]
fn without_an_id_what_an_event_says_tells_it_from_others_of_its_moment() {
    let assigned = |user: i64| {
        let event = json!({
            "type": "CUSTOMER_ASSIGNED", "tenantId": 3, "entityId": 7, "timestamp": 1_700_000_000_005_i64, "assignedTo": user,
        });
        inbox_id("ENTITY_EVENTS", &event)
    };
    assert_eq!(assigned(5), assigned(5));
    assert_ne!(assigned(5), assigned(6));
}

#[test]
fn ids_with_line_feeds_are_not_taken_for_others() {
    let id_of = |entity: &str, id: &str| {
        let event =
            json!({ "type": "CUSTOMER_DELETED", "tenantId": 3, "entityId": entity, "eventId": id });
        inbox_id("ENTITY_EVENTS", &event)
    };
    assert_ne!(id_of("D\nE", "1"), id_of("D", "E\n1"));
}

#[test]
fn an_event_from_the_future_is_refused() {
    let event = json!({
        "type": "CUSTOMER_DELETED", "tenantId": 3, "entityId": 7, "timestamp": 253_402_300_799_999_i64,
    });
    let value = serde_json::to_vec(&event).unwrap();
    let refused = read(&record("ENTITY_EVENTS", &value)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the event's time is more than a day after its record's"
    );
}

#[test]
fn the_same_number_of_another_type_tenant_or_record_is_another_event() {
    let event = json!({
        "type": "CUSTOMER_DELETED", "tenantId": 3, "entityId": 7, "eventId": 17, "timestamp": 1_700_000_000_005_i64,
    });
    let with = |field: &str, value: Value| {
        let mut event = event.clone();
        event[field] = value;
        inbox_id("ENTITY_EVENTS", &event)
    };
    let again = [
        with("eventId", json!("17")),
        with("timestamp", json!(1_700_000_000_006_i64)),
        with("entityName", json!("Acme")),
    ];
    let others = [
        with("type", json!("CUSTOMER_UPDATED")),
        with("type", json!("TASK_DELETED")),
        with("tenantId", json!(4)),
        with("entityId", json!(8)),
        with("eventId", json!(18)),
        with("eventId", json!("17171717171717171717171717171717")),
    ];
    let id = inbox_id("ENTITY_EVENTS", &event);
    assert_eq!(id.len(), 36);
    assert!(again.iter().all(|same| *same == id));
    let different: std::collections::HashSet<&String> = others.iter().chain([&id]).collect();
    assert_eq!(different.len(), 7);
}
