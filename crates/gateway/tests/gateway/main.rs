//! The gateway as its clients see it: the real binary over a real PostgreSQL and Redis.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod access;
mod asyncapi;
mod authenticating;
mod changes;
mod client;
mod closing;
mod connecting;
mod draining;
mod frames;
mod keycloak;
mod members;
mod messages;
mod news;
mod permissions;
mod presence;
mod process;
mod proxy;
mod rate_limits;
mod repairing;
mod resuming;
mod slow;
mod stomp;
mod stomp_client;
mod stomp_limits;
mod subscriptions;
mod typing;
mod upgrading;
