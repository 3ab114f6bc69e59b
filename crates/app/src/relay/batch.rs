//! Which events to read next, and what becomes of them: pure.

use discuss_domain::{ChannelId, Seq};
use discuss_storage::relay::{Advance, RelayedEvent, Shard, Wanted};

use super::{Batch, Held, outgoing};
use crate::log::tail::Tail;

/// Events of one page; a content may have 40 kB, so these are 20 MB at most.
const PAGE: i64 = 500;
/// Events that a channel has in a page at least, if it has so many, however many channels are behind.
const TURN: i64 = 20;

/// What to read of which channels, from `start` on; never more than a page.
pub(super) fn plan(tail: &Tail, start: ChannelId) -> Vec<Wanted> {
    let channels = i64::try_from(tail.behind().count()).unwrap_or(i64::MAX);
    let turn = PAGE
        .checked_div(channels)
        .map_or(PAGE, |share| share.max(TURN));
    let mut left = PAGE;
    let mut wanted = Vec::new();
    for (channel, after, last) in tail.behind_from(start) {
        let waiting = last.get().saturating_sub(after.get());
        let limit = waiting.min(turn).min(left);
        if limit == 0 {
            break;
        }
        left = left.saturating_sub(limit);
        wanted.push(Wanted {
            channel,
            after,
            limit,
        });
    }
    wanted
}

/// What was asked for, and what came, ordered by channel and seq.
pub(super) struct Page<'a> {
    pub(super) wanted: &'a [Wanted],
    pub(super) events: Vec<RelayedEvent>,
}

impl Page<'_> {
    /// The records of a page. The tail takes its events, and forgets channels that can't be relayed.
    pub(super) fn into_batch(self, tail: &mut Tail, held: &Held) -> Batch {
        let mut batch = Batch::default();
        for wanted in self.wanted {
            let first = self
                .events
                .partition_point(|event| event.channel < wanted.channel);
            let end = self
                .events
                .partition_point(|event| event.channel <= wanted.channel);
            let events = self.events.get(first..end).unwrap_or_default();
            let Some(epoch) = held.get(&Shard::of(wanted.channel)) else {
                continue;
            };
            let to = batch.add(tail, wanted, events);
            if to > wanted.after {
                batch.steps.push(Advance {
                    channel: wanted.channel,
                    from: wanted.after,
                    to,
                    epoch: *epoch,
                });
            }
        }
        batch
    }
}

impl Batch {
    /// Adds the events of a channel; answers how far they go.
    fn add(&mut self, tail: &mut Tail, wanted: &Wanted, events: &[RelayedEvent]) -> Seq {
        let channel = wanted.channel;
        let known = events
            .iter()
            .position(|event| event.kind.is_none())
            .unwrap_or(events.len());
        let (known, unknown) = events.split_at(known);
        if events.is_empty() {
            // Everything that was told of is gone.
            let last = Seq::from(wanted.after.get().saturating_add(wanted.limit));
            self.jump(tail, channel, (wanted.after, last.next()));
        }
        for event in known {
            let head = tail.head(channel);
            if tail.take(channel, &[event.seq]).is_err() {
                self.jump(tail, channel, (head, event.seq));
                tail.start_at(channel, event.seq);
            }
            self.records.extend(outgoing::of(event));
        }
        let head = tail.head(channel);
        if let Some(event) = unknown.first() {
            // A newer version relays it. Until then the channel waits, and is looked at again when the
            // heads are compared.
            tracing::error!(%channel, seq = %event.seq, "an event of a kind that is not known");
            tail.forget(channel);
        }
        head
    }

    /// Takes note that the events between two seqs are gone.
    fn jump(&mut self, tail: &mut Tail, channel: ChannelId, (head, found): (Seq, Seq)) {
        let missing = found.get().saturating_sub(head.next().get());
        tracing::error!(%channel, after = %head, missing, "events were pruned before they were relayed");
        self.missing = self
            .missing
            .saturating_add(u64::try_from(missing).unwrap_or(0));
        tail.start_at(channel, found.previous());
    }
}

#[cfg(test)]
mod tests;
