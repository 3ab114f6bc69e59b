use std::{io, net::SocketAddr};

use actix_web::{App, HttpServer, middleware::from_fn, web};
use discuss_wire::errors::ErrorCode;
use serde_json::Value;

use super::*;
use crate::{fallback, openapi};

const INNER: &str = "relation \"messages\" does not exist";

/// A server whose routes all go wrong in their own way.
fn serve(draining: CancellationToken) -> SocketAddr {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(Draining(draining.clone())))
            .app_data(Data::new(fallback::Paths::of(
                &openapi::skeleton(),
                &["/fine"],
            )))
            .route("/fine", web::get().to(|| async { "fine" }))
            .route("/panics", web::get().to(|| async { panics() }))
            .route("/fails", web::get().to(|| async { fails() }))
            .route("/refuses", web::get().to(|| async { refuses() }))
            .default_service(web::to(fallback::refuse))
            .wrap(from_fn(observe))
    })
    .workers(1)
    .disable_signals()
    .bind(("127.0.0.1", 0))
    .unwrap();
    let address = server.addrs()[0];
    tokio::spawn(server.run());
    address
}

fn panics() -> &'static str {
    panic!("{INNER}")
}

fn fails() -> Result<&'static str, Error> {
    Err(io::Error::other(INNER).into())
}

fn refuses() -> Result<&'static str, ApiError> {
    Err(ApiError::new(ErrorCode::Conflict, "no"))
}

async fn get(url: String) -> (u16, Option<String>, String) {
    let answer = reqwest::Client::new()
        .get(url)
        .header("x-correlation-id", "c-1")
        .send()
        .await
        .unwrap();
    let correlation = answer
        .headers()
        .get("x-correlation-id")
        .map(|id| id.to_str().unwrap().to_owned());
    (
        answer.status().as_u16(),
        correlation,
        answer.text().await.unwrap(),
    )
}

async fn get_error(url: String) -> (u16, Value) {
    let (status, _, body) = get(url).await;
    (status, serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn an_answer_carries_the_correlation_id_of_its_request() {
    let server = serve(CancellationToken::new());
    assert_eq!(
        get(format!("http://{server}/fine")).await,
        (200, Some("c-1".to_owned()), "fine".to_owned())
    );
}

#[tokio::test]
async fn a_panic_or_a_foreign_error_is_a_500_that_tells_nothing() {
    let server = serve(CancellationToken::new());
    for path in ["panics", "fails"] {
        let (status, body) = get_error(format!("http://{server}/{path}")).await;
        assert_eq!(
            (status, &body["error"]),
            (500, &"INTERNAL_ERROR".into()),
            "{path}"
        );
        assert_eq!(body["traceId"], "c-1", "{path}");
        assert!(!body.to_string().contains("relation"), "{path}");
    }
    assert_eq!(get(format!("http://{server}/fine")).await.0, 200);
}

#[tokio::test]
async fn a_refusal_is_in_the_envelope_with_its_trace() {
    let server = serve(CancellationToken::new());
    let (status, body) = get_error(format!("http://{server}/refuses")).await;
    assert_eq!(status, 409);
    assert_eq!(
        body,
        serde_json::json!({
            "status": "error", "code": 409, "error": "CONFLICT", "message": "no",
            "errors": [], "data": null, "traceId": "c-1"
        })
    );
}

#[tokio::test]
async fn an_unknown_route_is_404_and_another_method_is_405_with_allow() {
    let server = serve(CancellationToken::new());
    let (status, body) = get_error(format!("http://{server}/nowhere")).await;
    assert_eq!((status, &body["error"]), (404, &"NOT_FOUND".into()));

    let answer = reqwest::Client::new()
        .delete(format!("http://{server}/fine"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.headers()["allow"], "GET, HEAD");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"], "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn a_process_that_ends_asks_for_connections_to_be_closed() {
    let draining = CancellationToken::new();
    let server = serve(draining.clone());
    let url = format!("http://{server}/fine");
    assert!(
        reqwest::get(&url)
            .await
            .unwrap()
            .headers()
            .get("connection")
            .is_none()
    );
    draining.cancel();
    assert_eq!(
        reqwest::get(&url).await.unwrap().headers()["connection"],
        "close"
    );
}
