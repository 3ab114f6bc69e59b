//! What every request shares.

use std::fmt;

use anyhow::Context as _;
use discuss_app::{
    App, Database, Redis,
    identity::{self, IdentityError, IdentitySettings, Verifier},
    migrations,
};
use discuss_domain::users;
use discuss_runtime::config::AuthConfig;

use crate::config::Config;

/// What every request shares.
pub(crate) struct State {
    /// The use cases.
    pub(crate) app: App,
    verifier: Option<Verifier>,
    trust: Trust,
}

/// Whether headers are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    TokensOnly,
    GatewayHeaders,
}

/// How a request says who it comes from.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Credentials<'a> {
    /// The token of `Authorization: Bearer`.
    pub(crate) token: Option<&'a str>,
    /// `X-User-ID`.
    pub(crate) user: Option<&'a str>,
    /// `X-Tenant-ID`.
    pub(crate) tenant: Option<&'a str>,
}

impl State {
    /// Prepares the stores, refuses an older schema, and starts what works beside the requests.
    pub(crate) async fn connect(config: &Config) -> anyhow::Result<Self> {
        let database = connect_database(config)?;
        migrations::require_current(&database)
            .await
            .context("the schema can't be used")?;
        let redis =
            Redis::new(&config.redis.url(), &config.redis.redis_prefix).context("REDIS_URL")?;
        Ok(Self {
            app: App::start(database, redis),
            verifier: verifier(&config.auth),
            trust: if config.auth.auth_trust_gateway_headers {
                Trust::GatewayHeaders
            } else {
                Trust::TokensOnly
            },
        })
    }

    /// Who a request comes from: its token counts, and behind the gateway its headers.
    pub(crate) fn identify(
        &self,
        credentials: Credentials<'_>,
    ) -> Result<users::Caller, IdentityError> {
        if let (Some(verifier), Some(token)) = (&self.verifier, credentials.token) {
            return verifier.verify(token).map(|verified| verified.caller);
        }
        match credentials.user {
            Some(user) if self.trust == Trust::GatewayHeaders => {
                identity::from_trusted_headers(user, credentials.tenant)
            }
            _ if credentials.token.is_some() => Err(IdentityError::Invalid),
            _ => Err(IdentityError::Missing),
        }
    }
}

/// The database of a configuration; nothing is connected yet.
pub(crate) fn connect_database(config: &Config) -> anyhow::Result<Database> {
    let pool_size = usize::try_from(config.database.database_pool_size)?;
    Database::new(&config.database.url(), pool_size).context("DATABASE_URL")
}

fn verifier(auth: &AuthConfig) -> Option<Verifier> {
    let settings = IdentitySettings {
        secret: auth.jwt_secret.clone()?,
        issuer: auth.jwt_issuer.clone(),
        audience: auth.jwt_audience.clone(),
    };
    Some(Verifier::new(&settings))
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}
