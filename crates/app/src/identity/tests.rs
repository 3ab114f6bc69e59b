use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;

const SECRET: &str = "a secret of thirty-two characters";
/// 2100-01-01.
const LATER: i64 = 4_102_444_800;

fn verifier() -> Verifier {
    Verifier::new(&IdentitySettings {
        secret: SECRET.into(),
        issuer: None,
        audience: None,
    })
}

fn signed(algorithm: Algorithm, claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(algorithm), claims, &key).unwrap()
}

fn token(claims: &Value) -> String {
    signed(Algorithm::HS256, claims, SECRET)
}

#[test]
fn a_token_says_who_its_bearer_is() {
    let claims = json!({"uid": "17", "tid": 3, "name": "Lan Tran", "exp": LATER});
    let verified = verifier().verify(&token(&claims)).unwrap();
    assert_eq!(verified.caller.user, UserId::from(17));
    assert_eq!(verified.caller.tenant, TenantId::from(3));
    assert_eq!(verified.caller.name.as_deref(), Some("Lan Tran"));
    assert_eq!(verified.expires_at, LATER);
}

#[test]
fn what_is_not_ours_is_refused() {
    let good = json!({"uid": 17, "tid": 3, "exp": LATER});
    let unsigned = "eyJhbGciOiJub25lIn0.eyJ1aWQiOjE3LCJ0aWQiOjMsImV4cCI6NDEwMjQ0NDgwMH0.";
    let refused = [
        signed(Algorithm::HS256, &good, "another secret"),
        signed(Algorithm::HS512, &good, SECRET),
        unsigned.to_owned(),
        token(&json!({"tid": 3, "exp": LATER})),
        token(&json!({"uid": 0, "tid": 3, "exp": LATER})),
        token(&json!({"uid": 17, "tid": 3})),
        "nonsense".to_owned(),
    ];
    for token in refused {
        assert_eq!(
            verifier().verify(&token),
            Err(IdentityError::Invalid),
            "{token}"
        );
    }
}

#[test]
fn an_old_token_is_expired_and_one_without_tenant_says_so() {
    let old = json!({"uid": 17, "tid": 3, "exp": 1_000_000_000});
    assert_eq!(verifier().verify(&token(&old)), Err(IdentityError::Expired));
    let homeless = json!({"uid": 17, "exp": LATER});
    assert_eq!(
        verifier().verify(&token(&homeless)),
        Err(IdentityError::NoTenant)
    );
}

#[test]
fn issuer_and_audience_are_required_once_they_are_set() {
    let strict = Verifier::new(&IdentitySettings {
        secret: SECRET.into(),
        issuer: Some("serp".into()),
        audience: Some("discuss".into()),
    });
    let bare = json!({"uid": 17, "tid": 3, "exp": LATER});
    assert_eq!(strict.verify(&token(&bare)), Err(IdentityError::Invalid));
    let full = json!({"uid": 17, "tid": 3, "exp": LATER, "iss": "serp", "aud": "discuss"});
    assert!(strict.verify(&token(&full)).is_ok());
}

#[test]
fn trusted_headers_name_user_and_tenant() {
    let caller = from_trusted_headers("17", Some("3")).unwrap();
    assert_eq!((caller.user.get(), caller.tenant.get()), (17, 3));
    assert_eq!(
        from_trusted_headers("17", None),
        Err(IdentityError::NoTenant)
    );
    assert_eq!(
        from_trusted_headers("x", Some("3")),
        Err(IdentityError::Invalid)
    );
}
