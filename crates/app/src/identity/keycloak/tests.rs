use std::time::Duration;

use discuss_test_support::{Issuer, RealmKey, until};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::*;
use crate::identity::{Credentials, Identifier, Identity, IdentitySettings};

/// Never again in a test's time.
const NEVER: Duration = Duration::from_hours(1);
/// Whenever somebody asks for it.
const EAGER: Pace = Pace {
    at_most_every: Duration::ZERO,
    at_least_every: NEVER,
};
/// Once.
const ONCE: Pace = Pace {
    at_most_every: NEVER,
    at_least_every: NEVER,
};

fn settings(issuer: &Issuer, pace: Pace) -> IdentitySettings {
    IdentitySettings {
        keycloak: Some(KeycloakSettings {
            keys_url: issuer.keys_url(),
            issuer: issuer.name(),
            pace,
        }),
        secret: Some("a secret that does not count beside keycloak".into()),
        issuer: None,
        audience: None,
        trusts_headers: false,
    }
}

fn start(issuer: &Issuer, pace: Pace) -> Arc<Identifier> {
    Arc::new(Identifier::start(&settings(issuer, pace)).unwrap().0)
}

async fn identify(identifier: &Identifier, token: &str) -> Result<Identity, IdentityError> {
    let credentials = Credentials {
        token: Some(token),
        ..Credentials::default()
    };
    identifier.identify(credentials).await
}

async fn is_taken(identifier: &Identifier, issuer: &Issuer, key: RealmKey) -> bool {
    let token = key.sign(&issuer.claims(3, 17));
    identify(identifier, &token).await.is_ok()
}

fn signing(key: RealmKey) -> Jwk {
    key.public(PublicKeyUse::Signature)
}

#[tokio::test]
async fn a_token_of_the_realm_says_who_its_bearer_is_and_what_they_may() {
    let issuer = Issuer::start();
    let mut claims = issuer.claims(3, 17);
    claims["uid"] = "17".into();
    claims["azp"] = "serp-web".into();
    claims["realm_access"] = json!({ "roles": ["employee", "auditor"] });
    claims["resource_access"] = json!({ "crm": { "roles": ["seller"] }, "ptm": {} });
    let token = RealmKey::One.sign(&claims);
    let identity = identify(&start(&issuer, ONCE), &token).await.unwrap();
    assert_eq!(
        (identity.caller.tenant.get(), identity.caller.user.get()),
        (3, 17)
    );
    assert_eq!(identity.caller.name.as_deref(), Some("Person 17"));
    assert_eq!(
        identity.caller.email.as_deref(),
        Some("person17@example.com")
    );
    assert!(identity.roles.iter().eq(["auditor", "employee", "seller"]));
    assert_eq!(identity.client.as_deref(), Some("serp-web"));
    assert_eq!(identity.expires_at, Some(4_102_444_800));
}

#[tokio::test]
async fn claims_that_do_not_hold_are_refused() {
    let issuer = Issuer::start();
    let identifier = start(&issuer, ONCE);
    let good = issuer.claims(3, 17);
    for (claim, value, refusal) in [
        (
            "iss",
            json!("http://elsewhere/realms/serp"),
            IdentityError::Invalid,
        ),
        ("iss", Value::Null, IdentityError::Invalid),
        ("exp", json!(1_000_000_000), IdentityError::Expired),
        ("exp", Value::Null, IdentityError::Invalid),
        ("nbf", json!(4_102_444_000_i64), IdentityError::Invalid),
        ("uid", Value::Null, IdentityError::Invalid),
        ("uid", json!("seventeen"), IdentityError::Invalid),
        ("tid", Value::Null, IdentityError::NoTenant),
        ("tid", json!(0), IdentityError::Invalid),
    ] {
        let mut claims = good.clone();
        claims[claim] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(claim);
        }
        let identified = identify(&identifier, &RealmKey::One.sign(&claims)).await;
        assert_eq!(identified, Err(refusal), "{claim}: {value}");
    }
    assert!(is_taken(&identifier, &issuer, RealmKey::One).await);
}

