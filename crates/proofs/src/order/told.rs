//! What a reader was told, and what was wrong with it at once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use discuss_domain::{ChannelId, Seq};

/// Faults that are kept with their words.
const WORDS: usize = 100;

/// What an event says, shortened: its kind, actor, message and text.
pub(super) fn digest(said: (&str, i64, Option<i64>, Option<&str>)) -> u64 {
    let mut hasher = DefaultHasher::new();
    said.hash(&mut hasher);
    hasher.finish()
}

/// What a reader was told: in each channel the events from seq 1 on.
#[derive(Debug, Default)]
pub(super) struct Told {
    channels: HashMap<ChannelId, Vec<u64>>,
    /// What was told out of order, doubled or after a hole, and what was missed.
    pub(super) faults: Vec<String>,
    /// How many there were.
    pub(super) fault_count: usize,
}

impl Told {
    /// Takes the next event that the reader was told.
    pub(super) fn tell(&mut self, channel: ChannelId, seq: Seq, digest: u64) {
        let told = self.channels.entry(channel).or_default();
        let expected = i64::try_from(told.len()).unwrap_or(i64::MAX);
        let expected = expected.saturating_add(1);
        if seq.get() == expected {
            told.push(digest);
        } else {
            self.fault(format!(
                "channel {channel}: told {seq} where {expected} was to come"
            ));
        }
    }

    /// Looks whether the reader knows everything up to a seq that was committed before its pass.
    pub(super) fn require(&mut self, channel: ChannelId, committed: Seq) {
        let head = self.head(channel);
        if head < committed.get() {
            self.fault(format!(
                "channel {channel}: {committed} was committed before a pass that ended at {head}"
            ));
        }
    }

    /// The newest seq told in order.
    pub(super) fn head(&self, channel: ChannelId) -> i64 {
        let told = self.channels.get(&channel).map_or(0, Vec::len);
        i64::try_from(told).unwrap_or(i64::MAX)
    }

    /// What was told of a channel, from seq 1 on.
    pub(super) fn events(&self, channel: ChannelId) -> &[u64] {
        self.channels.get(&channel).map_or(&[], Vec::as_slice)
    }

    /// How much was told in all.
    pub(super) fn len(&self) -> usize {
        self.channels.values().map(Vec::len).sum()
    }

    /// Something went wrong.
    pub(super) fn fault(&mut self, fault: String) {
        self.fault_count += 1;
        if self.faults.len() < WORDS {
            self.faults.push(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(seqs: &[i64]) -> Told {
        let mut told = Told::default();
        for seq in seqs {
            told.tell(ChannelId::from(7), Seq::from(*seq), 0);
        }
        told
    }

    #[test]
    fn a_hole_a_double_and_a_swap_are_faults() {
        assert_eq!(told(&[1, 2, 3]).faults.len(), 0);
        assert_eq!(told(&[1, 3]).faults.len(), 1);
        assert_eq!(told(&[1, 1]).faults.len(), 1);
        assert_eq!(told(&[2, 1]).faults.len(), 1);
    }

    #[test]
    fn what_was_committed_before_a_pass_must_be_known_after_it() {
        let mut told = told(&[1, 2]);
        told.require(ChannelId::from(7), Seq::from(2));
        assert_eq!(told.faults.len(), 0);
        told.require(ChannelId::from(7), Seq::from(3));
        told.require(ChannelId::from(8), Seq::from(1));
        assert_eq!(told.faults.len(), 2);
    }

    #[test]
    fn other_words_have_another_digest() {
        let said = digest(("message_created", 1, Some(2), Some("a")));
        assert_ne!(said, digest(("message_created", 1, Some(2), Some("b"))));
    }
}
