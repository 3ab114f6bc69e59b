//! Who may connect, how they say who they are, and what is no frame.

use discuss_test_support::{SECRET, World, token};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::client::Client;
use crate::process::{Gateway, PATIENT};

fn signed(claims: &Value) -> String {
    encode(
        &Header::default(),
        claims,
        &EncodingKey::from_secret(SECRET.as_bytes()),
    )
    .unwrap()
}

fn seconds_from_now(seconds: i64) -> i64 {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    i64::try_from(now.as_secs()).unwrap() + seconds
}

#[tokio::test]
async fn a_token_is_taken_from_the_url_a_sub_protocol_or_the_first_frame() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.send(1, channel, "hi").await;
    let gateway = Gateway::start(&world).await;
    let (address, token) = (&gateway.address, token(World::TENANT, 2));

    let mut by_url = gateway
        .open_at(&format!("/discuss/ws/discuss?token={token}"))
        .await;
    let protocols = format!("discuss.v1, bearer.{token}");
    let headers = [("Sec-WebSocket-Protocol", protocols.as_str())];
    let mut by_protocol = Client::open(&format!("ws://{address}/ws/discuss"), &headers)
        .await
        .ok()
        .unwrap();
    let mut by_frame = gateway.open_at("/ws/discuss").await;
    by_frame
        .say(json!({ "type": "AUTH", "payload": { "token": token }, "requestId": "a" }))
        .await;

    assert_eq!(
        by_protocol.upgrade.headers()["Sec-WebSocket-Protocol"],
        "discuss.v1"
    );
    for client in [&mut by_url, &mut by_protocol, &mut by_frame] {
        let connected = client.expect("CONNECTED").await;
        assert_eq!(connected["payload"]["userId"], 2);
        assert_eq!(connected["payload"]["tenantId"], World::TENANT);
        assert_eq!(
            connected["payload"]["channels"],
            json!({ channel.to_string(): 2 })
        );
    }
}

#[tokio::test]
async fn headers_of_a_trusted_gateway_are_an_identity_and_of_nobody_else() {
    let world = World::new().await;
    let trusting = Gateway::start_with(&world, &[("AUTH_TRUST_GATEWAY_HEADERS", "true")]).await;
    let strict = Gateway::start_with(&world, &[("GATEWAY_FIRST_FRAME_MS", "50")]).await;
    let headers = [("X-User-ID", "2"), ("X-Tenant-ID", "3")];

    let mut believed = Client::open(&format!("ws://{}/ws/discuss", trusting.address), &headers)
        .await
        .ok()
        .unwrap();
    let mut nobody = Client::open(&format!("ws://{}/ws/discuss", strict.address), &headers)
        .await
        .ok()
        .unwrap();

    assert_eq!(believed.expect("CONNECTED").await["payload"]["userId"], 2);
    nobody.expect_refusal("UNAUTHORIZED", 4401).await;
}

#[tokio::test]
async fn a_token_that_nobody_can_check_does_not_count_beside_trusted_headers() {
    let world = World::new().await;
    let settings = [("JWT_SECRET", ""), ("AUTH_TRUST_GATEWAY_HEADERS", "true")];
    let gateway = Gateway::start_with(&world, &settings).await;
    let headers = [("X-User-ID", "2"), ("X-Tenant-ID", "3")];
    let url = format!("ws://{}/ws/discuss?token=other", gateway.address);

    let mut believed = Client::open(&url, &headers).await.ok().unwrap();
    let mut nobody = Client::open(&url, &[]).await.ok().unwrap();

    assert_eq!(believed.expect("CONNECTED").await["payload"]["userId"], 2);
    believed
        .say(json!({ "type": "AUTH", "payload": { "token": "other" } }))
        .await;
    assert_eq!(believed.expect("CONNECTED").await["payload"]["userId"], 2);
    nobody.expect_refusal("UNAUTHORIZED", 4401).await;
}

#[tokio::test]
async fn the_scheme_bearer_is_named_in_any_case() {
    let world = World::new().await;
    let gateway = Gateway::start(&world).await;
    let url = format!("ws://{}/ws/discuss", gateway.address);
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let authorization = format!("{scheme} {}", token(World::TENANT, 2));
        let headers = [("Authorization", authorization.as_str())];
        let mut client = Client::open(&url, &headers).await.ok().unwrap();
        assert_eq!(client.expect("CONNECTED").await["payload"]["userId"], 2);
    }
}

#[tokio::test]
async fn who_can_not_say_who_they_are_is_told_and_closed() {
    let world = World::new().await;
    let gateway = Gateway::start_with(&world, &PATIENT).await;
    let expired = signed(&json!({ "uid": 2, "tid": 3, "exp": seconds_from_now(-60) }));
    let no_tenant = signed(&json!({ "uid": 2, "exp": seconds_from_now(60) }));
    for (path, code, close) in [
        (
            "/ws/discuss?token=nonsense".to_owned(),
            "UNAUTHORIZED",
            4401,
        ),
        (format!("/ws/discuss?token={expired}"), "UNAUTHORIZED", 4401),
        (
            format!("/ws/discuss?token={no_tenant}"),
            "TENANT_ID_REQUIRED",
            4403,
        ),
    ] {
        gateway
            .open_at(&path)
            .await
            .expect_refusal(code, close)
            .await;
    }
    let mut wrong = gateway.open_at("/ws/discuss").await;
    wrong
        .say(json!({ "type": "AUTH", "payload": { "token": "nonsense" } }))
        .await;
    wrong.expect_refusal("UNAUTHORIZED", 4401).await;

    let hasty = Gateway::start_with(&world, &[("GATEWAY_FIRST_FRAME_MS", "50")]).await;
    let mut silent = hasty.open_at("/ws/discuss").await;
    silent.expect_refusal("UNAUTHORIZED", 4401).await;
}

