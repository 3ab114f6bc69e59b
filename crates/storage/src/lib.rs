//! The only crate that knows SQL, Redis commands and, later, object keys.
//!
//! Functions take a connection; who calls them owns the transaction. Rows never leave: what comes out
//! are types of the domain. It must not know HTTP, sockets, Kafka or the shapes of the wire.

pub mod channels;
pub mod database;
pub mod entities;
pub mod erasures;
pub mod error;
pub mod event_log;
pub mod inbox;
pub mod members;
pub mod messages;
pub mod migrations;
pub mod presence;
mod reactions;
pub mod redis;
pub mod relay;
mod schema;
mod text;
pub mod threads;
pub mod users;

pub use database::{Connection, Database};
// The closure of a transaction has a bound that only diesel-async can name: it is used as it is.
pub use diesel_async::AsyncConnection;
pub use error::{StorageError, TransactionError};
