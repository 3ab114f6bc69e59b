//! What handlers take from a request; each refuses with the envelope of the contract.

mod body;
mod correlation;
mod path;
mod query;

pub(crate) use self::{
    body::{Body, MAX_BODY_BYTES, OptionalBody},
    correlation::{CorrelationId, HEADER as CORRELATION_HEADER},
    path::PathId,
    query::Query,
};
