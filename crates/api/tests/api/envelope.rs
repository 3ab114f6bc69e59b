//! Whatever is wrong with a request, the answer is the envelope.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Person, World};

async fn post_raw(person: &Person, content_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = person.request(Method::POST, "/channels/group");
    Answer::of(request.header("content-type", content_type).body(body)).await
}

#[tokio::test]
async fn a_body_that_is_no_json_is_a_wrong_field() {
    let world = World::new().await;
    let an = world.person(1);
    let latin: &[u8] = b"{\"name\":\"\xe9\"}";
    for body in [
        b"".as_slice(),
        b"{",
        b"[]",
        b"[\"GROUP\",\"x\"]",
        b"null",
        b"\"x\"",
        b"{\"name\":\"x\"}}",
        b"{'name':1}",
    ] {
        post_raw(&an, "application/json", body)
            .await
            .refused_field("body");
    }
    post_raw(&an, "application/json", latin)
        .await
        .refused_field("name");
    post_raw(&an, "application/json", r#"{"name":"\ud800"}"#)
        .await
        .refused_field("name");
    post_raw(
        &an,
        "application/json",
        r#"{"name":"x","memberIds":[1e400]}"#,
    )
    .await
    .refused_field("memberIds[0]");
    let deep = format!(r#"{{"name":"x","metadata":{}}}"#, "[".repeat(50_000));
    post_raw(&an, "application/json", deep)
        .await
        .refused(400, "VALIDATION_ERROR");
    assert_eq!(an.get("/channels").await.data()["totalItems"], 0);
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let world = World::new().await;
    let an = world.person(1);
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "nonsense",
    ] {
        let refusal = post_raw(&an, content_type, r#"{"name":"x"}"#).await;
        refusal.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    assert_eq!(
        post_raw(&an, "application/vnd.serp+json", r#"{"name":"x"}"#)
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let world = World::new().await;
    let an = world.person(1);
    let body = json!({ "name": "x", "description": "y".repeat(300 * 1024) }).to_string();
    post_raw(&an, "application/json", body)
        .await
        .refused(413, "PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods_say_so() {
    let world = World::new().await;
    let an = world.person(1);
    for path in ["/nowhere", "/channels/1/nowhere", "/", ""] {
        an.get(path).await.refused(404, "NOT_FOUND");
    }
    for (method, path, allowed) in [
        (Method::DELETE, "/channels", "GET, HEAD, POST"),
        (Method::POST, "/channels/7", "GET, HEAD, PUT, PATCH, DELETE"),
        (Method::PUT, "/channels/7/messages", "GET, HEAD, POST"),
        (Method::GET, "/channels/7/members/1", "PATCH, DELETE"),
        (Method::OPTIONS, "/messages/7/read", "POST"),
        (
            "BREW".parse().unwrap(),
            "/messages/7",
            "GET, HEAD, PATCH, DELETE",
        ),
    ] {
        let refusal = Answer::of(an.request(method, path)).await;
        refusal.refused(405, "METHOD_NOT_ALLOWED");
        assert_eq!(refusal.header("allow"), allowed);
    }
}

#[tokio::test]
async fn head_is_answered_like_get_without_the_body() {
    let world = World::new().await;
    let an = world.person(1);
    an.group(&[]).await;
    for (path, status) in [
        ("/channels", 200),
        ("/channels/7000", 404),
        ("/messages/7/read", 405),
    ] {
        let get = an.request(Method::GET, path).send().await.unwrap();
        let head = an.request(Method::HEAD, path).send().await.unwrap();
        assert_eq!((get.status(), head.status()), (head.status(), get.status()));
        assert_eq!(head.status(), status, "{path}");
        assert_eq!(
            head.headers()["content-type"],
            get.headers()["content-type"]
        );
        if status == 200 {
            assert_eq!(
                head.headers()["content-length"],
                get.headers()["content-length"]
            );
        }
        assert!(!get.bytes().await.unwrap().is_empty());
        assert!(head.bytes().await.unwrap().is_empty(), "{path}");
    }
    let nobody = world.person(1).with_token("nonsense".to_owned());
    let head = nobody.request(Method::HEAD, "/channels").send().await;
    assert_eq!(head.unwrap().status(), 401);
}

#[tokio::test]
async fn a_packed_body_or_one_that_is_not_utf_8_is_of_no_media_type_we_take() {
    let world = World::new().await;
    let an = world.person(1);
    let body = r#"{"name":"x"}"#;
    for coding in ["gzip", "br", "identity, gzip", ""] {
        let request = an
            .request(Method::POST, "/channels/group")
            .header("content-type", "application/json")
            .header("content-encoding", coding)
            .body(body);
        let refusal = Answer::of(request).await;
        refusal.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    post_raw(&an, "application/json; charset=iso-8859-1", body)
        .await
        .refused(415, "UNSUPPORTED_MEDIA_TYPE");
    for content_type in [
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
    ] {
        let made = post_raw(&an, content_type, body).await;
        assert_eq!(made.status, 201, "{content_type}");
    }
}

#[tokio::test]
async fn a_correlation_id_is_taken_or_made_and_returned() {
    let world = World::new().await;
    let an = world.person(1);
    let given = Answer::of(
        an.request(Method::GET, "/nowhere")
            .header("X-Correlation-Id", "order-7"),
    )
    .await;
    assert_eq!(
        (given.header("x-correlation-id"), &given.body["traceId"]),
        ("order-7", &json!("order-7"))
    );
    let (one, other) = (an.get("/channels").await, an.get("/channels").await);
    assert_ne!(
        one.header("x-correlation-id"),
        other.header("x-correlation-id")
    );
    let odd = Answer::of(
        an.request(Method::GET, "/channels")
            .header("X-Correlation-Id", "a b\"c"),
    )
    .await;
    assert_ne!(odd.header("x-correlation-id"), "a b\"c");
}

#[tokio::test]
async fn while_the_database_is_away_answers_say_try_again() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    world.lose_database();

    let refusals = [
        an.get("/channels").await,
        an.get(&format!("/channels/{channel}/messages")).await,
        an.post(
            &format!("/channels/{channel}/messages"),
            json!({ "content": "x" }),
        )
        .await,
    ];

    for refusal in refusals {
        refusal.refused(503, "SERVICE_UNAVAILABLE");
        assert_eq!(refusal.header("retry-after"), "1");
        assert!(
            !refusal.body.to_string().contains("database"),
            "{}",
            refusal.body
        );
    }
    assert_eq!(world.readiness().await, (503, json!(["postgresql"])));
}
