//! What a token must say, whoever signed it.

use std::collections::BTreeMap;

use discuss_domain::users::Caller;
use discuss_domain::{TenantId, UserId};
use discuss_wire::ids::IdNumber;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

use super::{Identity, IdentityError};
use crate::Passport;

/// Clocks may differ by this many seconds.
const LEEWAY: u64 = 5;

#[derive(Deserialize)]
struct Claims {
    uid: Option<IdNumber>,
    tid: Option<IdNumber>,
    name: Option<String>,
    email: Option<String>,
    azp: Option<String>,
    #[serde(default)]
    realm_access: Access,
    #[serde(default)]
    resource_access: BTreeMap<String, Access>,
    exp: i64,
}

/// The roles that Keycloak gives somebody in a realm, or in one of its clients.
#[derive(Default, Deserialize)]
struct Access {
    #[serde(default)]
    roles: Vec<String>,
}

/// Tokens of this algorithm, and of this issuer and for this audience where they are given.
pub(super) fn rules(
    algorithm: Algorithm,
    issuer: Option<&str>,
    audience: Option<&str>,
) -> Validation {
    let mut rules = Validation::new(algorithm);
    rules.leeway = LEEWAY;
    rules.validate_nbf = true;
    if let Some(issuer) = issuer {
        rules.set_issuer(&[issuer]);
        rules.required_spec_claims.insert("iss".to_owned());
    }
    match audience {
        Some(audience) => {
            rules.set_audience(&[audience]);
            rules.required_spec_claims.insert("aud".to_owned());
        }
        None => rules.validate_aud = false,
    }
    rules
}

/// Who bears a token, if `key` signed it and it keeps to the rules.
pub(super) fn read(
    token: &str,
    key: &DecodingKey,
    rules: &Validation,
) -> Result<Identity, IdentityError> {
    let decoded = decode::<Claims>(token, key, rules);
    let claims = decoded.map_err(|error| refusal(&error))?.claims;
    let uid = claims.uid.ok_or(IdentityError::Invalid)?;
    let user = UserId::parse(uid.0).or(Err(IdentityError::Invalid))?;
    let tid = claims.tid.ok_or(IdentityError::NoTenant)?;
    let tenant = TenantId::parse(tid.0).or(Err(IdentityError::Invalid))?;
    let clients = claims.resource_access.into_values();
    let accesses = std::iter::once(claims.realm_access).chain(clients);
    Ok(Identity {
        caller: Caller {
            tenant,
            user,
            name: text(claims.name),
            email: text(claims.email),
        },
        roles: accesses.flat_map(|access| access.roles).collect(),
        client: text(claims.azp),
        expires_at: Some(claims.exp),
        passport: Passport::Token(token.into()),
    })
}

fn refusal(error: &jsonwebtoken::errors::Error) -> IdentityError {
    match error.kind() {
        jsonwebtoken::errors::ErrorKind::ExpiredSignature => IdentityError::Expired,
        _ => IdentityError::Invalid,
    }
}

/// A claim's text, without what PostgreSQL can't store; an empty one says nothing.
fn text(claim: Option<String>) -> Option<String> {
    let text: String = claim?
        .chars()
        .filter(|character| *character != '\0')
        .take(200)
        .collect();
    if text.trim().is_empty() {
        None
    } else {
        Some(text)
    }
}
