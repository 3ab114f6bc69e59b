//! What one connection was shown: a cursor per channel that must see every seq once, in order,
//! across reconnections. It knows no sockets: frames come in, faults are counted.

use std::collections::HashMap;
use std::time::Duration;

use crate::cursor::Cursor;
use crate::faults::{Fault, Faults};
use crate::frame::{Event, EventKind, Shown};
use crate::ledger::{Contradiction, Ledger, Place};
use crate::places::Told;
use crate::visits::Change;

/// The checker of one connection.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// Who is connected, for words.
    pub(crate) user: u64,
    cursors: Vec<Cursor>,
    /// A RESUME was sent on a live socket: until its RESUMED, what was had may come again.
    rewound: bool,
    /// What was seen of channels until it was removed from them.
    closed: Vec<Cursor>,
    /// Who came and went, as it was told.
    pub(crate) changes: Vec<Change>,
    /// What was told at places where no message stands.
    pub(crate) told: Vec<Told>,
    /// What is held against the server.
    pub(crate) faults: Faults,
    /// Messages of this run that came for the first time.
    pub(crate) delivered: u64,
    /// Events that came again where the contract allows it.
    pub(crate) repeated: u64,
}

/// What an event was to this connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A message of this run, with the time since it was due.
    Message(Duration),
    /// Anything else.
    Other,
}

impl Inbox {
    /// An inbox of `user` that has seen nothing.
    pub(crate) fn new(user: u64) -> Self {
        Self {
            user,
            ..Self::default()
        }
    }

    /// The socket is connected. Channels not known yet are watched from there, or from their start
    /// when the connection comes `back` and they appeared while it was away.
    pub(crate) fn connected(&mut self, channels: &HashMap<u64, u64>, back: bool) {
        self.rewound = false;
        for (channel, seq) in channels {
            if let Err(place) = self.find(*channel) {
                self.watch(place, *channel, if back { 0 } else { *seq });
            }
        }
    }

    /// The last seq of each channel, as RESUME says it; on a live socket `rewind` seqs earlier.
    pub(crate) fn positions(&mut self, rewind: Option<u64>) -> HashMap<u64, u64> {
        self.rewound = rewind.is_some();
        let back = rewind.unwrap_or(0);
        self.cursors
            .iter()
            .map(|cursor| {
                (
                    cursor.channel,
                    cursor.last.saturating_sub(back).max(cursor.first),
                )
            })
            .collect()
    }

    /// Whether what was had may come again.
    pub(crate) fn is_rewound(&self) -> bool {
        self.rewound
    }

    /// The replay is over.
    pub(crate) fn resumed(&mut self) {
        self.rewound = false;
    }

    /// An event arrived.
    pub(crate) fn apply(&mut self, event: &Event<'_>, ledger: &Ledger) -> Seen {
        let place = Place {
            channel: event.channel,
            seq: event.seq,
        };
        if !self.advance(place, &event.kind) {
            return Seen::Other;
        }
        let EventKind::Message(message) = &event.kind else {
            self.note_change(place, &event.kind);
            return Seen::Other;
        };
        self.compare(place, message, ledger)
            .map_or(Seen::Other, Seen::Message)
    }

    /// The server gives no events up to `to`: where the missing range begins, or nothing if there
    /// is nothing to reload.
    pub(crate) fn gap(&mut self, channel: u64, to: u64) -> Option<u64> {
        let index = self.find(channel).ok()?;
        let cursor = self.cursors.get_mut(index)?;
        let from = cursor.last + 1;
        if to < from {
            return None;
        }
        cursor.gaps.push((from, to));
        cursor.last = to;
        Some(from)
    }

    /// A message that reloading a gap brought, by its sender's id for it and its content's hash.
    pub(crate) fn reloaded(&mut self, place: Place, message: &Shown<'_>, ledger: &Ledger) {
        if let Some(cursor) = self
            .find(place.channel)
            .ok()
            .and_then(|index| self.cursors.get_mut(index))
        {
            cursor.reloaded.insert(place.seq);
        }
        self.compare(place, message, ledger);
    }

    /// Notes what is no event: an unreadable frame, a code that should not come.
    pub(crate) fn stray(&mut self, words: String) {
        self.faults.note(Fault::Stray, 1, || words);
    }

