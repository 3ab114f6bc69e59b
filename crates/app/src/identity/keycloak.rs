//! Keycloak's tokens: RS256, signed with a key of its realm.

mod jwks;
mod keys;

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, decode_header};
use tokio::task::JoinHandle;

use self::keys::Keys;
use super::IdentityError;

/// How its tokens are signed.
pub(super) const ALGORITHM: Algorithm = Algorithm::RS256;

/// A realm of Keycloak, and how its keys are kept.
#[derive(Debug, Clone)]
pub struct KeycloakSettings {
    /// Where the keys are (JWKS).
    pub keys_url: String,
    /// What its tokens call it.
    pub issuer: String,
    /// How often the keys are read.
    pub pace: Pace,
}

/// How often keys are read.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// At most every so often, however many tokens name a key that is not known.
    pub at_most_every: Duration,
    /// At least every so often.
    pub at_least_every: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            at_most_every: Duration::from_secs(10),
            at_least_every: Duration::from_mins(10),
        }
    }
}

/// Knows which key signed a token.
pub(super) struct Keycloak {
    keys: Keys,
}

impl Keycloak {
    /// Starts the task that reads the keys.
    pub(super) fn start(
        settings: &KeycloakSettings,
    ) -> Result<(Self, JoinHandle<()>), reqwest::Error> {
        let (keys, reading) = Keys::start(&settings.keys_url, settings.pace)?;
        Ok((Self { keys }, reading))
    }

    /// The key that a token names: at once where it is known, else after another look at the keys.
    pub(super) async fn find_key(&self, token: &str) -> Result<Arc<DecodingKey>, IdentityError> {
        let header = decode_header(token).or(Err(IdentityError::Invalid))?;
        let id = header.kid.filter(|_| header.alg == ALGORITHM);
        let id = id.ok_or(IdentityError::Invalid)?;
        if let Some(key) = self.keys.find(&id) {
            return Ok(key);
        }
        self.keys.look_again().await;
        match self.keys.find(&id) {
            Some(key) => Ok(key),
            None if self.keys.are_known() => Err(IdentityError::Invalid),
            None => Err(IdentityError::Unavailable),
        }
    }

    /// The realm's keys.
    pub(super) const fn keys(&self) -> &Keys {
        &self.keys
    }
}

#[cfg(test)]
mod tests;
