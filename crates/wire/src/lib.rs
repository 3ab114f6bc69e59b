//! Everything that leaves a process: REST bodies, WebSocket frames, what goes through Redis.
//!
//! Shapes and names only, as the wire contract has them, and their conversion from and to the domain.
//! It must not know where data is stored.

pub mod channels;
pub mod envelope;
pub mod erasures;
pub mod errors;
pub mod fanout;
pub mod frames;
pub mod ids;
pub mod json;
pub mod members;
pub mod messages;
pub mod paging;
pub mod presence;
pub mod reactions;
pub mod receipts;
pub mod records;
pub mod stomp;
pub mod threads;
pub mod typing;
pub mod users;
