//! `replay`: a corpus of chat, real or made up, every topic a channel.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::repeats;
use crate::corpus;
use crate::options::Common;
use crate::schedule::{self, Bounds};
use crate::topics::{self, Layout};
use crate::traffic::{Pace, Plan, Traffic};

/// Messages of a made-up corpus when no limit is given.
const MADE_UP: usize = 5_000;

/// The options of `replay`.
#[derive(Debug, Args)]
pub(super) struct Replay {
    #[command(flatten)]
    pub(super) common: Common,
    /// The corpus: a JSON object a line (channel, topic, user, text, mentions), plain or .zst.
    /// Made up if none is given.
    file: Option<PathBuf>,
    /// How many people the users of the corpus are mapped onto; all are connected.
    #[arg(long, default_value_t = 500)]
    people: u64,
    /// The most messages a second.
    #[arg(long, default_value_t = 1_000.0)]
    rate: f64,
    /// The most deliveries in any second; where they would be more, messages are sent slower. 0: any.
    #[arg(long, default_value_t = 15_000)]
    deliveries: u64,
    /// Replay only the first messages.
    #[arg(long)]
    limit: Option<usize>,
}

impl Replay {
    /// The corpus cut into channels, as fast as the bounds allow.
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
        let utterances = match &self.file {
            Some(path) => corpus::read(path, self.limit.unwrap_or(usize::MAX))?,
            None => corpus::make_up(self.limit.unwrap_or(MADE_UP), self.people),
        };
        let layout = topics::cut(utterances, self.people);
        let bounds = Bounds {
            rate: self.rate,
            deliveries: self.deliveries,
        };
        let fan_outs: Vec<u64> = fan_outs(&layout);
        let times = schedule::plan(bounds, fan_outs.iter().copied());
        Ok(Plan {
            command: "replay",
            people: self.people,
            sockets: usize::try_from(self.people)?,
            remarks: vec![self.remark(
                &layout,
                (
                    &fan_outs,
                    times.last().map_or(0.0, std::time::Duration::as_secs_f64),
                ),
            )?],
            channels: layout.channels,
            traffic: Traffic::Corpus(layout.posts),
            pace: Pace::Open(times),
            repeats: repeats(&self.common),
            storm: None,
            deaf: None,
            visitors: 0,
        })
    }

    /// What was asked, what the corpus is like and what comes of both.
    fn remark(
        &self,
        layout: &Layout,
        (fan_outs, seconds): (&[u64], f64),
    ) -> anyhow::Result<String> {
        let messages = f64::from(u32::try_from(fan_outs.len())?);
        let deliveries = f64::from(u32::try_from(fan_outs.iter().sum::<u64>())?);
        anyhow::ensure!(messages > 0.0, "the corpus is empty");
        let widest = fan_outs.iter().max().context("the corpus is empty")?;
        let real = if seconds > 0.0 {
            messages / seconds
        } else {
            messages
        };
        Ok(format!(
            "{messages} messages in {} channels, mean fan-out {:.1}, widest {widest}; at most {} messages and {} deliveries \
             in any second: {real:.0} messages/s on average, {:.0} deliveries/s, {seconds:.0} s",
            layout.channels.len(),
            deliveries / messages,
            self.rate,
            self.deliveries,
            real * deliveries / messages,
        ))
    }
}

/// How many people each message goes to; all members are connected.
fn fan_outs(layout: &Layout) -> Vec<u64> {
    let members = |channel: usize| layout.channels.get(channel).map_or(0, Vec::len);
    layout
        .posts
        .iter()
        .map(|post| u64::try_from(members(post.channel)).unwrap_or(u64::MAX))
        .collect()
}
