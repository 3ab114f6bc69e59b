//! What tests need: a database of their own on a real server, a key prefix of their own in a real
//! Redis, topics of their own on a real Kafka, tokens, people in channels, and what asyncapi.yaml says.
//!
//! Only ever a dev-dependency. `DATABASE_URL` names a PostgreSQL role that may create databases,
//! `REDIS_URL` a Redis, `KAFKA_BROKERS` a Kafka; `./scripts/test` starts them.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that can't be set up must fail, and say where"
)]

pub mod asyncapi;
mod consistency;
mod database;
mod http_server;
mod issuer;
mod kafka;
mod kafka_server;
mod listener;
mod patience;
mod people;
mod replies;
mod tokens;

pub use database::TestDatabase;
pub use http_server::{HttpServer, Reply};
pub use issuer::{Issuer, RealmKey};
pub use kafka::TestKafka;
pub use kafka_server::KafkaServer;
pub use listener::Listener;
pub use patience::{PATIENCE, until};
pub use people::World;
pub use replies::reply_sql;
pub use tokens::{SECRET, token};

/// Where the tests' Redis is.
#[must_use]
pub fn redis_url() -> String {
    std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
}
