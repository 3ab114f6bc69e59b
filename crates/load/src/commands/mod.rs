//! The commands. Those that send messages make a plan, which is carried out and judged alike; `counts`,
//! `races`, `erase`, `reads`, `bad-input`, `chat`, `demo` and `bare` go their own ways.
//!
//! The program ends with 0 when everything held, 1 when something was lost, doubled, out of order,
//! altered or otherwise wrong (or nothing could be measured), and 2 when the program itself was too
//! late for its figures to mean anything.

mod bad_input;
mod bare;
mod chat;
mod counts;
mod demo;
mod erase;
mod fanout;
mod races;
mod reads;
mod replay;
mod send;
mod slow;
mod storm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::courier::Repeats;
use crate::options::Common;
use crate::report::Outcome;
use crate::run;
use crate::schedule::{self, Bounds};
use crate::traffic::{Pace, Plan};

/// Loads Discuss and checks what it delivers.
#[derive(Debug, Parser)]
#[command(name = "discuss-load", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Many sockets in channels of a given size; messages at a rate.
    Fanout(fanout::Fanout),
    /// Many senders, few readers; as fast as the server acknowledges, or at a rate.
    Send(send::Send),
    /// A corpus of chat, every topic a channel.
    Replay(replay::Replay),
    /// As fanout, while all sockets are cut again and again and come back at once.
    Storm(storm::Storm),
    /// As fanout, while some cease to read, in channels where much is said.
    Slow(slow::Slow),
    /// People who do everything in the same channels at once; what the API then says of them.
    Counts(counts::Counts),
    /// Many who ask at once for what there may be only one of.
    Races(races::Races),
    /// Somebody who wrote a lot and wants it gone, while others talk.
    Erase(erase::Erase),
    /// A person at a terminal.
    Chat(chat::Chat),
    /// A small company at work, with business records from Kafka; fails if anything is missing.
    Demo(demo::Demo),
    /// What can't be right, to every route of an OpenAPI document: all of it must be refused.
    BadInput(bad_input::BadInput),
    /// How long GETs take, one after the other.
    Reads(reads::Reads),
    /// Sockets that only write, within this program, for comparison.
    Bare(bare::Bare),
}

/// Parses the command line and does what it says.
pub(crate) async fn run() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Fanout(command) => measure(&command.common, || Ok(command.plan())).await,
        Command::Send(command) => measure(&command.common, || command.plan()).await,
        Command::Replay(command) => measure(&command.common, || command.plan()).await,
        Command::Storm(command) => measure(command.common(), || Ok(command.plan())).await,
        Command::Slow(command) => measure(command.common(), || Ok(command.plan())).await,
        Command::Counts(command) => command.run().await,
        Command::Races(command) => command.run().await,
        Command::Erase(command) => command.run().await,
        Command::Chat(command) => command.talk().await.map(|()| ExitCode::SUCCESS),
        Command::Demo(command) => command.play().await,
        Command::BadInput(command) => command.send().await,
        Command::Reads(command) => command.measure().await.map(|()| ExitCode::SUCCESS),
        Command::Bare(command) => command.measure().await.map(|()| ExitCode::SUCCESS),
    }
}

async fn measure(
    common: &Common,
    plan: impl FnOnce() -> anyhow::Result<Plan>,
) -> anyhow::Result<ExitCode> {
    if common.print_config {
        println!("{}", serde_json::to_string_pretty(common)?);
        return Ok(ExitCode::SUCCESS);
    }
    let report = run::perform(common, plan()?).await?;
    if let Some(path) = &common.json {
        std::fs::write(path, report.to_json()?)?;
    }
    println!("{report}");
    Ok(match report.outcome() {
        Outcome::Held => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::FAILURE,
        Outcome::Invalid => ExitCode::from(2),
    })
}

/// Whether a run with these options repeats its messages.
fn repeats(common: &Common) -> Repeats {
    if common.repeat {
        Repeats::UpToFive
    } else {
        Repeats::Never
    }
}

/// `messages` messages at an even rate.
fn evenly(rate: f64, messages: u64) -> Pace {
    Pace::Open(schedule::plan(
        Bounds {
            rate,
            deliveries: 0,
        },
        (0..messages).map(|_| 0),
    ))
}
