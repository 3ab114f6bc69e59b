//! The WebSocket gateway of Discuss: it hands each event of a channel to everybody in it who is
//! connected here, once and in order.
//!
//! `hub` decides who gets what and is pure; around it `redis_feed` and `news` bring events, `pages` and `replays` read
//! the log for what is missing, `loader` looks up at once what many need at the same time, `socket` talks to clients,
//! `access` asks whether they may hear of business records, `outgoing` is what waits for them. It must not know SQL,
//! Kafka or the REST API.

mod access;
mod command;
pub mod config;
mod event_frame;
mod frame_guard;
mod frames;
mod gateway;
pub mod hub;
mod hubs;
mod line;
mod links;
mod listener;
mod loader;
mod news;
mod outgoing;
mod pace;
mod pages;
mod redis_feed;
mod replay_pace;
mod replays;
mod server;
mod services;
mod session;
mod socket;
mod together;
mod topics;
mod typists;
mod upgrade;

pub use command::execute;
pub use server::start;
