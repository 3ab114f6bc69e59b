//! `storm`: all sockets are cut again and again while messages flow, and come back at once.

use std::time::Duration;

use clap::Args;

use super::fanout::Fanout;
use crate::options::Common;
use crate::traffic::{self, Plan};

/// The options of `storm`.
#[derive(Debug, Args)]
pub(super) struct Storm {
    #[command(flatten)]
    fanout: Fanout,
    /// How often all sockets are cut.
    #[arg(long, default_value_t = 3)]
    cuts: u32,
    /// Seconds between the cuts.
    #[arg(long, default_value_t = 5.0)]
    every: f64,
    /// Seconds for which they stay away, before they come back all at once.
    #[arg(long, default_value_t = 0.0)]
    away: f64,
    /// Half way between the cuts, ask again on the live sockets for what they have had.
    #[arg(long)]
    rewind: bool,
}

impl Storm {
    /// The options common to all.
    pub(super) fn common(&self) -> &Common {
        &self.fanout.common
    }

    /// A fan-out under storm.
    pub(super) fn plan(&self) -> Plan {
        let every = Duration::from_secs_f64(self.every.max(0.1));
        let storm = traffic::Storm {
            cuts: self.cuts,
            every,
            away: Duration::from_secs_f64(self.away.max(0.0)),
            rewind: self.rewind,
        };
        // Who was removed while away can't be told from who was robbed of messages.
        Plan {
            command: "storm",
            storm: Some(storm),
            visitors: 0,
            ..self.fanout.plan()
        }
    }
}
