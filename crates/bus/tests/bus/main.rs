//! The Kafka mechanics against a real Kafka.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test fail with it, as the test does"
)]

mod backlog;
mod codecs;
mod faults;
mod groups;
mod letters;
mod order;
mod outages;
mod replays;
mod script;
mod topics;
