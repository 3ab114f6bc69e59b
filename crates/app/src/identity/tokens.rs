//! Tokens: HS256, signed with a secret that is shared.

use discuss_domain::users::Caller;
use discuss_domain::{TenantId, UserId};
use discuss_wire::ids::IdNumber;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

use super::{Identity, IdentityError, IdentitySettings};
use crate::Passport;

/// Clocks may differ by this many seconds.
const LEEWAY: u64 = 5;

/// Checks tokens.
pub(super) struct Verifier {
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
struct Claims {
    uid: Option<IdNumber>,
    tid: Option<IdNumber>,
    name: Option<String>,
    email: Option<String>,
    exp: i64,
}

impl Verifier {
    /// Checks tokens by `settings`; nothing when they say no secret.
    pub(super) fn new(settings: &IdentitySettings) -> Option<Self> {
        let secret = settings.secret.as_ref()?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        if let Some(issuer) = &settings.issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".to_owned());
        }
        match &settings.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                validation.required_spec_claims.insert("aud".to_owned());
            }
            None => validation.validate_aud = false,
        }
        Some(Self {
            key: DecodingKey::from_secret(secret.as_bytes()),
            validation,
        })
    }

    /// Checks a token.
    pub(super) fn verify(&self, token: &str) -> Result<Identity, IdentityError> {
        let decoded = decode::<Claims>(token, &self.key, &self.validation);
        let claims = decoded.map_err(|error| refusal(&error))?.claims;
        let uid = claims.uid.ok_or(IdentityError::Invalid)?;
        let user = UserId::parse(uid.0).or(Err(IdentityError::Invalid))?;
        let tid = claims.tid.ok_or(IdentityError::NoTenant)?;
        let tenant = TenantId::parse(tid.0).or(Err(IdentityError::Invalid))?;
        let caller = Caller {
            tenant,
            user,
            name: text(claims.name),
            email: text(claims.email),
        };
        Ok(Identity {
            caller,
            expires_at: Some(claims.exp),
            passport: Passport::Token(token.into()),
        })
    }
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
