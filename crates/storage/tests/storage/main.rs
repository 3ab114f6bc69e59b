//! The storage functions against a real PostgreSQL and a real Redis.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test fail with it, as the test does"
)]

mod cache;
mod changes;
mod channels;
mod entities;
mod event_log;
mod fixture;
mod frozen;
mod groups;
mod history;
mod joins;
mod lone;
mod marks;
mod members;
mod mentions;
mod message_changes;
mod messages;
mod migrations;
mod news;
mod outages;
mod prune;
mod rate_limits;
mod receipts;
mod redis;
mod relay_leases;
mod relay_log;
mod schema;
mod seen;
mod states;
mod unread;
mod users;
