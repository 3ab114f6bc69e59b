//! `fanout`: many sockets in channels of a given size.

use clap::Args;

use super::{evenly, repeats};
use crate::options::Common;
use crate::traffic::{Plan, Traffic};

/// The options of `fanout`.
#[derive(Debug, Args)]
pub(super) struct Fanout {
    #[command(flatten)]
    pub(super) common: Common,
    /// How many people are connected, each by one socket.
    #[arg(long, default_value_t = 500)]
    sockets: u64,
    /// How many channels there are.
    #[arg(long, default_value_t = 50)]
    channels: usize,
    /// How many of the people are in each channel.
    #[arg(long, default_value_t = 50)]
    members: usize,
    /// Messages a second.
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
    /// How many messages.
    #[arg(long, default_value_t = 2_000)]
    messages: u64,
    /// How many of the connected meanwhile come and go in channels that they are not in.
    #[arg(long, default_value_t = 0)]
    visitors: usize,
}

impl Fanout {
    /// Channels that overlap as little as their number allows.
    pub(super) fn plan(&self) -> Plan {
        let people = usize::try_from(self.sockets).unwrap_or(usize::MAX);
        let members = self.members.clamp(1, people.max(1));
        let circle = |start: usize| {
            (0..members)
                .map(move |step| (start + step) % people.max(1))
                .collect()
        };
        Plan {
            command: "fanout",
            people: self.sockets,
            sockets: people,
            channels: (0..self.channels)
                .map(|channel| circle(channel * members))
                .collect(),
            traffic: Traffic::MadeUp,
            pace: evenly(self.rate, self.messages),
            repeats: repeats(&self.common),
            storm: None,
            deaf: None,
            visitors: self.visitors.min(people),
            remarks: Vec::new(),
        }
    }
}
