//! The WebSocket gateway of Discuss.

pub mod hub;
