//! The API over real HTTP, on a real database.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where it fails"
)]

mod access;
mod changes;
mod channel_changes;
mod channel_lists;
mod channels;
mod cors;
mod envelope;
mod erasures;
mod history;
mod identity;
mod keycloak;
mod lifecycle;
mod member_changes;
mod members;
mod mentions;
mod messages;
mod openapi;
mod presence;
mod rate_limits;
mod reactions;
mod reads;
mod receipts;
mod states;
mod support;
mod threads;
mod topics;
mod users;