#[tokio::test]
async fn an_audience_is_required_once_it_is_set() {
    let issuer = Issuer::start();
    let mut strict = settings(&issuer, ONCE);
    strict.audience = Some("discuss".into());
    let (identifier, _) = Identifier::start(&strict).unwrap();
    for (audience, is_good) in [
        (json!("discuss"), true),
        (json!(["account", "discuss"]), true),
        (json!("account"), false),
        (Value::Null, false),
    ] {
        let mut claims = issuer.claims(3, 17);
        if !audience.is_null() {
            claims["aud"] = audience.clone();
        }
        let identified = identify(&identifier, &RealmKey::One.sign(&claims)).await;
        assert_eq!(identified.is_ok(), is_good, "{audience}");
    }
}

#[tokio::test]
async fn the_algorithm_is_the_keys_own() {
    let issuer = Issuer::start();
    let identifier = start(&issuer, ONCE);
    let claims = issuer.claims(3, 17);
    let public = signing(RealmKey::One);
    let modulus = serde_json::to_value(&public).unwrap()["n"].clone();
    let by_secret = |secret: &str| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(RealmKey::One.id().to_owned());
        let key = EncodingKey::from_secret(secret.as_bytes());
        encode(&header, &claims, &key).unwrap()
    };
    let good = RealmKey::One.sign(&claims);
    let (_, signed) = good.split_once('.').unwrap();
    let payload = signed.split_once('.').unwrap().0;
    // {"alg":"none","kid":"one"}
    let unsigned = format!("eyJhbGciOiJub25lIiwia2lkIjoib25lIn0.{payload}.");
    let nameless = encode(
        &Header::new(Algorithm::HS256),
        &claims,
        &EncodingKey::from_secret(b"a secret that does not count beside keycloak"),
    );
    for token in [
        by_secret(modulus.as_str().unwrap()),
        by_secret(&serde_json::to_string(&public).unwrap()),
        nameless.unwrap(),
        unsigned,
        format!("{good}x"),
        RealmKey::Two.sign(&claims),
        "nonsense".to_owned(),
    ] {
        let identified = identify(&identifier, &token).await;
        assert_eq!(identified, Err(IdentityError::Invalid), "{token}");
    }
    assert!(identify(&identifier, &good).await.is_ok());
}

#[tokio::test]
async fn a_key_for_encryption_signs_nothing() {
    let issuer = Issuer::start();
    issuer.publish(&[
        signing(RealmKey::One),
        RealmKey::Two.public(PublicKeyUse::Encryption),
    ]);
    let identifier = start(&issuer, EAGER);
    assert!(is_taken(&identifier, &issuer, RealmKey::One).await);
    assert!(!is_taken(&identifier, &issuer, RealmKey::Two).await);
}

#[tokio::test]
async fn keys_are_taken_when_they_come_and_dropped_when_they_go() {
    let issuer = Issuer::start();
    let identifier = start(&issuer, EAGER);
    assert!(is_taken(&identifier, &issuer, RealmKey::One).await);
    issuer.publish(&[signing(RealmKey::One), signing(RealmKey::Two)]);
    assert!(is_taken(&identifier, &issuer, RealmKey::Two).await);
    assert!(is_taken(&identifier, &issuer, RealmKey::One).await);
    issuer.publish(&[signing(RealmKey::Two)]);
    // An unknown key has the keys read again.
    let other = RealmKey::Two.sign_as("three", &issuer.claims(3, 17));
    assert!(identify(&identifier, &other).await.is_err());
    assert!(is_taken(&identifier, &issuer, RealmKey::Two).await);
    assert!(!is_taken(&identifier, &issuer, RealmKey::One).await);
}

