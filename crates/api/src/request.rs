//! What handlers take from a request; each refuses with the envelope of the contract.

mod body;
mod caller;
mod correlation;
mod emoji;
mod idempotency;
mod path;
mod query;

pub(crate) use self::{
    body::{Body, OptionalBody},
    caller::{Caller, Sender},
    correlation::{CorrelationId, HEADER as CORRELATION_HEADER},
    emoji::{EmojiQuery, PathEmoji},
    idempotency::IdempotencyKey,
    path::PathId,
    query::Query,
};
