//! Which origins browsers may call from.

use std::collections::BTreeSet;

use discuss_test_support::SECRET;
use reqwest::{Method, Response, header::HeaderMap};

use crate::support::{Answer, World};

const ORIGIN: &str = "https://erp.example.com";
const ELSEWHERE: &str = "https://evil.example.com";

async fn world(origins: &str) -> World {
    World::with(&[("JWT_SECRET", SECRET), ("CORS_ALLOWED_ORIGINS", origins)]).await
}

/// What a browser asks before it calls.
async fn preflight(world: &World, origin: &str, method: &str, headers: &str) -> Response {
    let request = world
        .anonymous()
        .request(Method::OPTIONS, "/channels")
        .header("Origin", origin)
        .header("Access-Control-Request-Method", method)
        .header("Access-Control-Request-Headers", headers);
    request.send().await.unwrap()
}

/// The words of a header that lists some, in lower case.
fn words(headers: &HeaderMap, name: &str) -> BTreeSet<String> {
    let values = headers.get_all(name).iter();
    let text: Vec<_> = values.map(|value| value.to_str().unwrap()).collect();
    let text = text.join(",").to_lowercase();
    text.split(',').map(|word| word.trim().to_owned()).collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn a_known_origin_may_do_what_the_contract_says() {
    let world = world(&format!("http://localhost:3000,{ORIGIN}")).await;
    let asked = "authorization,content-type,idempotency-key,x-correlation-id";
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let answer = preflight(&world, ORIGIN, method, asked).await;
        assert_eq!(answer.status().as_u16(), 200, "{method}");
        let headers = answer.headers();
        assert_eq!(headers["access-control-allow-origin"], ORIGIN);
        assert_eq!(
            words(headers, "access-control-allow-methods"),
            set(&["get", "post", "put", "patch", "delete", "options"])
        );
        assert_eq!(
            words(headers, "access-control-allow-headers"),
            set(&[
                "authorization",
                "content-type",
                "idempotency-key",
                "x-correlation-id"
            ])
        );
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }
}

#[tokio::test]
async fn another_origin_method_or_header_may_not() {
    let world = world(ORIGIN).await;
    for (origin, method, headers) in [
        (ELSEWHERE, "GET", "authorization"),
        ("https://erp.example.com.evil.com", "GET", "authorization"),
        ("null", "GET", "authorization"),
        (ORIGIN, "TRACE", "authorization"),
        (ORIGIN, "GET", "x-user-id"),
    ] {
        let answer = preflight(&world, origin, method, headers).await;
        let said = answer.headers().get("access-control-allow-origin");
        assert!(said.is_none(), "{origin} {method} {headers}");
        assert_eq!(answer.status().as_u16(), 400);
    }
}

#[tokio::test]
async fn answers_and_errors_are_shown_to_known_origins_only() {
    let world = world(ORIGIN).await;
    let an = world.person(1);
    for (path, status) in [("/channels", 200), ("/channels/9", 404), ("/nowhere", 404)] {
        let known = Answer::of(an.request(Method::GET, path).header("Origin", ORIGIN)).await;
        assert_eq!(known.status, status);
        assert_eq!(known.header("access-control-allow-origin"), ORIGIN);
        assert!(words(&known.headers, "vary").contains("origin"));
        assert_eq!(
            words(&known.headers, "access-control-expose-headers"),
            set(&[
                "x-correlation-id",
                "x-ratelimit-limit",
                "x-ratelimit-remaining",
                "x-ratelimit-reset",
                "retry-after"
            ])
        );
        let unknown = Answer::of(an.request(Method::GET, path).header("Origin", ELSEWHERE)).await;
        assert!(!unknown.headers.contains_key("access-control-allow-origin"));
    }
    let anonymous = world.anonymous().request(Method::GET, "/channels");
    let refused = Answer::of(anonymous.header("Origin", ORIGIN)).await;
    refused.refused(401, "UNAUTHORIZED");
    assert_eq!(refused.header("access-control-allow-origin"), ORIGIN);
}

#[tokio::test]
async fn without_a_list_no_browser_may_call() {
    let world = world("").await;
    let answer = preflight(&world, "http://localhost:3000", "GET", "authorization").await;
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
}
