//! The API over real HTTP, on a real database.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where it fails"
)]

mod access;
mod channel_changes;
mod channel_lists;
mod changes;
mod channels;
mod envelope;
mod history;
mod identity;
mod lifecycle;
mod member_changes;
mod members;
mod messages;
mod openapi;
mod reactions;
mod reads;
mod states;
mod support;
mod threads;
