//! Who somebody is, by their token or, behind the SERP gateway, by its headers: one rule for requests
//! and sockets.

mod keycloak;
mod tokens;
mod verifier;

use std::collections::BTreeSet;

use discuss_domain::users::Caller;
use discuss_domain::{TenantId, UserId};
use discuss_wire::errors::ErrorCode;
use discuss_wire::ids::IdNumber;

use crate::stores::Answer;
use crate::{BackgroundTask, Passport};
use verifier::Verifier;

pub use keycloak::{KeycloakSettings, Pace};

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
    /// A token that can't be checked: Keycloak is away, and was so from the start.
    #[error("tokens can't be checked at the moment")]
    Unavailable,
}

impl IdentityError {
    /// The symbol that callers see.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Missing | Self::Invalid | Self::Expired => ErrorCode::Unauthorized,
            Self::NoTenant => ErrorCode::TenantIdRequired,
            Self::Unavailable => ErrorCode::ServiceUnavailable,
        }
    }
}

/// How people can prove who they are.
#[derive(Clone)]
pub struct IdentitySettings {
    /// The realm of Keycloak whose tokens count; where there is one, no others do.
    pub keycloak: Option<KeycloakSettings>,
    /// The secret of HS256 tokens; without it and Keycloak no token counts.
    pub secret: Option<String>,
    /// The only issuer whose HS256 tokens count, if one is set.
    pub issuer: Option<String>,
    /// The audience that a token must name, if one is set.
    pub audience: Option<String>,
    /// Whether `X-User-ID` and `X-Tenant-ID` are believed.
    pub trusts_headers: bool,
}

/// How somebody says who they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// The token they bear.
    pub token: Option<&'a str>,
    /// `X-User-ID`.
    pub user: Option<&'a str>,
    /// `X-Tenant-ID`.
    pub tenant: Option<&'a str>,
}

/// Somebody whose identity was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who they are.
    pub caller: Caller,
    /// Their roles in the realm and in all its clients.
    pub roles: BTreeSet<String>,
    /// The client that their token was made for.
    pub client: Option<String>,
    /// When their token's time is over, seconds since 1970; trusted headers have no end.
    pub expires_at: Option<i64>,
    /// What they came with.
    pub passport: Passport,
}

/// Tells who somebody is.
pub struct Identifier {
    verifier: Option<Verifier>,
    trusts_headers: bool,
}

/// Why nobody can be identified.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client for keycloak: are there certificates (ca-certificates)?")]
pub struct IdentityStartError(#[from] reqwest::Error);

impl Identifier {
    /// Identifies by `settings`; with Keycloak, a task reads its keys.
    pub fn start(
        settings: &IdentitySettings,
    ) -> Result<(Self, Vec<BackgroundTask>), IdentityStartError> {
        let (verifier, tasks) = Verifier::start(settings)?;
        let identifier = Self {
            verifier,
            trusts_headers: settings.trusts_headers,
        };
        Ok((identifier, tasks))
    }

    /// A check of whether Keycloak's keys are known, where it is Keycloak that counts: it may be away later.
    #[must_use]
    pub fn check_keys(&self) -> Option<impl Fn() -> Answer + Send + Sync + 'static> {
        let keys = self.verifier.as_ref()?.keycloak()?.keys().clone();
        Some(move || -> Answer {
            let are_known = keys.are_known();
            Box::pin(async move {
                let unknown = "its keys were never read".to_owned();
                if are_known { Ok(()) } else { Err(unknown) }
            })
        })
    }

    /// Who somebody is: a token counts where tokens can be checked, else the headers where they are
    /// trusted. It waits for nothing, unless a token names a key that is not known yet.
    pub async fn identify(&self, credentials: Credentials<'_>) -> Result<Identity, IdentityError> {
        let Credentials {
            token,
            user,
            tenant,
        } = credentials;
        if let (Some(verifier), Some(token)) = (&self.verifier, token) {
            return verifier.verify(token).await;
        }
        match user {
            Some(user) if self.trusts_headers => from_trusted_headers(user, tenant),
            _ if token.is_some() => Err(IdentityError::Invalid),
            _ => Err(IdentityError::Missing),
        }
    }
}

/// The token of an `Authorization`; schemes are named in any case.
#[must_use]
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// Who the SERP gateway says that somebody is: its `X-User-ID` and `X-Tenant-ID`.
fn from_trusted_headers(user: &str, tenant: Option<&str>) -> Result<Identity, IdentityError> {
    let user = IdNumber::parse(user).and_then(|id| UserId::parse(id.0));
    let user = user.or(Err(IdentityError::Invalid))?;
    let tenant = tenant.ok_or(IdentityError::NoTenant)?;
    let tenant = IdNumber::parse(tenant).and_then(|id| TenantId::parse(id.0));
    let tenant = tenant.or(Err(IdentityError::Invalid))?;
    let caller = Caller {
        tenant,
        user,
        name: None,
        email: None,
    };
    Ok(Identity {
        caller,
        roles: BTreeSet::new(),
        client: None,
        expires_at: None,
        passport: Passport::TrustedHeaders,
    })
}

#[cfg(test)]
mod tests;
