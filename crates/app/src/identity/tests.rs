use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;

const SECRET: &str = "a secret of thirty-two characters";
/// 2100-01-01.
const LATER: i64 = 4_102_444_800;

fn settings() -> IdentitySettings {
    IdentitySettings {
        keycloak: None,
        secret: Some(SECRET.into()),
        issuer: None,
        audience: None,
        trusts_headers: false,
    }
}

async fn by_token(settings: &IdentitySettings, token: &str) -> Result<Identity, IdentityError> {
    let (identifier, _) = Identifier::start(settings).unwrap();
    let credentials = Credentials {
        token: Some(token),
        ..Credentials::default()
    };
    identifier.identify(credentials).await
}

fn signed(algorithm: Algorithm, claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(algorithm), claims, &key).unwrap()
}

fn token(claims: &Value) -> String {
    signed(Algorithm::HS256, claims, SECRET)
}

#[tokio::test]
async fn a_token_says_who_its_bearer_is() {
    let claims = json!({"uid": "17", "tid": 3, "name": "Lan Tran", "exp": LATER});
    let verified = by_token(&settings(), &token(&claims)).await.unwrap();
    assert_eq!(verified.caller.user, UserId::from(17));
    assert_eq!(verified.caller.tenant, TenantId::from(3));
    assert_eq!(verified.caller.name.as_deref(), Some("Lan Tran"));
    assert_eq!(verified.expires_at, Some(LATER));
}

#[tokio::test]
async fn what_is_not_ours_is_refused() {
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
            by_token(&settings(), &token).await,
            Err(IdentityError::Invalid),
            "{token}"
        );
    }
}

#[tokio::test]
async fn an_old_token_is_expired_and_one_without_tenant_says_so() {
    let old = json!({"uid": 17, "tid": 3, "exp": 1_000_000_000});
    assert_eq!(
        by_token(&settings(), &token(&old)).await,
        Err(IdentityError::Expired)
    );
    let homeless = json!({"uid": 17, "exp": LATER});
    assert_eq!(
        by_token(&settings(), &token(&homeless)).await,
        Err(IdentityError::NoTenant)
    );
}

#[tokio::test]
async fn issuer_and_audience_are_required_once_they_are_set() {
    let strict = IdentitySettings {
        issuer: Some("serp".into()),
        audience: Some("discuss".into()),
        ..settings()
    };
    let bare = json!({"uid": 17, "tid": 3, "exp": LATER});
    assert_eq!(
        by_token(&strict, &token(&bare)).await,
        Err(IdentityError::Invalid)
    );
    let full = json!({"uid": 17, "tid": 3, "exp": LATER, "iss": "serp", "aud": "discuss"});
    assert!(by_token(&strict, &token(&full)).await.is_ok());
}

/// Who is 17 of tenant 3 by headers and, where a token is given, 18 of tenant 4 by that.
async fn by_both(settings: &IdentitySettings, token: Option<&str>) -> Result<i64, IdentityError> {
    let credentials = Credentials {
        token,
        user: Some("17"),
        tenant: Some("3"),
    };
    let (identifier, _) = Identifier::start(settings).unwrap();
    let identity = identifier.identify(credentials).await?;
    Ok(identity.caller.user.get())
}

#[tokio::test]
async fn a_token_counts_where_it_can_be_checked_and_else_headers_where_they_are_trusted() {
    use IdentityError::{Invalid, Missing};
    let good = token(&json!({"uid": 18, "tid": 4, "exp": LATER}));
    let (good, bad) = (Some(good.as_str()), Some("nonsense"));
    let secret = || Some(SECRET.to_owned());
    for (secret, trusts_headers, with_good, with_bad, with_none) in [
        (secret(), false, Ok(18), Err(Invalid), Err(Missing)),
        (secret(), true, Ok(18), Err(Invalid), Ok(17)),
        (None, true, Ok(17), Ok(17), Ok(17)),
        (None, false, Err(Invalid), Err(Invalid), Err(Missing)),
    ] {
        let settings = IdentitySettings {
            secret,
            trusts_headers,
            ..settings()
        };
        for (token, expected) in [(good, with_good), (bad, with_bad), (None, with_none)] {
            assert_eq!(by_both(&settings, token).await, expected);
        }
    }
}

#[test]
fn trusted_headers_name_user_and_tenant_and_have_no_end() {
    let identity = from_trusted_headers("17", Some("3")).unwrap();
    let Identity {
        caller, expires_at, ..
    } = identity;
    assert_eq!((caller.user.get(), caller.tenant.get()), (17, 3));
    assert_eq!(expires_at, None);
    assert_eq!(
        from_trusted_headers("17", None),
        Err(IdentityError::NoTenant)
    );
    assert_eq!(
        from_trusted_headers("x", Some("3")),
        Err(IdentityError::Invalid)
    );
}

#[test]
fn a_token_follows_the_scheme_bearer_in_any_case() {
    assert_eq!(bearer("Bearer a.b.c"), Some("a.b.c"));
    assert_eq!(bearer("bearer  a.b.c "), Some("a.b.c"));
    assert_eq!(bearer("BEARER a.b.c"), Some("a.b.c"));
    assert_eq!(bearer("Basic a.b.c"), None);
    assert_eq!(bearer("a.b.c"), None);
}
