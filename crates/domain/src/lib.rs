//! The rules and types of Discuss: pure, no I/O, no clock, no randomness.
//!
//! What is decided here is decided once: the API, the gateway and the consumers ask the same
//! functions. It must not know SQL, HTTP, sockets, Redis or Kafka.

pub mod channels;
pub mod entities;
pub mod erasures;
pub mod events;
pub mod ids;
pub mod members;
pub mod messages;
pub mod permissions;
pub mod presence;
pub mod rate_limits;
pub mod reactions;
pub mod text;
pub mod threads;
pub mod users;

pub use events::EventKind;
pub use ids::{ChannelId, IdError, MessageId, Seq, TenantId, UserId};
