//! What every request shares.

use discuss_app::{
    App, BackgroundTask, Redis,
    identity::{Identifier, IdentitySettings, IdentityStartError, KeycloakSettings, Pace},
    rate_limits::{Limiter, RateLimits},
};
use discuss_runtime::config::{AuthConfig, MessagesConfig, RateLimitConfig};

/// What every request shares.
pub(crate) struct State {
    /// The use cases.
    pub(crate) app: App,
    /// Tells who requests come from.
    pub(crate) identifier: Identifier,
    /// Counts them.
    pub(crate) limiter: Limiter,
    /// What may be done with messages.
    pub(crate) messages: MessagesConfig,
}

/// How callers are identified, as the configuration says.
pub(crate) fn identifier(
    auth: &AuthConfig,
) -> Result<(Identifier, Vec<BackgroundTask>), IdentityStartError> {
    Identifier::start(&IdentitySettings {
        keycloak: auth.realm().map(|realm| KeycloakSettings {
            keys_url: realm.keys_url,
            issuer: realm.issuer,
            pace: Pace::default(),
        }),
        secret: auth.jwt_secret.clone(),
        issuer: auth.jwt_issuer.clone(),
        audience: auth.jwt_audience.clone(),
        trusts_headers: auth.auth_trust_gateway_headers,
    })
}

/// How often callers may call, as the configuration says.
pub(crate) async fn limiter(
    redis: Redis,
    limits: &RateLimitConfig,
) -> (Limiter, Vec<BackgroundTask>) {
    let limits = RateLimits {
        sends: limits.rate_limit_sends,
        reads: limits.rate_limit_reads,
        searches: limits.rate_limit_searches,
        uploads: limits.rate_limit_uploads,
        tenant: limits.rate_limit_tenant,
    };
    Limiter::start(redis, limits).await
}
