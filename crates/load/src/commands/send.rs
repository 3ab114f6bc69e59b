//! `send`: many senders and few readers, all in all channels.

use std::time::Duration;

use clap::Args;

use super::{evenly, repeats};
use crate::courier::Via;
use crate::options::Common;
use crate::traffic::{Pace, Plan, Traffic};

/// The options of `send`.
#[derive(Debug, Args)]
pub(super) struct Send {
    #[command(flatten)]
    pub(super) common: Common,
    /// How many send at once, each its next message when the last one is acknowledged.
    #[arg(long, default_value_t = 64)]
    senders: usize,
    /// How many of the people are connected and check every channel. With --via socket all are;
    /// with --via mixed these send by socket in turn, the others by REST.
    #[arg(long, default_value_t = 10)]
    sockets: usize,
    /// How many channels there are.
    #[arg(long, default_value_t = 200)]
    channels: usize,
    /// How many messages.
    #[arg(long, default_value_t = 20_000)]
    messages: u64,
    /// Stop after so many seconds, even if not all are sent.
    #[arg(long)]
    seconds: Option<f64>,
    /// Send at this rate, whatever the server does, instead of as fast as it acknowledges.
    #[arg(long)]
    rate: Option<f64>,
}

impl Send {
    /// Everybody in every channel.
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
        let people = self.senders.max(self.sockets).max(1);
        let pace = match self.rate {
            Some(rate) => evenly(rate, self.messages),
            None => Pace::Closed {
                senders: self.senders,
                messages: self.messages,
                limit: self.seconds.map(Duration::from_secs_f64),
            },
        };
        Ok(Plan {
            command: "send",
            people: u64::try_from(people)?,
            sockets: if self.common.via == Via::Socket {
                people
            } else {
                self.sockets
            },
            channels: vec![(0..people).collect(); self.channels],
            traffic: Traffic::MadeUp,
            pace,
            repeats: repeats(&self.common),
            storm: None,
            deaf: None,
            visitors: 0,
            remarks: Vec::new(),
        })
    }
}
