//! A message's trace: from its request, through the writer, to its record in Kafka, as a collector
//! receives it from the real binaries.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use discuss_bus::record::TRACEPARENT;
use discuss_test_support::{SECRET, TestKafka, World, redis_url, token, until};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A span, as it was received: whose, its name, its id, its parent's.
#[derive(Debug, Clone)]
struct Seen {
    service: String,
    name: String,
    id: String,
    parent: String,
}

/// Takes what is exported.
struct Collector {
    url: String,
    spans: Arc<Mutex<Vec<Seen>>>,
    handle: ServerHandle,
}

impl Collector {
    fn start() -> Self {
        let spans = Arc::new(Mutex::new(Vec::new()));
        let taken = web::Data::from(Arc::clone(&spans));
        let app = move || {
            App::new()
                .app_data(taken.clone())
                .route("/v1/traces", web::post().to(take))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        let server = server.bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let running = server.run();
        let handle = running.handle();
        tokio::spawn(running);
        Self { url, spans, handle }
    }

    /// The span of this name in the message's trace.
    fn find(&self, name: &str) -> Option<Seen> {
        let spans = self.spans.lock().unwrap();
        spans.iter().find(|span| span.name == name).cloned()
    }
}

async fn take(spans: web::Data<Mutex<Vec<Seen>>>, body: web::Bytes) -> HttpResponse {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    for of_service in request.resource_spans {
        let attributes = of_service.resource.unwrap_or_default().attributes;
        let named = attributes.into_iter().find(|one| one.key == "service.name");
        let service = format!("{:?}", named.unwrap().value.unwrap());
        let found = of_service.scope_spans.into_iter().flat_map(|of| of.spans);
        let ours = found.filter(|span| hex(&span.trace_id) == TRACE);
        spans.lock().unwrap().extend(ours.map(|span| Seen {
            service: service.clone(),
            name: span.name,
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
        }));
    }
    HttpResponse::Ok().finish()
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// A binary of the build, at work; the line that says `ready` tells where it listens.
async fn start(name: &str, variables: &[(&str, &str)]) -> (Child, Value) {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_discuss-consumer")).with_file_name(name);
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap().unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        if line["message"] == "ready" {
            // A full pipe would have it wait at its next line.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (child, line);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_goes_from_the_request_through_the_writer_to_kafka() {
    let (world, kafka, collector) = (World::new().await, TestKafka::new(2), Collector::start());
    let (redis, settings) = (redis_url(), kafka.settings());
    let variables = [
        ("DATABASE_URL", world.database.url()),
        ("REDIS_URL", redis.as_str()),
        ("REDIS_PREFIX", world.redis_prefix.as_str()),
        ("KAFKA_BROKERS", settings.brokers.as_str()),
        ("KAFKA_TOPIC_PREFIX", settings.prefix.as_str()),
        ("JWT_SECRET", SECRET),
        ("SERVER_HOST", "127.0.0.1"),
        ("SERVER_PORT", "0"),
        ("API_ADMIN_PORT", "0"),
        ("CONSUMER_ADMIN_PORT", "0"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ];
    let (_api, ready) = start("discuss-api", &variables).await;
    let (_consumer, _) = start("discuss-consumer", &variables).await;
    let channel = world.group(1, &[2]).await;

    let listen = ready["listen"].as_str().unwrap();
    let url = format!("http://{listen}/discuss/api/v1/channels/{channel}/messages");
    let sent = reqwest::Client::new()
        .post(url)
        .bearer_auth(token(World::TENANT, 1))
        .header(TRACEPARENT, format!("00-{TRACE}-{PARENT}-01"))
        .json(&json!({ "content": "followed" }));
    assert_eq!(sent.send().await.unwrap().status(), 201);

    let names = [
        "POST /discuss/api/v1/channels/{channelId}/messages",
        "write",
        "discuss.message.events publish",
    ];
    until("all is exported", async || {
        names.iter().all(|name| collector.find(name).is_some())
    })
    .await;
    let [request, write, relay] = names.map(|name| collector.find(name).unwrap());
    assert!(request.service.contains("discuss-api"), "{request:?}");
    assert!(relay.service.contains("discuss-consumer"), "{relay:?}");
    assert_eq!(request.parent, PARENT);
    assert_eq!((&write.parent, &relay.parent), (&request.id, &request.id));
    let records = kafka.records("discuss.message.events").await;
    let header = records[0].header(TRACEPARENT).map(str::to_owned);
    assert_eq!(header, Some(format!("00-{TRACE}-{}-01", relay.id)));
    collector.handle.stop(false).await;
}
