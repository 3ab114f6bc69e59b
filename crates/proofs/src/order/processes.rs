//! The two writer processes: started, killed now and then, stopped and started again.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use discuss_domain::ChannelId;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::figures::print;

/// Writer processes at any time.
const PROCESSES: usize = 2;
/// Between two kills.
const KILL_EVERY: Duration = Duration::from_secs(7);
/// What is under way is seen through in this time.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was acknowledged: by channel and seq, the message's id and text.
#[derive(Debug, Default)]
pub(super) struct Acknowledged {
    pub(super) messages: HashMap<(i64, i64), (i64, String)>,
    kills: u32,
}

type Shared = Arc<Mutex<Acknowledged>>;

/// The processes.
pub(super) struct Processes {
    channels: String,
    living: Vec<Process>,
    acknowledged: Shared,
    started: u32,
    kills: u32,
    next_kill: Instant,
}

struct Process {
    child: Child,
    reading: JoinHandle<()>,
}

impl Processes {
    /// Starts both.
    pub(super) fn start(channels: &[ChannelId]) -> anyhow::Result<Self> {
        let channels: Vec<String> = channels.iter().map(ToString::to_string).collect();
        let mut processes = Self {
            channels: channels.join(","),
            living: Vec::new(),
            acknowledged: Shared::default(),
            started: 0,
            kills: 0,
            next_kill: Instant::now() + KILL_EVERY,
        };
        while processes.living.len() < PROCESSES {
            processes.start_one()?;
        }
        Ok(processes)
    }

    fn start_one(&mut self) -> anyhow::Result<()> {
        self.started += 1;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["order-writer", "--channels", &self.channels, "--name"])
            .arg(format!("w{}", self.started))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().context("a writer's output")?;
        let lines = BufReader::new(output).lines();
        let reading = tokio::spawn(gather(lines, Arc::clone(&self.acknowledged)));
        self.living.push(Process { child, reading });
        Ok(())
    }

    /// Kills one from time to time, in the middle of whatever it does, and starts another.
    pub(super) async fn kill_one_when_due(&mut self) -> anyhow::Result<()> {
        if Instant::now() < self.next_kill {
            return Ok(());
        }
        self.next_kill = Instant::now() + KILL_EVERY;
        let mut killed = self.living.remove(0);
        killed.child.kill().await?;
        killed.reading.await?;
        self.kills += 1;
        self.start_one()
    }

    /// Sends a signal to all, by its name.
    pub(super) async fn signal(&self, name: &str) -> anyhow::Result<()> {
        for pid in self.living.iter().filter_map(|living| living.child.id()) {
            let mut kill = Command::new("kill");
            let sent = kill.args(["-s", name, &pid.to_string()]).status().await?;
            anyhow::ensure!(sent.success(), "SIG{name} was not sent to a writer");
        }
        Ok(())
    }

    /// Lets all end what they are doing; gives back what was acknowledged.
    pub(super) async fn finish(mut self) -> anyhow::Result<Acknowledged> {
        for mut living in self.living.drain(..) {
            drop(living.child.stdin.take());
            let ended = timeout(PATIENCE, living.child.wait()).await;
            let ended = ended.context("a writer did not end")??;
            anyhow::ensure!(ended.success(), "a writer failed");
            living.reading.await?;
        }
        let mut acknowledged = self
            .acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut acknowledged = std::mem::take(&mut *acknowledged);
        acknowledged.kills = self.kills;
        Ok(acknowledged)
    }
}

impl Acknowledged {
    /// Prints what there was.
    pub(super) fn print(&self) {
        print(
            "messages acknowledged by the writer processes",
            self.messages.len(),
        );
        print("writer processes killed", self.kills);
    }

    /// Keeps a line of a writer; one that was cut off by a kill says nothing.
    fn keep(&mut self, line: &str) {
        let mut words = line.split(' ');
        let mut number = || words.next()?.parse::<i64>().ok();
        let (Some(channel), Some(seq), Some(id)) = (number(), number(), number()) else {
            return;
        };
        if let (Some(text), Some(".")) = (words.next(), words.next()) {
            self.messages.insert((channel, seq), (id, text.to_owned()));
        }
    }
}

async fn gather(mut lines: Lines<BufReader<ChildStdout>>, acknowledged: Shared) {
    while let Ok(Some(line)) = lines.next_line().await {
        let mut acknowledged = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        acknowledged.keep(&line);
    }
}