#[tokio::test]
async fn a_socket_ends_with_its_token_unless_the_token_is_renewed() {
    let world = World::new().await;
    let gateway = Gateway::start_with(&world, &[("GATEWAY_PING_MS", "50")]).await;
    let good_for = |seconds| {
        let claims = json!({ "uid": 2, "tid": 3, "exp": seconds_from_now(seconds) });
        format!("/ws/discuss?token={}", signed(&claims))
    };
    // Time enough to renew it; the one that is not renewed ends after the time of the one that is.
    let mut goes_on = gateway.open_at(&good_for(5)).await;
    let mut ends = gateway.open_at(&good_for(6)).await;
    ends.expect("CONNECTED").await;
    goes_on.expect("CONNECTED").await;

    goes_on
        .say(json!({ "type": "AUTH", "payload": { "token": token(3, 9) } }))
        .await;
    assert_eq!(
        goes_on.expect("ERROR").await["payload"]["code"],
        "FORBIDDEN"
    );
    goes_on
        .say(json!({ "type": "AUTH", "payload": { "token": token(3, 2) }, "requestId": "r" }))
        .await;
    assert_eq!(goes_on.expect("CONNECTED").await["requestId"], "r");

    ends.expect_refusal("UNAUTHORIZED", 4401).await;
    goes_on.expect_silence().await;
}

#[tokio::test]
async fn an_upgrade_from_elsewhere_or_for_no_dialect_is_refused() {
    let world = World::new().await;
    let allowed = [(
        "CORS_ALLOWED_ORIGINS",
        "https://erp.example.com,http://localhost:3000",
    )];
    let gateway = Gateway::start_with(&world, &allowed).await;
    let url = format!("ws://{}/ws/discuss", gateway.address);

    let elsewhere = Client::open(&url, &[("Origin", "https://evil.example.com")]).await;
    let known = Client::open(&url, &[("Origin", "http://localhost:3000")]).await;
    let no_dialect = Client::open(&url, &[("Sec-WebSocket-Protocol", "bearer.x")]).await;

    assert_eq!(elsewhere.err(), Some(403));
    assert!(known.is_ok());
    assert_eq!(no_dialect.err(), Some(400));
}

#[tokio::test]
async fn a_frame_that_can_not_be_read_or_is_too_large_ends_the_socket() {
    let world = World::new().await;
    let gateway = Gateway::start_with(&world, &[("GATEWAY_MAX_FRAME_BYTES", "1000")]).await;
    let mut garbled = gateway.connect(1).await;
    garbled.say_text("{\"type\":").await;
    garbled.expect_refusal("INVALID_FRAME", 4400).await;
    let mut listed = gateway.connect(1).await;
    listed.say_text("[\"PING\"]").await;
    listed.expect_refusal("INVALID_FRAME", 4400).await;
    let mut binary = gateway.connect(1).await;
    binary.say_bytes(vec![1, 2, 3]).await;
    binary.expect_refusal("INVALID_FRAME", 4400).await;
    let mut deep = gateway.connect(1).await;
    let nested = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let ping = format!(r#"{{"type":"PING","payload":{nested}}}"#);
    deep.say_text(&ping).await;
    deep.expect_refusal("INVALID_FRAME", 4400).await;
    let mut large = gateway.connect(1).await;
    large
        .say(json!({ "type": "PING", "payload": "x".repeat(1000) }))
        .await;
    large.expect_refusal("INVALID_FRAME", 4400).await;
}

#[tokio::test]
async fn a_request_that_is_wrong_is_told_and_the_socket_goes_on() {
    let world = World::new().await;
    let gateway = Gateway::start(&world).await;
    let mut client = gateway.connect(1).await;
    for (kind, payload) in [
        ("DANCE", json!({})),
        ("SEND_MESSAGE", json!({ "content": "hi" })),
        ("SEND_MESSAGE", json!({ "channelId": 1, "content": " " })),
        ("MARK_READ", json!({ "channelId": 1 })),
        ("MARK_READ", json!([1, 2])),
        ("RESUME", json!({ "channels": { "x": 1 } })),
    ] {
        let frame = json!({ "type": kind, "payload": payload, "requestId": "r" });
        client.say_text(&frame.to_string()).await;
        let error = client.expect("ERROR").await;
        assert_eq!(
            (&error["payload"]["code"], &error["requestId"]),
            (&json!("VALIDATION_ERROR"), &json!("r"))
        );
    }
    let crowd: Vec<i64> = (1..=101).collect();
    let payload = json!({ "channelId": 1, "content": "hi", "mentions": crowd });
    client
        .say(json!({ "type": "SEND_MESSAGE", "payload": payload }))
        .await;
    let error = client.expect("ERROR").await;
    assert_eq!(
        (
            &error["payload"]["code"],
            &error["payload"]["details"]["field"]
        ),
        (&json!("TOO_MANY_MENTIONS"), &json!("mentions"))
    );
    client.expect_silence().await;
}
