//! Tokens of people, signed as the tests' services expect.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

/// The `JWT_SECRET` of the tests' services.
pub const SECRET: &str = "a secret that only tests know, of a good length";

/// 2100-01-01, in seconds.
const LATER: i64 = 4_102_444_800;

/// A token of `user` of `tenant`, called "Person {user}".
#[must_use]
pub fn token(tenant: i64, user: i64) -> String {
    let claims = json!({
        "uid": user, "tid": tenant, "name": format!("Person {user}"),
        "email": format!("person{user}@example.com"), "exp": LATER,
    });
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    encode(&Header::default(), &claims, &key).expect("a token must be signed")
}
