//! Which tokens count: Keycloak's, or those signed with a secret that is shared.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use super::keycloak::{self, Keycloak};
use super::{Identity, IdentityError, IdentitySettings, IdentityStartError, tokens};
use crate::BackgroundTask;

/// Checks tokens.
pub(super) struct Verifier {
    rules: Validation,
    source: KeySource,
}

/// Where the key is with which a token is checked.
enum KeySource {
    /// At Keycloak.
    Keycloak(Keycloak),
    /// In the configuration.
    Secret(DecodingKey),
}

impl Verifier {
    /// Checks tokens by `settings`; nothing when they name neither Keycloak nor a secret.
    pub(super) fn start(
        settings: &IdentitySettings,
    ) -> Result<(Option<Self>, Vec<BackgroundTask>), IdentityStartError> {
        let audience = settings.audience.as_deref();
        if let Some(realm) = &settings.keycloak {
            let (keycloak, reading) = Keycloak::start(realm)?;
            let verifier = Self {
                rules: tokens::rules(keycloak::ALGORITHM, Some(&realm.issuer), audience),
                source: KeySource::Keycloak(keycloak),
            };
            return Ok((Some(verifier), vec![("keycloak's keys", reading)]));
        }
        let by_secret = settings.secret.as_ref().map(|secret| Self {
            rules: tokens::rules(Algorithm::HS256, settings.issuer.as_deref(), audience),
            source: KeySource::Secret(DecodingKey::from_secret(secret.as_bytes())),
        });
        Ok((by_secret, Vec::new()))
    }

    /// Checks a token.
    pub(super) async fn verify(&self, token: &str) -> Result<Identity, IdentityError> {
        match &self.source {
            KeySource::Secret(secret) => tokens::read(token, secret, &self.rules),
            KeySource::Keycloak(keycloak) => {
                let key = keycloak.find_key(token).await?;
                tokens::read(token, &key, &self.rules)
            }
        }
    }

    /// Keycloak, where it is its tokens that count.
    pub(super) const fn keycloak(&self) -> Option<&Keycloak> {
        match &self.source {
            KeySource::Keycloak(keycloak) => Some(keycloak),
            KeySource::Secret(_) => None,
        }
    }
}
