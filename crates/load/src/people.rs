//! The people of a run: users 1 to N of one tenant, each with a signed token.

use std::time::Duration;

use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;

/// How long a token is good for; longer than any run.
const TOKEN_LIFE: Duration = Duration::from_hours(24);

/// Signs tokens for the people of one tenant.
#[derive(Clone)]
pub(crate) struct Tenant {
    /// The tenant's id.
    pub(crate) id: u64,
    key: EncodingKey,
}

/// Somebody who sends or is connected.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// The user id.
    pub(crate) user: u64,
    /// A token that says so.
    pub(crate) token: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    uid: u64,
    tid: u64,
    name: &'a str,
    email: String,
    exp: i64,
}

impl Tenant {
    /// The tenant `id`, whose tokens are signed with `secret`.
    pub(crate) fn new(id: u64, secret: &str) -> Self {
        Self {
            id,
            key: EncodingKey::from_secret(secret.as_bytes()),
        }
    }

    /// The person `user`, called `name`.
    pub(crate) fn person(&self, user: u64, name: &str) -> anyhow::Result<Person> {
        let exp = (chrono::Utc::now() + TOKEN_LIFE).timestamp();
        let email = format!("user{user}@load.example");
        let claims = Claims {
            uid: user,
            tid: self.id,
            name,
            email,
            exp,
        };
        let token = jsonwebtoken::encode(&Header::default(), &claims, &self.key)?;
        Ok(Person { user, token })
    }

    /// The users 1 to `count`.
    pub(crate) fn people(&self, count: u64) -> anyhow::Result<Vec<Person>> {
        (1..=count)
            .map(|user| self.person(user, &format!("User {user}")))
            .collect()
    }
}
