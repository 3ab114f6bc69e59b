//! The consumer: everything between Discuss and Kafka. Business events come in, the log goes out.
//!
//! It has no port but the admin one, and may run any number of times. Kafka may be away, also when it
//! starts: then both ways wait. It must not know how Kafka is spoken to (that is in bus) nor what is
//! stored (that is behind app).

mod command;
mod config;
mod entities;
mod process;
mod relay;
mod sources;
mod topics;

pub use command::execute;
pub use config::Config;
