//! The use cases against a real PostgreSQL and a real Redis.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test fail with it, as the test does"
)]

mod changes;
mod channels;
mod comings;
mod entities;
mod erasures;
mod fanout;
mod fixture;
mod frames;
mod history;
mod joins;
mod members;
mod memory;
mod mentions;
mod people;
mod permissions;
mod presence;
mod proxy;
mod rate_limits;
mod reactions;
mod reads;
mod receipts;
mod relay;
mod repeats;
mod retention;
mod sends;
mod threads;
mod together;
mod topics;
mod users;
mod whole_way;
mod writer_groups;
mod writer_locks;
mod writer_outages;
mod writer_refusals;
