//! Kafka mechanics without a feature: topics, a producer that loses nothing, a consumer loop that keeps
//! the order of a key, retries, and dead letters.
//!
//! It must not know what the records say. A handler tells which records must stay in order (by the
//! key of its [`consumer::Reading`]) and does the work; everything about partitions, offsets and outages is here.

pub mod consumer;
pub mod dead_letters;
pub mod producer;
pub mod record;
pub mod replay;
pub mod settings;
pub mod topics;

mod brokers;
mod error;

pub use brokers::Brokers;
pub use consumer::{Failure, Handler};
pub use error::BusError;
pub use producer::Producer;
pub use record::{NewRecord, Record};
pub use settings::Settings;
