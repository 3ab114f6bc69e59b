//! The token that Discuss shows where it asks on its own behalf: client credentials of Keycloak.

use std::time::Duration;

use reqwest::{Client, Url};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::http::{NoAnswer, Service};
use super::{ClientSettings, ServiceSettingsError};

/// A token is not used any more for so long before its time is over.
const MARGIN: Duration = Duration::from_secs(30);

/// Gets tokens, and keeps each until shortly before its time is over.
pub(super) struct OwnTokens {
    keycloak: Service,
    url: Url,
    form: String,
    /// Who finds no token here fetches one; the others wait for it.
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    token: String,
    good_until: Instant,
}

#[derive(Deserialize)]
struct Issued {
    access_token: String,
    expires_in: u64,
}

impl OwnTokens {
    pub(super) fn new(
        settings: &ClientSettings,
        client: &Client,
    ) -> Result<Self, ServiceSettingsError> {
        let keycloak = Service::new(("KEYCLOAK_URL", "keycloak"), &settings.keycloak, client)?;
        let path = [
            "realms",
            &settings.realm,
            "protocol",
            "openid-connect",
            "token",
        ];
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &settings.id),
            ("client_secret", &settings.secret),
        ];
        let form = serde_urlencoded::to_string(form);
        Ok(Self {
            url: keycloak.url(&path),
            keycloak,
            form: form.map_err(|_refused| ServiceSettingsError::Url("KEYCLOAK_CLIENT_ID"))?,
            kept: Mutex::new(None),
        })
    }

    /// A token that is good for a while.
    pub(super) async fn get(&self) -> Result<String, NoAnswer> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept
            .as_ref()
            .filter(|kept| Instant::now() < kept.good_until)
        {
            return Ok(kept.token.clone());
        }
        let asked = self.keycloak.post_form(self.url.clone(), self.form.clone());
        let issued: Issued = asked.await?;
        let token = issued.access_token;
        let good_for = useful(Duration::from_secs(issued.expires_in));
        *kept = Instant::now().checked_add(good_for).map(|good_until| Kept {
            token: token.clone(),
            good_until,
        });
        Ok(token)
    }

    /// The token was refused: it is not shown again.
    pub(super) async fn forget(&self, token: &str) {
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_some_and(|kept| kept.token == token) {
            *kept = None;
        }
    }
}

/// For how long a token of that lifetime is used.
fn useful(lifetime: Duration) -> Duration {
    lifetime.saturating_sub(MARGIN.min(lifetime / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_until_shortly_before_its_end() {
        let seconds = Duration::from_secs;
        assert_eq!(useful(seconds(300)), seconds(270));
        assert_eq!(useful(seconds(20)), seconds(10));
        assert_eq!(useful(seconds(0)), seconds(0));
    }
}
