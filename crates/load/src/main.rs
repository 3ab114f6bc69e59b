//! `discuss-load`: opens many sockets, sends messages, and checks that every acknowledged message
//! reaches every member once, in order, unchanged. A client like any other: it knows the wire
//! contract, and of this workspace only the mechanics of Kafka, for the business records of `demo`.

use std::process::ExitCode;

mod bad_input;
mod bare;
mod checker;
mod client_ids;
mod commands;
mod connection;
mod corpus;
mod counts;
mod courier;
mod cursor;
mod demo;
mod dialer;
mod drive;
mod erase;
mod faults;
mod frame;
mod latency;
mod ledger;
mod options;
mod outsiders;
mod people;
mod places;
mod probes;
mod processes;
mod reload;
mod report;
mod requests;
mod rest;
mod run;
mod schedule;
mod setup;
mod stage;
mod table;
mod topics;
mod traffic;
mod verdict;
mod visits;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    commands::run().await.unwrap_or_else(|error| {
        eprintln!("discuss-load: {error:#}");
        ExitCode::FAILURE
    })
}
