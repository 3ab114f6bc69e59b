//! The admin server over real sockets.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::{
    future::ready,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use discuss_runtime::{admin::AdminServer, health::Readiness, telemetry};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_mins(1);

fn loopback() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

fn start(readiness: Readiness) -> AdminServer {
    AdminServer::start(
        "ADMIN_PORT",
        loopback(),
        readiness,
        telemetry::start_metrics().unwrap(),
    )
    .unwrap()
}

async fn get(server: &AdminServer, path: &str) -> (u16, String) {
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn a_live_process_says_so_on_a_port_of_its_choice() {
    let server = start(Readiness::new(CancellationToken::new()));
    assert_ne!(server.address().port(), 0);
    assert_eq!(
        get(&server, "/health/live").await,
        (200, r#"{"status":"live"}"#.to_owned())
    );
    assert_eq!(get(&server, "/elsewhere").await.0, 404);
    server.stop().await;
}

#[tokio::test]
async fn readiness_names_what_fails_and_comes_back() {
    let is_up = Arc::new(AtomicBool::new(false));
    let probed = is_up.clone();
    let readiness = Readiness::new(CancellationToken::new())
        .essential("postgresql", LIMIT, move || {
            ready(if probed.load(Ordering::SeqCst) {
                Ok(())
            } else {
                Err("refused".to_owned())
            })
        })
        .informative("redis", LIMIT, || ready(Ok(())));
    let server = start(readiness);

    let (status, body) = get(&server, "/health/ready").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 503);
    assert_eq!(body["status"], "not ready");
    assert_eq!(body["failing"], serde_json::json!(["postgresql"]));
    assert_eq!(
        body["checks"],
        serde_json::json!({ "postgresql": "refused", "redis": "ok" })
    );

    is_up.store(true, Ordering::SeqCst);
    assert_eq!(get(&server, "/health/ready").await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_draining_process_is_live_and_not_ready() {
    let draining = CancellationToken::new();
    let server = start(Readiness::new(draining.clone()));
    assert_eq!(get(&server, "/health/ready").await.0, 200);
    draining.cancel();
    let (status, body) = get(&server, "/health/ready").await;
    assert_eq!(status, 503);
    assert!(body.contains(r#""status":"draining""#), "{body}");
    assert_eq!(get(&server, "/health/live").await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn metrics_are_told_as_text() {
    let server = start(Readiness::new(CancellationToken::new()));
    metrics::counter!("admin_test_total", "route" => "/x").increment(3);
    let (status, body) = get(&server, "/metrics").await;
    assert_eq!(status, 200);
    assert!(body.contains("admin_test_total{route=\"/x\"} 3"), "{body}");
    server.stop().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_that_names_the_variable() {
    let server = start(Readiness::new(CancellationToken::new()));
    let again = AdminServer::start(
        "API_ADMIN_PORT",
        server.address(),
        Readiness::new(CancellationToken::new()),
        telemetry::start_metrics().unwrap(),
    );
    let error = again.unwrap_err().to_string();
    assert!(
        error.starts_with("API_ADMIN_PORT: can't listen on 127.0.0.1:"),
        "{error}"
    );
    server.stop().await;
}
