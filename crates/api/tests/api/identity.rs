//! Who callers are.

use reqwest::Method;
use serde_json::{Value, json};

use discuss_test_support::token;

use crate::support::{Answer, World, signed};

const LATER: i64 = 4_102_444_800;

#[tokio::test]
async fn a_request_without_a_good_token_is_refused_on_every_route() {
    let world = World::new().await;
    let document: Value = serde_json::from_str(&discuss_api::document_as_json().unwrap()).unwrap();
    let anonymous = world.anonymous();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/discuss/api/v1").unwrap();
        let path = path
            .replace("{channelId}", "1")
            .replace("{messageId}", "1")
            .replace("{userId}", "1");
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let refusal = Answer::of(anonymous.request(method, &path)).await;
            refusal.refused(401, "UNAUTHORIZED");
            assert_eq!(refusal.header("www-authenticate"), "Bearer");
        }
    }
}

#[tokio::test]
async fn tokens_that_do_not_hold_are_refused() {
    let world = World::new().await;
    let an = world.person(1);
    for token in [
        "nonsense".to_owned(),
        format!("{}x", token(1, 1)),
        signed(&json!({ "uid": 1, "tid": 1, "exp": 1_000_000_000 })),
        signed(&json!({ "uid": 1, "tid": 1 })),
        signed(&json!({ "tid": 1, "exp": LATER })),
    ] {
        an.with_token(token)
            .get("/channels")
            .await
            .refused(401, "UNAUTHORIZED");
    }
    let homeless = signed(&json!({ "uid": 1, "exp": LATER }));
    an.with_token(homeless)
        .get("/channels")
        .await
        .refused(400, "TENANT_ID_REQUIRED");
    let basic = world
        .anonymous()
        .request(Method::GET, "/channels")
        .basic_auth("an", Some("secret"));
    Answer::of(basic).await.refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn ids_in_tokens_may_be_strings_of_digits() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let token = signed(&json!({ "uid": "1", "tid": World::TENANT.to_string(), "exp": LATER }));
    assert_eq!(
        an.with_token(token)
            .get(&format!("/channels/{channel}"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn gateway_headers_are_believed_only_when_configured() {
    let world = World::new().await;
    let headers = |world: &World, user: &'static str, tenant: Option<&'static str>| {
        let request = world
            .anonymous()
            .request(Method::GET, "/channels")
            .header("X-User-ID", user);
        match tenant {
            Some(tenant) => Answer::of(request.header("X-Tenant-ID", tenant)),
            None => Answer::of(request),
        }
    };
    headers(&world, "1", Some("1"))
        .await
        .refused(401, "UNAUTHORIZED");

    let trusting = World::trusting_headers().await;
    assert_eq!(headers(&trusting, "1", Some("1")).await.status, 200);
    headers(&trusting, "1", None)
        .await
        .refused(400, "TENANT_ID_REQUIRED");
    headers(&trusting, "x", Some("1"))
        .await
        .refused(401, "UNAUTHORIZED");
    trusting
        .anonymous()
        .get("/channels")
        .await
        .refused(401, "UNAUTHORIZED");
    let bad = trusting.person(1).with_token("nonsense".to_owned());
    let request = bad
        .request(Method::GET, "/channels")
        .header("X-User-ID", "1")
        .header("X-Tenant-ID", "1");
    Answer::of(request).await.refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_token_that_nobody_can_check_does_not_count_beside_trusted_headers() {
    let world = World::trusting_headers_only().await;
    let an = world.person(1).with_token("other".to_owned());
    let believed = an
        .request(Method::GET, "/channels")
        .header("X-User-ID", "1")
        .header("X-Tenant-ID", "1");
    assert_eq!(Answer::of(believed).await.status, 200);
    an.get("/channels").await.refused(401, "UNAUTHORIZED");
}
