//! The hub: which sessions get which event, in which order.
//!
//! A pure state machine, one a shard of channels: it does no I/O, reads no clock and knows no socket.
//! Whoever drives it tells it what came from Redis, from the log and from the sessions, and does
//! what it asks for ([`Output`]).
//!
//! What it promises: each session sees the seqs of each of its channels in order, each once, without
//! a hole, from the place where it joined until the event that removes it. Doubles are dropped,
//! early events wait, a hole is fetched from the log after a moment, and a session that is behind
//! reads the log itself ([`Replay`]) until it meets the hub at one seq.

mod channel;
mod event;
mod hearing;
mod inputs;
mod joins;
mod notices;
mod places;
mod replay;
mod sessions;
mod state;
mod upkeep;

#[cfg(test)]
mod property;

pub use event::{Effect, Event, Page};
pub use replay::{MemberPage, Replay, Step};
pub use sessions::{Handle, Person, SessionId};
pub use state::{Counters, FetchId, Hub, Leaving, Limits, Output, Start, Turn};
