//! Who somebody is, by their token or, behind the SERP gateway, by its headers.

use discuss_domain::users::Caller;
use discuss_domain::{TenantId, UserId};
use discuss_wire::errors::ErrorCode;
use discuss_wire::ids::IdNumber;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

/// Clocks may differ by this many seconds.
const LEEWAY: u64 = 5;

/// Why somebody is nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// No token.
    #[error("a token is needed")]
    Missing,
    /// A token that is not valid, or names nobody.
    #[error("the token is not valid")]
    Invalid,
    /// A token whose time is over.
    #[error("the token has expired")]
    Expired,
    /// A token without a tenant.
    #[error("the token names no tenant")]
    NoTenant,
}

impl IdentityError {
    /// The symbol that callers see.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Missing | Self::Invalid | Self::Expired => ErrorCode::Unauthorized,
            Self::NoTenant => ErrorCode::TenantIdRequired,
        }
    }
}

/// How tokens are checked.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// The secret of HS256 tokens.
    pub secret: String,
    /// The only issuer whose tokens count, if one is set.
    pub issuer: Option<String>,
    /// The audience that a token must name, if one is set.
    pub audience: Option<String>,
}

/// Checks tokens.
pub struct Verifier {
    key: DecodingKey,
    validation: Validation,
}

/// A token that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who its bearer is.
    pub caller: Caller,
    /// When its time is over, seconds since 1970.
    pub expires_at: i64,
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
    /// Checks tokens by `settings`.
    #[must_use]
    pub fn new(settings: &IdentitySettings) -> Self {
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
        Self {
            key: DecodingKey::from_secret(settings.secret.as_bytes()),
            validation,
        }
    }

    /// Checks a token.
    pub fn verify(&self, token: &str) -> Result<Verified, IdentityError> {
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
        Ok(Verified {
            caller,
            expires_at: claims.exp,
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

/// Who the SERP gateway says that somebody is: its `X-User-ID` and `X-Tenant-ID`.
pub fn from_trusted_headers(user: &str, tenant: Option<&str>) -> Result<Caller, IdentityError> {
    let user = IdNumber::parse(user).and_then(|id| UserId::parse(id.0));
    let user = user.or(Err(IdentityError::Invalid))?;
    let tenant = tenant.ok_or(IdentityError::NoTenant)?;
    let tenant = IdNumber::parse(tenant).and_then(|id| TenantId::parse(id.0));
    let tenant = tenant.or(Err(IdentityError::Invalid))?;
    Ok(Caller {
        tenant,
        user,
        name: None,
        email: None,
    })
}

#[cfg(test)]
mod tests;
