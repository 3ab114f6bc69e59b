//! What every request shares.

use anyhow::Context as _;
use discuss_app::{
    App, Database, Redis,
    identity::{Identifier, IdentitySettings},
    migrations,
};
use discuss_runtime::config::AuthConfig;

use crate::config::Config;

/// What every request shares.
pub(crate) struct State {
    /// The use cases.
    pub(crate) app: App,
    /// Tells who requests come from.
    pub(crate) identifier: Identifier,
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
            identifier: identifier(&config.auth),
        })
    }
}

/// The database of a configuration; nothing is connected yet.
pub(crate) fn connect_database(config: &Config) -> anyhow::Result<Database> {
    let pool_size = usize::try_from(config.database.database_pool_size)?;
    Database::new(&config.database.url(), pool_size).context("DATABASE_URL")
}

fn identifier(auth: &AuthConfig) -> Identifier {
    Identifier::new(&IdentitySettings {
        secret: auth.jwt_secret.clone(),
        issuer: auth.jwt_issuer.clone(),
        audience: auth.jwt_audience.clone(),
        trusts_headers: auth.auth_trust_gateway_headers,
    })
}
