//! What any process needs before it works: configuration, logs, metrics, traces, health, shutdown.
//!
//! It knows nothing of chat, of PostgreSQL or of Redis: the binaries hand in what is to be checked.

pub mod admin;
pub mod config;
pub mod health;
pub mod process;
pub mod redact;
pub mod service;
pub mod shutdown;
pub mod tasks;
pub mod telemetry;
pub mod traces;
