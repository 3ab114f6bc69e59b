//! Sockets of people who are known by Keycloak's tokens.

use discuss_test_support::{Issuer, RealmKey, World, token, until};
use serde_json::json;

use crate::process::Gateway;

#[tokio::test]
async fn keycloaks_tokens_open_and_renew_sockets_and_no_others_do() {
    let (world, issuer) = (World::new().await, Issuer::start());
    let gateway = Gateway::start_with(&world, &[("KEYCLOAK_URL", issuer.url())]).await;
    let by_keycloak = RealmKey::One.sign(&issuer.claims(World::TENANT, 2));

    let mut socket = gateway
        .open_at(&format!("/ws/discuss?token={by_keycloak}"))
        .await;
    assert_eq!(socket.expect("CONNECTED").await["payload"]["userId"], 2);
    let mut by_frame = gateway.open_at("/ws/discuss").await;
    let auth = json!({ "type": "AUTH", "payload": { "token": by_keycloak }, "requestId": "r" });
    by_frame.say(auth.clone()).await;
    assert_eq!(by_frame.expect("CONNECTED").await["payload"]["userId"], 2);
    socket.say(auth).await;
    assert_eq!(socket.expect("CONNECTED").await["requestId"], "r");

    let by_secret = token(World::TENANT, 2);
    let mut refused = gateway
        .open_at(&format!("/ws/discuss?token={by_secret}"))
        .await;
    refused.expect_refusal("UNAUTHORIZED", 4401).await;
}

#[tokio::test]
async fn while_no_key_was_ever_known_sockets_are_told_to_come_back() {
    let (world, issuer) = (World::new().await, Issuer::start());
    issuer.answer(503, String::new());
    let gateway = Gateway::start_with(&world, &[("KEYCLOAK_URL", issuer.url())]).await;
    until("a look", async || issuer.looks() > 0).await;
    let token = RealmKey::One.sign(&issuer.claims(World::TENANT, 2));
    let mut socket = gateway.open_at(&format!("/ws/discuss?token={token}")).await;
    socket.expect_refusal("SERVICE_UNAVAILABLE", 4003).await;
}