/// How many of so many tokens at once are taken.
async fn storm(identifier: &Arc<Identifier>, issuer: &Issuer, key: RealmKey) -> usize {
    let mut asking = JoinSet::new();
    for user in 1..=100 {
        let (identifier, token) = (Arc::clone(identifier), key.sign(&issuer.claims(3, user)));
        asking.spawn(async move { identify(&identifier, &token).await.is_ok() });
    }
    let taken = asking.join_all().await;
    taken.into_iter().filter(|is_taken| *is_taken).count()
}

#[tokio::test]
async fn a_storm_of_unknown_keys_is_one_look_and_then_none() {
    let issuer = Issuer::start();
    let identifier = start(&issuer, ONCE);
    assert_eq!(storm(&identifier, &issuer, RealmKey::One).await, 100);
    assert_eq!(issuer.looks(), 1);
    issuer.publish(&[signing(RealmKey::Two)]);
    assert_eq!(storm(&identifier, &issuer, RealmKey::Two).await, 0);
    assert_eq!(issuer.looks(), 1);
}

#[tokio::test]
async fn a_storm_of_tokens_of_a_new_key_is_one_look() {
    let issuer = Issuer::start();
    let identifier = start(&issuer, EAGER);
    assert!(is_taken(&identifier, &issuer, RealmKey::One).await);
    issuer.publish(&[signing(RealmKey::Two)]);
    assert_eq!(storm(&identifier, &issuer, RealmKey::Two).await, 100);
    assert_eq!(issuer.looks(), 2);
}

#[tokio::test]
async fn the_last_good_keys_are_kept_while_keycloak_is_away_or_answers_nonsense() {
    let issuer = Issuer::start();
    let identifier = start(&issuer, EAGER);
    assert!(is_taken(&identifier, &issuer, RealmKey::One).await);
    for (status, body) in [
        (503, String::new()),
        (200, "<html>".to_owned()),
        (200, json!({ "keys": [] }).to_string()),
        (200, " ".repeat(300 * 1024)),
        (302, String::new()),
    ] {
        let looks = issuer.looks();
        issuer.answer(status, body);
        assert!(!is_taken(&identifier, &issuer, RealmKey::Two).await);
        assert!(is_taken(&identifier, &issuer, RealmKey::One).await);
        assert!(issuer.looks() > looks, "{status}");
    }
    issuer.publish(&[signing(RealmKey::Two)]);
    assert!(is_taken(&identifier, &issuer, RealmKey::Two).await);
}

#[tokio::test]
async fn a_known_key_waits_for_no_look() {
    let issuer = Issuer::start();
    let identifier = start(&issuer, EAGER);
    assert!(is_taken(&identifier, &issuer, RealmKey::One).await);
    issuer.hold();
    let unknown = Arc::clone(&identifier);
    let token = RealmKey::Two.sign(&issuer.claims(3, 17));
    let waiting = tokio::spawn(async move { identify(&unknown, &token).await });
    until("a look for the new key", async || issuer.looks() == 2).await;
    assert!(is_taken(&identifier, &issuer, RealmKey::One).await);
    assert!(!waiting.is_finished());
    issuer.publish(&[signing(RealmKey::Two)]);
    issuer.release();
    assert!(waiting.await.unwrap().is_ok());
}

#[tokio::test]
async fn without_any_key_tokens_can_not_be_checked_and_the_process_is_not_ready() {
    let issuer = Issuer::start();
    issuer.answer(503, String::new());
    let identifier = start(&issuer, EAGER);
    let check = identifier.check_keys().unwrap();
    let token = RealmKey::One.sign(&issuer.claims(3, 17));
    let identified = identify(&identifier, &token).await;
    assert_eq!(identified, Err(IdentityError::Unavailable));
    assert!(check().await.is_err());
    issuer.publish(&[signing(RealmKey::One)]);
    assert!(is_taken(&identifier, &issuer, RealmKey::One).await);
    assert_eq!(check().await, Ok(()));
    issuer.answer(503, String::new());
    assert!(!is_taken(&identifier, &issuer, RealmKey::Two).await);
    assert_eq!(check().await, Ok(()));
}
