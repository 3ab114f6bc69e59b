//! Whether everybody was told the same of each place in a channel's order: one message, or one other
//! event.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::faults::{Fault, Faults};
use crate::frame::EventKind;
use crate::ledger::{Entered, Place};

/// What somebody was told at a place where no message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    place: Place,
    /// A hash of the event's kind and of whom it is about.
    kind: u64,
}

impl Told {
    /// An event of that kind.
    pub(crate) fn of(place: Place, kind: &EventKind<'_>) -> Self {
        let mut hasher = DefaultHasher::new();
        kind.hash(&mut hasher);
        Self {
            place,
            kind: hasher.finish(),
        }
    }
}

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The message of that number.
    Message(u64),
    /// An event of that kind.
    Other(u64),
}

/// Lays what was told of each place side by side: two things can't stand at one.
pub(crate) fn judge<'a>(
    messages: &[Entered],
    told: impl Iterator<Item = &'a Told>,
    faults: &mut Faults,
) {
    let messages = messages.iter().filter(|message| message.seq != 0);
    let messages = messages.map(|message| {
        let place = (message.channel, message.seq);
        (place, Standing::Message(message.number))
    });
    let others = told.map(|told| {
        let place = (told.place.channel, told.place.seq);
        (place, Standing::Other(told.kind))
    });
    let mut known = HashMap::new();
    for (place, standing) in messages.chain(others) {
        let first = *known.entry(place).or_insert(standing);
        if first != standing {
            let (channel, seq) = place;
            faults.note(Fault::Altered, 1, || {
                format!("channel {channel}, seq {seq}: two different events were told there")
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOINED: EventKind<'static> = EventKind::Joined(Vec::new());

    fn message(number: u64, seq: u64) -> Entered {
        Entered {
            number,
            channel: 7,
            content: 1,
            seq,
            id: number + 100,
            acked: false,
        }
    }

    fn told(seq: u64, kind: &EventKind<'_>) -> Told {
        Told::of(Place { channel: 7, seq }, kind)
    }

    fn altered(messages: &[Entered], told: &[Told]) -> u64 {
        let mut faults = Faults::default();
        judge(messages, told.iter(), &mut faults);
        assert_eq!(faults.total(), faults.altered);
        faults.altered
    }

    #[test]
    fn people_who_were_told_the_same_agree() {
        let same = [told(2, &JOINED), told(3, &EventKind::Left(9))];
        let messages = [message(1, 4), message(2, 5), message(3, 0), message(4, 0)];
        assert_eq!(altered(&messages, &[same, same].concat()), 0);
    }

    #[test]
    fn two_kinds_at_one_place_are_a_fault() {
        for other in [
            EventKind::Created,
            EventKind::Left(9),
            EventKind::Change(5),
            EventKind::Joined(vec![9]),
        ] {
            assert_eq!(altered(&[], &[told(2, &JOINED), told(2, &other)]), 1);
        }
        let left = [told(2, &EventKind::Left(8)), told(2, &EventKind::Left(9))];
        assert_eq!(altered(&[], &left), 1);
    }

    #[test]
    fn a_message_to_one_and_another_event_or_message_to_another_are_a_fault() {
        assert_eq!(altered(&[message(1, 2)], &[told(2, &JOINED)]), 1);
        assert_eq!(altered(&[message(1, 2), message(2, 2)], &[]), 1);
    }
}
