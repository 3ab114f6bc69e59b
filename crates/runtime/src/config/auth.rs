//! How callers prove who they are.

use std::fmt;

use actix_web::http::Uri;
use clap::Args;

use super::ConfigError;

/// How callers prove who they are.
#[derive(Clone, Args)]
pub struct AuthConfig {
    /// Secret with which HS256 tokens are signed; without use where `KEYCLOAK_URL` is set.
    #[arg(long, env, hide_env_values = true)]
    pub jwt_secret: Option<String>,
    /// Issuer that HS256 tokens must name; not asked for when unset.
    #[arg(long, env)]
    pub jwt_issuer: Option<String>,
    /// Audience that tokens must name; not asked for when unset.
    #[arg(long, env)]
    pub jwt_audience: Option<String>,
    /// Base URL of Keycloak; where it is set, its tokens (RS256) count and no others.
    #[arg(long, env)]
    pub keycloak_url: Option<String>,
    /// Keycloak's realm.
    #[arg(long, env, default_value = "serp")]
    pub keycloak_realm: String,
    /// Issuer that Keycloak's tokens name, where that is not `KEYCLOAK_URL/realms/KEYCLOAK_REALM`.
    #[arg(long, env)]
    pub keycloak_issuer: Option<String>,
    /// Whether X-User-ID and X-Tenant-ID are believed: only behind a gateway on a private network.
    #[arg(long, env, default_value_t = false, action = clap::ArgAction::Set, value_parser = clap::builder::BoolishValueParser::new())]
    pub auth_trust_gateway_headers: bool,
}

/// A realm of Keycloak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realm {
    /// Where its keys are (JWKS).
    pub keys_url: String,
    /// What its tokens call it.
    pub issuer: String,
}

impl AuthConfig {
    /// Refuses what leaves nobody a way to prove who they are.
    pub fn check(&self) -> Result<(), ConfigError> {
        if let Some(url) = &self.keycloak_url
            && !is_base_url(url)
        {
            let reason = "must be a URL as http://localhost:8180";
            return Err(ConfigError::new("KEYCLOAK_URL", reason));
        }
        if !is_name(&self.keycloak_realm) {
            let reason = "must be letters, digits, -, _ and . only";
            return Err(ConfigError::new("KEYCLOAK_REALM", reason));
        }
        let has_tokens = self.jwt_secret.is_some() || self.keycloak_url.is_some();
        if !has_tokens && !self.auth_trust_gateway_headers {
            return Err(ConfigError::new(
                "JWT_SECRET",
                "must be set, or KEYCLOAK_URL, unless AUTH_TRUST_GATEWAY_HEADERS is true",
            ));
        }
        Ok(())
    }

    /// The realm whose tokens count, if that is how people prove who they are.
    #[must_use]
    pub fn realm(&self) -> Option<Realm> {
        let base = self.keycloak_url.as_ref()?.trim_end_matches('/');
        let url = format!("{base}/realms/{}", self.keycloak_realm);
        Some(Realm {
            keys_url: format!("{url}/protocol/openid-connect/certs"),
            issuer: self.keycloak_issuer.clone().unwrap_or(url),
        })
    }
}

fn is_base_url(text: &str) -> bool {
    let is_http = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    text.parse::<Uri>()
        .is_ok_and(|uri| is_http(&uri) && uri.authority().is_some() && uri.query().is_none())
}

fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

impl fmt::Debug for AuthConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthConfig")
            .field("has_jwt_secret", &self.jwt_secret.is_some())
            .field("jwt_issuer", &self.jwt_issuer)
            .field("jwt_audience", &self.jwt_audience)
            .field("keycloak_url", &self.keycloak_url)
            .field("keycloak_realm", &self.keycloak_realm)
            .field("keycloak_issuer", &self.keycloak_issuer)
            .field(
                "auth_trust_gateway_headers",
                &self.auth_trust_gateway_headers,
            )
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_lookup;

    fn read(set: &[(&str, &str)]) -> AuthConfig {
        from_lookup(|name| {
            let given = set.iter().find(|(variable, _)| *variable == name);
            given.map(|(_, value)| value.into())
        })
        .unwrap()
    }

    #[test]
    fn headers_are_not_trusted_unless_asked_for() {
        let config = read(&[]);
        assert!(!config.auth_trust_gateway_headers && config.jwt_secret.is_none());
        let config = read(&[
            ("AUTH_TRUST_GATEWAY_HEADERS", "1"),
            ("JWT_SECRET", "hunter2"),
        ]);
        assert!(config.auth_trust_gateway_headers);
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn somebody_must_be_able_to_prove_who_they_are() {
        assert_eq!(
            read(&[]).check().unwrap_err().to_string(),
            "JWT_SECRET: must be set, or KEYCLOAK_URL, unless AUTH_TRUST_GATEWAY_HEADERS is true"
        );
        for way in [
            ("JWT_SECRET", "s"),
            ("KEYCLOAK_URL", "http://localhost:8180"),
            ("AUTH_TRUST_GATEWAY_HEADERS", "true"),
        ] {
            assert_eq!(read(&[way]).check(), Ok(()), "{way:?}");
        }
    }

    #[test]
    fn a_realm_has_its_keys_and_its_issuer() {
        assert_eq!(read(&[("JWT_SECRET", "s")]).realm(), None);
        let url = ("KEYCLOAK_URL", "https://id.example.com/auth/");
        let realm = read(&[url]).realm().unwrap();
        assert_eq!(realm.issuer, "https://id.example.com/auth/realms/serp");
        assert_eq!(
            realm.keys_url,
            "https://id.example.com/auth/realms/serp/protocol/openid-connect/certs"
        );
        let inside = [
            ("KEYCLOAK_URL", "http://keycloak:8080"),
            ("KEYCLOAK_REALM", "erp"),
            ("KEYCLOAK_ISSUER", "https://id.example.com/realms/erp"),
        ];
        let realm = read(&inside).realm().unwrap();
        assert_eq!(realm.issuer, "https://id.example.com/realms/erp");
        assert_eq!(
            realm.keys_url,
            "http://keycloak:8080/realms/erp/protocol/openid-connect/certs"
        );
    }

    #[test]
    fn a_bad_address_or_realm_is_named() {
        for bad in [
            "localhost:8180",
            "ftp://k",
            "/realms",
            "http://k?realm=serp",
        ] {
            let error = read(&[("KEYCLOAK_URL", bad)]).check().unwrap_err();
            assert_eq!(error.variable, "KEYCLOAK_URL", "{bad}");
        }
        let set = [("KEYCLOAK_URL", "http://k"), ("KEYCLOAK_REALM", "a/b")];
        assert_eq!(read(&set).check().unwrap_err().variable, "KEYCLOAK_REALM");
    }

    #[test]
    fn a_bad_switch_is_named() {
        let error = from_lookup::<AuthConfig>(|name| {
            (name == "AUTH_TRUST_GATEWAY_HEADERS").then(|| "maybe".into())
        });
        assert!(
            error
                .unwrap_err()
                .to_string()
                .starts_with("AUTH_TRUST_GATEWAY_HEADERS: ")
        );
    }
}
