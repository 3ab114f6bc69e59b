//! What every request shares.

use discuss_app::{
    App,
    identity::{Identifier, IdentitySettings},
};
use discuss_runtime::config::{AuthConfig, MessagesConfig};

/// What every request shares.
pub(crate) struct State {
    /// The use cases.
    pub(crate) app: App,
    /// Tells who requests come from.
    pub(crate) identifier: Identifier,
    /// What may be done with messages.
    pub(crate) messages: MessagesConfig,
}

/// How callers are identified, as the configuration says.
pub(crate) fn identifier(auth: &AuthConfig) -> Identifier {
    Identifier::new(&IdentitySettings {
        secret: auth.jwt_secret.clone(),
        issuer: auth.jwt_issuer.clone(),
        audience: auth.jwt_audience.clone(),
        trusts_headers: auth.auth_trust_gateway_headers,
    })
}
