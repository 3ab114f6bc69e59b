//! `slow`: some of many sockets cease to read, in channels where much is said, and come back later.

use std::time::Duration;

use clap::Args;

use super::fanout::Fanout;
use crate::options::Common;
use crate::traffic::{Deaf, Plan, Traffic};

/// The options of `slow`.
#[derive(Debug, Args)]
pub(super) struct Slow {
    #[command(flatten)]
    fanout: Fanout,
    /// How many cease to read: every second one of the first. Their deliveries are counted apart.
    #[arg(long, default_value_t = 500)]
    deaf: usize,
    /// The channels, from the first, in which two of three messages are said.
    #[arg(long, default_value_t = 20)]
    loud: usize,
    /// How long the messages there are, in bytes.
    #[arg(long, default_value_t = 4_000)]
    bytes: usize,
    /// Seconds until they cease to read.
    #[arg(long, default_value_t = 10.0)]
    after: f64,
    /// Seconds for which they don't; with 0 they read on, and are counted apart all the same.
    #[arg(long, default_value_t = 50.0)]
    lasts: f64,
}

impl Slow {
    /// The options common to all.
    pub(super) fn common(&self) -> &Common {
        &self.fanout.common
    }

    /// A fan-out with some who don't read.
    pub(super) fn plan(&self) -> Plan {
        let plan = self.fanout.plan();
        let deaf = Deaf {
            people: self.deaf,
            after: Duration::from_secs_f64(self.after.max(0.0)),
            lasts: Duration::from_secs_f64(self.lasts.max(0.0)),
        };
        Plan {
            command: "slow",
            traffic: Traffic::Loud {
                channels: self.loud.clamp(1, plan.channels.len().max(1)),
                bytes: self.bytes,
            },
            deaf: (self.deaf > 0).then_some(deaf),
            ..plan
        }
    }
}
