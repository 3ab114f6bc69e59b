//! What a reader of the log has handled, and what it still has to read: pure.
//!
//! News say only that a channel has got at least so far. Which events to hand on, and in which order,
//! comes from the head kept here: the rows after it, in the order of seq, without a hole. What was
//! learned stays until its rows were taken, so a page that could not be read is read after the next
//! pass.

use std::collections::{BTreeMap, HashMap};

use discuss_domain::{ChannelId, Seq};

/// The heads of the channels that a reader follows.
#[derive(Debug, Default)]
pub struct Tail {
    heads: HashMap<ChannelId, Seq>,
    /// Channels with something to read, and how far they have got at least.
    behind: BTreeMap<ChannelId, Seq>,
}

/// The log does not go on where a reader stopped: what was there is pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("channel {channel} goes on at {found:?} instead of {expected}")]
pub struct Hole {
    /// The channel.
    pub channel: ChannelId,
    /// The seq after the head, or after the row before.
    pub expected: Seq,
    /// The seq that came instead; nothing if the page was empty.
    pub found: Option<Seq>,
}

impl Tail {
    /// The last seq that was handled; zero in a channel that was never heard of.
    #[must_use]
    pub fn head(&self, channel: ChannelId) -> Seq {
        self.heads.get(&channel).copied().unwrap_or_default()
    }

    /// Goes on after `head`, as when a reader starts, or jumps over a hole.
    pub fn start_at(&mut self, channel: ChannelId, head: Seq) {
        self.heads.insert(channel, head);
        if self.behind.get(&channel).is_some_and(|last| *last <= head) {
            self.behind.remove(&channel);
        }
    }

    /// Learns how far a channel has got, from news or from a comparison of heads.
    pub fn learn(&mut self, channel: ChannelId, last_seq: Seq) {
        if last_seq > self.head(channel) {
            let known = self.behind.entry(channel).or_insert(last_seq);
            *known = last_seq.max(*known);
        }
    }

    /// The channels with something to read, and the heads to read after.
    pub fn behind(&self) -> impl Iterator<Item = (ChannelId, Seq)> {
        self.behind
            .keys()
            .map(|channel| (*channel, self.head(*channel)))
    }

    /// The same from a channel on and then from the first, each with how far it has got at least.
    pub fn behind_from(
        &self,
        first: ChannelId,
    ) -> impl Iterator<Item = (ChannelId, Seq, Seq)> + '_ {
        let rest = self.behind.range(first..);
        let around = self.behind.range(..first);
        rest.chain(around)
            .map(|(channel, last)| (*channel, self.head(*channel), *last))
    }

    /// Was this channel's head told, or anything handled of it?
    #[must_use]
    pub fn knows(&self, channel: ChannelId) -> bool {
        self.heads.contains_key(&channel)
    }

    /// Takes the seqs of the rows that were read after the head. They are to be handled, in this order,
    /// if they go on where the head is; if they don't, the head stays.
    pub fn take(&mut self, channel: ChannelId, page: &[Seq]) -> Result<(), Hole> {
        let mut head = self.head(channel);
        let hole = |expected, found| Hole {
            channel,
            expected,
            found,
        };
        if page.is_empty() && self.behind.contains_key(&channel) {
            return Err(hole(head.next(), None));
        }
        for seq in page {
            if *seq != head.next() {
                return Err(hole(head.next(), Some(*seq)));
            }
            head = *seq;
        }
        self.start_at(channel, head);
        Ok(())
    }

    /// Forgets a channel.
    pub fn forget(&mut self, channel: ChannelId) {
        self.heads.remove(&channel);
        self.behind.remove(&channel);
    }
}

#[cfg(test)]
mod property;

#[cfg(test)]
mod tests;
