//! The business records of the story, as the other services of SERP write them.

use discuss_bus::NewRecord;
use serde_json::{Value, json};
use uuid::Uuid;

/// The topic of the CRM, of purchase and of logistics.
pub(super) const ENTITY_EVENTS: &str = "ENTITY_EVENTS";
/// The topic of tasks.
pub(super) const TASK_EVENTS: &str = "serp.ptm.task.events";

/// Where and when: the tenant, a number that no other run uses, and the time of an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    pub(super) tenant: u64,
    /// Ids of the records of this run.
    pub(super) id: u64,
    /// Milliseconds since 1970.
    pub(super) now: i64,
}

/// The CRM announces a customer of Ana's, on whom Binh and Chi work.
pub(super) fn customer_created(scene: Scene) -> NewRecord {
    record(
        ENTITY_EVENTS,
        scene.id,
        &json!({
            "type": "CUSTOMER_CREATED", "tenantId": scene.tenant, "entityType": "customer",
            "entityId": scene.id, "entityName": "Nordwind GmbH", "createdBy": 1, "assignedTo": 2,
            "memberIds": [3], "eventId": Uuid::new_v4(), "timestamp": scene.now,
        }),
    )
}

/// The CRM renames it.
pub(super) fn customer_renamed(scene: Scene) -> NewRecord {
    record(
        ENTITY_EVENTS,
        scene.id,
        &json!({
            "type": "CUSTOMER_UPDATED", "tenantId": scene.tenant, "entityType": "customer",
            "entityId": scene.id, "entityName": "Nordwind AG", "createdBy": 1,
            "eventId": Uuid::new_v4(), "timestamp": scene.now,
        }),
    )
}

/// Purchase announces an order of Chi's that Ana is to release; its id is a string.
pub(super) fn order_created(scene: Scene) -> NewRecord {
    record(
        ENTITY_EVENTS,
        scene.id,
        &json!({
            "type": "ORDER_CREATED", "tenantId": scene.tenant, "entityType": "order",
            "entityId": format!("PO-{}", scene.id), "entityName": format!("PO-{}", scene.id),
            "createdBy": 3, "assignedTo": 1, "eventId": Uuid::new_v4(), "timestamp": scene.now,
        }),
    )
}

/// PTM announces a task of Binh's; its producer encodes twice.
pub(super) fn task_created(scene: Scene) -> NewRecord {
    let event = json!({
        "meta": { "id": Uuid::new_v4(), "type": "ptm.task.created", "source": "ptm-task", "v": "1.0",
                  "ts": scene.now, "traceId": Uuid::new_v4() },
        "data": { "taskId": scene.id, "userId": 2, "tenantId": scene.tenant,
                  "title": "Call Nordwind back", "priority": "HIGH", "status": "TODO" },
    });
    record(TASK_EVENTS, scene.id, &Value::String(event.to_string()))
}

/// Somebody's deployment went wrong.
pub(super) fn broken(scene: Scene) -> NewRecord {
    NewRecord {
        value: Some(
            format!("{{\"type\":\"CUSTOMER_CREATED\",\"tenantId\":{}", scene.id).into_bytes(),
        ),
        ..record(ENTITY_EVENTS, scene.id, &Value::Null)
    }
}

fn record(topic: &str, key: u64, value: &Value) -> NewRecord {
    NewRecord {
        topic: topic.to_owned(),
        key: Some(key.to_string().into_bytes()),
        value: Some(value.to_string().into_bytes()),
        ..NewRecord::default()
    }
}
