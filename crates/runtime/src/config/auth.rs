//! How callers prove who they are.

use std::fmt;

use clap::Args;

use super::ConfigError;

/// How callers prove who they are.
#[derive(Clone, Args)]
pub struct AuthConfig {
    /// Secret with which HS256 tokens are signed.
    #[arg(long, env, hide_env_values = true)]
    pub jwt_secret: Option<String>,
    /// Issuer that tokens must name; not asked for when unset.
    #[arg(long, env)]
    pub jwt_issuer: Option<String>,
    /// Audience that tokens must name; not asked for when unset.
    #[arg(long, env)]
    pub jwt_audience: Option<String>,
    /// Whether X-User-ID and X-Tenant-ID are believed: only behind a gateway on a private network.
    #[arg(long, env, default_value_t = false, action = clap::ArgAction::Set, value_parser = clap::builder::BoolishValueParser::new())]
    pub auth_trust_gateway_headers: bool,
}

impl AuthConfig {
    /// Refuses what leaves nobody a way to prove who they are.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.jwt_secret.is_none() && !self.auth_trust_gateway_headers {
            return Err(ConfigError::new(
                "JWT_SECRET",
                "must be set, unless AUTH_TRUST_GATEWAY_HEADERS is true",
            ));
        }
        Ok(())
    }
}

impl fmt::Debug for AuthConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthConfig")
            .field("has_jwt_secret", &self.jwt_secret.is_some())
            .field("jwt_issuer", &self.jwt_issuer)
            .field("jwt_audience", &self.jwt_audience)
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

    #[test]
    fn headers_are_not_trusted_unless_asked_for() {
        let read = from_lookup::<AuthConfig>(|_| None).unwrap();
        assert!(!read.auth_trust_gateway_headers && read.jwt_secret.is_none());
        let read = from_lookup::<AuthConfig>(|name| match name {
            "AUTH_TRUST_GATEWAY_HEADERS" => Some("1".into()),
            "JWT_SECRET" => Some("hunter2".into()),
            _ => None,
        })
        .unwrap();
        assert!(read.auth_trust_gateway_headers);
        assert!(!format!("{read:?}").contains("hunter2"));
    }

    #[test]
    fn somebody_must_be_able_to_prove_who_they_are() {
        let read = |set: Option<(&str, &str)>| {
            from_lookup::<AuthConfig>(|name| {
                set.filter(|(variable, _)| *variable == name)
                    .map(|(_, value)| value.into())
            })
            .unwrap()
        };
        assert_eq!(
            read(None).check().unwrap_err().to_string(),
            "JWT_SECRET: must be set, unless AUTH_TRUST_GATEWAY_HEADERS is true"
        );
        assert_eq!(read(Some(("JWT_SECRET", "s"))).check(), Ok(()));
        let trusting = Some(("AUTH_TRUST_GATEWAY_HEADERS", "true"));
        assert_eq!(read(trusting).check(), Ok(()));
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
