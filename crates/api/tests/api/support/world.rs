//! An API of its own on a database of its own.

use std::{ffi::OsString, net::SocketAddr};

use discuss_api::Config;
use discuss_app::{App, Redis};
use discuss_runtime::{config::from_lookup, shutdown::Shutdown};
use discuss_test_support::{Issuer, SECRET, TestDatabase, redis_url};
use serde_json::Value;

use super::{Person, proxy::Proxy};

/// An API of its own on a database of its own.
pub(crate) struct World {
    address: SocketAddr,
    admin: SocketAddr,
    shutdown: Shutdown,
    running: tokio::task::JoinHandle<()>,
    proxy: Proxy,
    pub(crate) database: TestDatabase,
    redis_prefix: String,
}

impl World {
    /// The tenant of everybody who is not said to be of another.
    pub(crate) const TENANT: i64 = 3;

    /// A world that believes tokens only.
    pub(crate) async fn new() -> Self {
        Self::with(&[("JWT_SECRET", SECRET)]).await
    }

    /// A world behind a gateway whose headers are believed; tokens too.
    pub(crate) async fn trusting_headers() -> Self {
        Self::with(&[
            ("JWT_SECRET", SECRET),
            ("AUTH_TRUST_GATEWAY_HEADERS", "true"),
        ])
        .await
    }

    /// A world that believes a gateway's headers and can check no token.
    pub(crate) async fn trusting_headers_only() -> Self {
        Self::with(&[("AUTH_TRUST_GATEWAY_HEADERS", "true")]).await
    }

    /// A world whose Redis is away.
    pub(crate) async fn without_redis() -> Self {
        Self::with(&[
            ("JWT_SECRET", SECRET),
            ("REDIS_URL", "redis://127.0.0.1:1/0"),
        ])
        .await
    }

    /// A world in which messages may be edited for so many seconds.
    pub(crate) async fn editing_for(seconds: &str) -> Self {
        Self::with(&[("JWT_SECRET", SECRET), ("EDIT_WINDOW", seconds)]).await
    }

    /// A world that takes the tokens of Keycloak.
    pub(crate) async fn with_keycloak(issuer: &Issuer) -> Self {
        Self::with(&[("JWT_SECRET", SECRET), ("KEYCLOAK_URL", issuer.url())]).await
    }

    /// A world with these settings.
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        let database = TestDatabase::new().await;
        let proxy = Proxy::start(database.url()).await;
        let config: Config = from_lookup(|name| {
            let given = variables.iter().find(|(variable, _)| *variable == name);
            given
                .map(|(_, value)| OsString::from(value))
                .or_else(|| usual(name, proxy.url()))
        })
        .unwrap();
        let redis_prefix = config.redis.redis_prefix.clone();
        let shutdown = Shutdown::new(config.shutdown.grace());
        let service = discuss_api::start(&config, shutdown.clone()).await.unwrap();
        let (address, admin) = (service.listen.unwrap(), service.admin.address());
        Self {
            address,
            admin,
            shutdown,
            running: tokio::spawn(async { service.run().await.unwrap() }),
            proxy,
            database,
            redis_prefix,
        }
    }

    /// The use cases of another process over the same stores.
    pub(crate) fn another_process(&self) -> App {
        let redis = Redis::new(&redis_url(), &self.redis_prefix).unwrap();
        App::start(self.database.database().clone(), redis)
    }

    /// Where the API listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Somebody of the usual tenant.
    pub(crate) fn person(&self, id: i64) -> Person {
        Person::new(self.address, Self::TENANT, id)
    }

    /// Somebody of another tenant.
    pub(crate) fn foreigner(&self, id: i64) -> Person {
        Person::new(self.address, Self::TENANT + 1, id)
    }

    /// Somebody without a token.
    pub(crate) fn anonymous(&self) -> Person {
        Person::anonymous(self.address)
    }

    /// Changes the database behind the API's back.
    pub(crate) async fn sql(&self, statement: &str) {
        self.database
            .client()
            .await
            .batch_execute(statement)
            .await
            .unwrap();
    }

    /// Cuts the API off from its database.
    pub(crate) fn lose_database(&self) {
        self.proxy.cut();
    }

    /// The status of readiness, and what fails.
    pub(crate) async fn readiness(&self) -> (u16, Value) {
        let answer = reqwest::get(format!("http://{}/health/ready", self.admin))
            .await
            .unwrap();
        let status = answer.status().as_u16();
        (
            status,
            answer.json::<Value>().await.unwrap()["failing"].clone(),
        )
    }

    /// Everything that Prometheus would read.
    pub(crate) async fn metrics(&self) -> String {
        reqwest::get(format!("http://{}/metrics", self.admin))
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    /// Asks the API to end.
    pub(crate) fn ask_to_end(&self) {
        self.shutdown.ask();
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(self) {
        self.running.await.unwrap();
    }
}

/// What every world is told.
fn usual(name: &str, database: &str) -> Option<OsString> {
    let value = match name {
        "SERVER_HOST" => "127.0.0.1".to_owned(),
        "SERVER_PORT" | "API_ADMIN_PORT" => "0".to_owned(),
        "API_WORKERS" => "1".to_owned(),
        "DATABASE_URL" => database.to_owned(),
        "DATABASE_POOL_SIZE" => "8".to_owned(),
        // Whoever tests a limit sets it.
        limit if limit.starts_with("RATE_LIMIT_") => "0".to_owned(),
        "REDIS_URL" => redis_url(),
        "REDIS_PREFIX" => format!("test-{}", uuid::Uuid::new_v4().simple()),
        _ => return None,
    };
    Some(value.into())
}
