//! What a session is to each of its channels.

use discuss_domain::{ChannelId, Seq};
use litemap::LiteMap;

/// What a session is to a channel. Without an entry it has never had anything of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It gets what the hub hands out.
    Live,
    /// It reads the log by itself; the hub gives it nothing until it joins.
    Reading {
        /// The newest event that made its person a member while it read.
        added: Option<Seq>,
    },
    /// It was added while it was not started yet, by the event of this seq.
    Added(Seq),
    /// It wants nothing of the channel, of which its person is a member as of this seq.
    Narrowed(Seq),
    /// It was taken out; of the events up to this one it gets nothing more.
    Left(Seq),
}

/// The places of a session. Nearly all are live, and ten thousand sessions have thirty each: of those only the
/// channels are kept.
#[derive(Default)]
pub(super) struct Places {
    /// In the order of ids.
    live: Vec<ChannelId>,
    /// Those that are not live, if there are any.
    others: Option<Box<LiteMap<ChannelId, Place>>>,
}

impl Places {
    /// None yet, with room for so many that are live.
    pub(super) fn with_capacity(live: usize) -> Self {
        Self {
            live: Vec::with_capacity(live),
            others: None,
        }
    }

    pub(super) fn get(&self, channel: ChannelId) -> Option<Place> {
        if self.live.binary_search(&channel).is_ok() {
            return Some(Place::Live);
        }
        self.others.as_ref()?.get(&channel).copied()
    }

    /// Whether its person is in a channel, as far as it is known here.
    pub(super) fn is_in(&self, channel: ChannelId) -> bool {
        let place = self.get(channel);
        matches!(
            place,
            Some(Place::Live | Place::Reading { .. } | Place::Narrowed(_))
        )
    }

    /// Sets what the session is to a channel, whatever it was before.
    pub(super) fn set(&mut self, channel: ChannelId, place: Place) {
        match (self.live.binary_search(&channel), place) {
            (Ok(_), Place::Live) => {}
            (Err(index), Place::Live) => {
                self.forget(channel);
                self.live.insert(index, channel);
            }
            (found, other) => {
                if let Ok(index) = found {
                    self.live.remove(index);
                }
                self.others.get_or_insert_default().insert(channel, other);
            }
        }
    }

    /// Forgets that the session was anything to a channel in which it is not live.
    pub(super) fn forget(&mut self, channel: ChannelId) {
        if let Some(others) = &mut self.others {
            others.remove(&channel);
            if others.is_empty() {
                self.others = None;
            }
        }
    }

    /// The channels in which it is live.
    pub(super) fn live(&self) -> &[ChannelId] {
        &self.live
    }

    /// The places that are not live.
    pub(super) fn into_others(self) -> impl Iterator<Item = (ChannelId, Place)> {
        self.others.into_iter().flat_map(|others| *others)
    }
}
