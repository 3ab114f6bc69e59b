//! The API over real HTTP, on a real database.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where it fails"
)]

mod channels;
mod envelope;
mod history;
mod identity;
mod lifecycle;
mod members;
mod messages;
mod openapi;
mod reads;
mod states;
mod support;
mod topics;
mod users;