    /// What was seen of `channel`.
    pub(crate) fn cursor(&self, channel: u64) -> Option<&Cursor> {
        self.find(channel)
            .ok()
            .and_then(|index| self.cursors.get(index))
    }

    /// All that was seen of `channel`, from each time it was joined.
    pub(crate) fn stays(&self, channel: u64) -> impl Iterator<Item = &Cursor> {
        self.closed
            .iter()
            .filter(move |cursor| cursor.channel == channel)
            .chain(self.cursor(channel))
    }

    /// Moves the channel's cursor; true if the event is new.
    fn advance(&mut self, place: Place, kind: &EventKind<'_>) -> bool {
        let index = match self.find(place.channel) {
            Ok(index) => index,
            Err(index) if self.begins(kind) => {
                self.watch(index, place.channel, place.seq.saturating_sub(1))
            }
            Err(_) => {
                self.note(Fault::Stray, place, "a channel it is not in");
                return false;
            }
        };
        let Some(cursor) = self.cursors.get_mut(index) else {
            return false;
        };
        if place.seq > cursor.last {
            if place.seq > cursor.last + 1 {
                cursor.holes.push((cursor.last + 1, place.seq - 1));
            }
            cursor.last = place.seq;
            return true;
        }
        if cursor.fill_hole(place.seq) {
            self.note(Fault::OutOfOrder, place, "came after a later one");
            return true;
        }
        if self.rewound {
            self.repeated += 1;
        } else {
            self.note(Fault::Doubled, place, "came again");
        }
        false
    }

    /// Compares a message with what was sent; the time since it was due if nothing contradicts.
    fn compare(&mut self, place: Place, message: &Shown<'_>, ledger: &Ledger) -> Option<Duration> {
        let Some(number) = message.client_id.and_then(|id| ledger.run.number_of(id)) else {
            self.note(Fault::Stray, place, "a message of somebody else");
            return None;
        };
        match ledger.shown(number, place, message) {
            Ok(since_due) => {
                self.delivered += 1;
                Some(since_due)
            }
            Err(contradiction) => {
                self.note(
                    fault_of(contradiction),
                    place,
                    &format!("message {number} {contradiction}"),
                );
                None
            }
        }
    }

    /// Whether a channel may begin with such an event for this user.
    fn begins(&self, kind: &EventKind<'_>) -> bool {
        match kind {
            EventKind::Created => true,
            EventKind::Joined(users) => users.contains(&self.user),
            _ => false,
        }
    }

    /// Notes who came or went; who was removed sees nothing more of the channel.
    fn note_change(&mut self, Place { channel, seq }: Place, kind: &EventKind<'_>) {
        self.told.push(Told::of(Place { channel, seq }, kind));
        let change = |user: &u64, joined| Change {
            channel,
            user: *user,
            seq,
            joined,
        };
        match kind {
            EventKind::Joined(users) => self
                .changes
                .extend(users.iter().map(|user| change(user, true))),
            EventKind::Left(user) => self.changes.push(change(user, false)),
            _ => {}
        }
        if *kind == EventKind::Left(self.user) {
            self.closed.extend(
                self.find(channel)
                    .ok()
                    .map(|index| self.cursors.remove(index)),
            );
        }
    }

    fn watch(&mut self, index: usize, channel: u64, first: u64) -> usize {
        self.cursors.insert(
            index,
            Cursor {
                channel,
                first,
                last: first,
                ..Cursor::default()
            },
        );
        index
    }

    fn find(&self, channel: u64) -> Result<usize, usize> {
        self.cursors
            .binary_search_by_key(&channel, |cursor| cursor.channel)
    }

    fn note(&mut self, fault: Fault, place: Place, words: &str) {
        let user = self.user;
        self.faults.note(fault, 1, || {
            format!(
                "user {user}, channel {}, seq {}: {words}",
                place.channel, place.seq
            )
        });
    }
}

/// The kind of fault that a contradiction is.
pub(crate) fn fault_of(contradiction: Contradiction) -> Fault {
    match contradiction {
        Contradiction::NeverSent => Fault::Stray,
        Contradiction::Altered => Fault::Altered,
        Contradiction::StoredTwice => Fault::Doubled,
    }
}

#[cfg(test)]
mod tests;
