//! Traces, as a collector receives them from the real binaries: from a request or a socket's frame through
//! the writer to the record in Kafka, and from a business record through the consumer to what follows from
//! it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod collector;
mod services;

use discuss_bus::record::TRACEPARENT;
use discuss_bus::{NewRecord, Producer};
use discuss_test_support::{World, token};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use self::collector::{CERTIFICATE, Collector};
use self::services::Services;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const POST: &str = "POST /discuss/api/v1/channels/{channelId}/messages";
const PUBLISH: &str = "discuss.message.events publish";

fn traceparent() -> String {
    format!("00-{TRACE}-{PARENT}-01")
}

/// Sends a message of person 1 by REST, as part of the trace.
async fn send(services: &Services, listen: &str) {
    let channel = services.world.group(1, &[2]).await;
    let url = format!("http://{listen}/discuss/api/v1/channels/{channel}/messages");
    let sent = reqwest::Client::new()
        .post(url)
        .bearer_auth(token(World::TENANT, 1))
        .header(TRACEPARENT, traceparent())
        .json(&json!({ "content": "followed" }));
    assert_eq!(sent.send().await.unwrap().status(), 201);
}

/// The trace that the first record of a topic goes on with.
async fn published(services: &Services, topic: &str) -> Option<String> {
    let records = services.kafka.records(topic).await;
    records[0].header(TRACEPARENT).map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_goes_from_the_request_through_the_writer_to_kafka() {
    let collector = Collector::start();
    let mut services = Services::new(collector.url()).await;
    let listen = services.start("discuss-api").await.unwrap();
    services.start("discuss-consumer").await;
    send(&services, &listen).await;

    let request = collector.wait_for(POST).await;
    let write = collector.wait_for("write").await;
    let relay = collector.wait_for(PUBLISH).await;
    assert!(request.service.contains("discuss-api"), "{request:?}");
    assert!(relay.service.contains("discuss-consumer"), "{relay:?}");
    assert_eq!((&*request.trace, &*request.parent), (TRACE, PARENT));
    assert_eq!((&write.parent, &relay.parent), (&request.id, &request.id));
    let header = published(&services, "discuss.message.events").await;
    assert_eq!(header, Some(relay.traceparent()));
    assert_eq!(relay.trace, TRACE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_by_a_socket_is_a_trace_to_kafka_too_and_each_has_its_own() {
    let collector = Collector::start();
    let mut services = Services::new(collector.url()).await;
    let listen = services.start("discuss-gateway").await.unwrap();
    services.start("discuss-consumer").await;
    let channel = services.world.group(1, &[2]).await;
    let url = format!("ws://{listen}/ws/discuss?token={}", token(World::TENANT, 1));
    let (mut socket, _) = connect_async(url).await.unwrap();
    let payload = json!({ "channelId": channel.get(), "content": "followed" });
    let frame = json!({ "type": "SEND_MESSAGE", "payload": payload }).to_string();
    socket.send(Message::text(frame)).await.unwrap();
    let message = loop {
        let heard = socket.next().await.unwrap().unwrap();
        let frame: Value = serde_json::from_str(heard.to_text().unwrap()).unwrap();
        if frame["type"] == "MESSAGE_SENT" {
            break frame["payload"]["id"].clone();
        }
    };
    let react = json!({ "messageId": message, "emoji": "👍" });
    let frame = json!({ "type": "ADD_REACTION", "payload": react }).to_string();
    socket.send(Message::text(frame)).await.unwrap();

    let sent = collector.wait_for("SEND_MESSAGE").await;
    let write = collector.wait_for("write").await;
    let relay = collector.wait_for(PUBLISH).await;
    assert!(sent.service.contains("discuss-gateway"), "{sent:?}");
    assert_eq!(sent.parent, "");
    assert_eq!((&write.parent, &relay.parent), (&sent.id, &sent.id));
    assert_eq!((&write.trace, &relay.trace), (&sent.trace, &sent.trace));
    let header = published(&services, "discuss.message.events").await;
    assert_eq!(header, Some(relay.traceparent()));
    let reaction = collector.wait_for("ADD_REACTION").await;
    assert_ne!(reaction.trace, sent.trace);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_a_business_record_brings_goes_on_through_the_consumer() {
    let collector = Collector::start();
    let mut services = Services::new(collector.url()).await;
    services.start("discuss-consumer").await;
    let created = json!({
        "type": "CUSTOMER_CREATED", "tenantId": World::TENANT, "entityType": "customer", "entityId": 7,
        "entityName": "Acme", "createdBy": 1, "timestamp": 1_790_000_000_000_i64,
    });
    let record = NewRecord {
        topic: "ENTITY_EVENTS".to_owned(),
        key: None,
        value: Some(created.to_string().into_bytes()),
        headers: vec![(TRACEPARENT.to_owned(), traceparent().into_bytes())],
        timestamp_ms: None,
    };
    let producer = Producer::new(services.kafka.settings()).unwrap();
    producer.send_all(&[record]).await.unwrap();

    let process = collector.wait_for("ENTITY_EVENTS process").await;
    assert_eq!((&*process.trace, &*process.parent), (TRACE, PARENT));
    let relay = collector.wait_for("discuss.channel.events publish").await;
    assert_eq!((&*relay.trace, &relay.parent), (TRACE, &process.id));
    let header = published(&services, "discuss.channel.events").await;
    assert_eq!(header, Some(relay.traceparent()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_may_be_behind_tls() {
    let collector = Collector::start();
    let services = Services::new(collector.secure_url().await).await;
    let mut services = services.with("SSL_CERT_FILE", CERTIFICATE);
    let listen = services.start("discuss-api").await.unwrap();
    send(&services, &listen).await;

    let request = collector.wait_for(POST).await;
    assert_eq!(request.parent, PARENT);
}
