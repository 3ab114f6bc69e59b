//! Senders, each of whom sends the next message when the last one was answered.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context;
use discuss_app::{App, messages};
use tokio::process::Command;
use tokio::task::JoinSet;

use super::room;
use crate::figures::{float, median, ms};
use crate::servers::Servers;
use crate::stage;

/// What some senders achieved.
#[derive(Debug, Default)]
pub(super) struct Sends {
    pub(super) accepted: u64,
    pub(super) refused: u64,
    pub(super) seconds: f64,
    pub(super) p50_ms: f64,
}

/// How many, for how long.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SenderOptions {
    #[arg(long)]
    senders: usize,
    #[arg(long)]
    seconds: u64,
}

/// Sends for a while, and prints how many were accepted a second.
pub(crate) async fn send(servers: &Servers, options: SenderOptions) -> anyhow::Result<bool> {
    let time = Duration::from_secs(options.seconds);
    let sends = run(&servers.app()?, options.senders, time).await;
    println!("{}", float(sends.accepted) / sends.seconds);
    Ok(sends.refused == 0)
}

/// Lets senders send for a while.
pub(super) async fn run(app: &App, senders: usize, time: Duration) -> Sends {
    let start = Instant::now();
    let until = start + time;
    let mut tasks: JoinSet<(u64, Vec<f64>)> = (0..senders)
        .map(|_| send_until(app.clone(), until))
        .collect();
    let mut sends = Sends::default();
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        let Ok((refused, accepted)) = done else {
            continue;
        };
        sends.refused += refused;
        sends.accepted += u64::try_from(accepted.len()).unwrap_or(0);
        latencies.extend(accepted);
    }
    sends.seconds = start.elapsed().as_secs_f64();
    sends.p50_ms = median(&latencies);
    sends
}

/// How many were refused, and how long each of the others took, in milliseconds.
async fn send_until(app: App, until: Instant) -> (u64, Vec<f64>) {
    let (mut refused, mut accepted) = (0, Vec::new());
    while Instant::now() < until {
        let before = Instant::now();
        match send_one(&app).await {
            Ok(()) => accepted.push(ms(before.elapsed())),
            Err(_) => refused += 1,
        }
    }
    (refused, accepted)
}

async fn send_one(app: &App) -> anyhow::Result<()> {
    let (channel, user) = room::anybody();
    let draft = stage::draft(room::text())?;
    messages::send(app, &stage::person(user), channel, draft).await?;
    Ok(())
}

/// What two processes with 32 senders each get accepted a second, together.
pub(super) async fn two_processes(seconds: u64) -> anyhow::Result<f64> {
    let (one, other) = tokio::try_join!(one_process(seconds), one_process(seconds))?;
    Ok(one + other)
}

async fn one_process(seconds: u64) -> anyhow::Result<f64> {
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    command
        .args(["senders", "--senders", "32", "--seconds"])
        .arg(seconds.to_string())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    let output = command.output().await?;
    anyhow::ensure!(output.status.success(), "a process of senders failed");
    let rate = String::from_utf8(output.stdout)?;
    rate.trim()
        .parse()
        .context("what a process of senders said")
}
