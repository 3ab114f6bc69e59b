//! Callers who are known by Keycloak's tokens.

use discuss_test_support::{Issuer, RealmKey, token, until};

use crate::support::World;

#[tokio::test]
async fn keycloaks_tokens_count_and_no_others() {
    let issuer = Issuer::start();
    let world = World::with_keycloak(&issuer).await;
    let an = world.person(1);
    let claims = issuer.claims(World::TENANT, 1);
    let by_keycloak = an.with_token(RealmKey::One.sign(&claims));
    let channel = by_keycloak.group(&[]).await;
    let made = by_keycloak.get(&format!("/channels/{channel}")).await;
    assert_eq!(made.data()["createdBy"], 1);

    let by_secret = an.with_token(token(World::TENANT, 1));
    let by_secret = by_secret.get("/channels").await;
    by_secret.refused(401, "UNAUTHORIZED");
    let by_other_key = an.with_token(RealmKey::Two.sign(&claims));
    by_other_key
        .get("/channels")
        .await
        .refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn who_is_nobody_or_nowhere_is_told_so() {
    let issuer = Issuer::start();
    let world = World::with_keycloak(&issuer).await;
    for (claim, status, symbol) in [
        ("uid", 401, "UNAUTHORIZED"),
        ("iss", 401, "UNAUTHORIZED"),
        ("tid", 400, "TENANT_ID_REQUIRED"),
    ] {
        let mut claims = issuer.claims(World::TENANT, 1);
        claims.as_object_mut().unwrap().remove(claim);
        let person = world.person(1).with_token(RealmKey::One.sign(&claims));
        person.get("/channels").await.refused(status, symbol);
    }
}

#[tokio::test]
async fn the_api_is_ready_once_keys_are_known_and_stays_so_without_keycloak() {
    let issuer = Issuer::start();
    issuer.hold();
    let world = World::with_keycloak(&issuer).await;
    let (status, failing) = world.readiness().await;
    assert_eq!((status, &failing[0]), (503, &"keycloak".into()));

    issuer.release();
    until("readiness", async || world.readiness().await.0 == 200).await;
    issuer.answer(503, String::new());
    assert_eq!(world.readiness().await.0, 200);
    let claims = issuer.claims(World::TENANT, 1);
    let person = world.person(1).with_token(RealmKey::One.sign(&claims));
    assert_eq!(person.get("/channels").await.status, 200);
}

#[tokio::test]
async fn while_no_key_was_ever_known_callers_are_told_to_come_back() {
    let issuer = Issuer::start();
    issuer.answer(503, String::new());
    let world = World::with_keycloak(&issuer).await;
    until("a look", async || issuer.looks() > 0).await;
    let claims = issuer.claims(World::TENANT, 1);
    let person = world.person(1).with_token(RealmKey::One.sign(&claims));
    let refusal = person.get("/channels").await;
    refusal.refused(503, "SERVICE_UNAVAILABLE");
    assert_eq!(refusal.header("retry-after"), "1");
}
