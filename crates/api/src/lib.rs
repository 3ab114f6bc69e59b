//! The REST API: HTTP in, one use case of `discuss_app`, HTTP out.
//!
//! It parses and answers; it decides nothing and knows neither SQL nor Redis.

mod admission;
mod answer;
mod command;
mod config;
mod cors;
mod docs;
mod error;
mod fallback;
mod observe;
mod openapi;
mod rate_limits;
mod request;
mod routes;
mod server;
mod services;
mod state;

pub use self::{command::execute, config::Config, openapi::document_as_json, server::start};
