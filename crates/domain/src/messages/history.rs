//! Which messages a stretch of a channel's history has: pure arithmetic on their numbers.
//!
//! In each scope the messages of a channel are numbered 1, 2, 3 … without a hole, and the channel knows the
//! newest number. So a stretch is known before it is read, and so is what lies before and after it.

use super::Numbers;
use crate::channels::Counters;
use crate::ids::MessageId;

/// Which of a channel's messages are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The top-level ones.
    TopLevel,
    /// Replies as well.
    WithReplies,
}

impl Scope {
    /// How many messages of this scope a channel has.
    #[must_use]
    pub const fn count(self, counters: Counters) -> i64 {
        match self {
            Self::TopLevel => counters.timeline_count,
            Self::WithReplies => counters.message_count,
        }
    }

    /// Where a message stands among those of this scope.
    #[must_use]
    pub fn place(self, message: Anchor) -> Place {
        let (up_to, is_told) = match self {
            Self::TopLevel => (message.numbers.timeline_no, !message.is_reply),
            Self::WithReplies => (message.numbers.message_no, true),
        };
        Place {
            before: up_to.saturating_sub(i64::from(is_told)),
            up_to,
        }
    }
}

/// Where a stretch starts, or what it is around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// At the newest message.
    Newest,
    /// Before this message.
    Before(MessageId),
    /// After this message.
    After(MessageId),
    /// Around this message, itself among them.
    Around(MessageId),
}

impl Cursor {
    /// The message that it names.
    #[must_use]
    pub const fn message(self) -> Option<MessageId> {
        match self {
            Self::Newest => None,
            Self::Before(id) | Self::After(id) | Self::Around(id) => Some(id),
        }
    }
}

/// What must be known of the message that a cursor names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// Its numbers. A reply carries the number of top-level messages reached so far.
    pub numbers: Numbers,
    /// It is a reply.
    pub is_reply: bool,
}

/// Where a message stands in a scope, whether it is of the scope or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// How many messages of the scope there are before it.
    pub before: i64,
    /// How many with it.
    pub up_to: i64,
}

/// The messages numbered `after + 1` to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The number after which it starts.
    pub after: i64,
    /// Its newest number.
    pub last: i64,
}

impl Stretch {
    /// At most `limit` messages from `cursor` on, of `count` that there are; `place` is the place of the
    /// message that the cursor names. `None` when it names one whose place is not known.
    #[must_use]
    pub fn of_cursor(cursor: Cursor, place: Option<Place>, limit: i64, count: i64) -> Option<Self> {
        let (after, last) = match (cursor, place) {
            (Cursor::Newest, _) => (count.saturating_sub(limit), count),
            (Cursor::Before(_), Some(place)) => (place.before.saturating_sub(limit), place.before),
            (Cursor::After(_), Some(place)) => (place.up_to, place.up_to.saturating_add(limit)),
            (Cursor::Around(_), Some(place)) => {
                let older = limit / 2;
                let newer = limit.saturating_sub(older).saturating_sub(1);
                (
                    place.before.saturating_sub(older),
                    place.up_to.saturating_add(newer),
                )
            }
            (_, None) => return None,
        };
        Some(Self::within(after, last, count))
    }

    /// A page by number, from 0, of `count` messages, the newest first.
    #[must_use]
    pub fn of_page(page: i64, size: i64, count: i64) -> Self {
        let last = count.saturating_sub(page.saturating_mul(size));
        Self::within(last.saturating_sub(size), last, count)
    }

    fn within(after: i64, last: i64, count: i64) -> Self {
        let last = last.clamp(0, count.max(0));
        Self {
            after: after.clamp(0, last),
            last,
        }
    }

    /// Are there messages in it?
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.after == self.last
    }

    /// Are there older ones than these?
    #[must_use]
    pub const fn has_older(self) -> bool {
        self.after > 0
    }

    /// Are there newer ones than these, of `count` in all?
    #[must_use]
    pub const fn has_newer(self, count: i64) -> bool {
        self.last < count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: i64 = 10;

    /// A cursor, a limit, and the numbers between which the stretch lies.
    type Case = (fn(MessageId) -> Cursor, i64, (i64, i64));

    fn anchor(message_no: i64, timeline_no: i64, is_reply: bool) -> Anchor {
        let numbers = Numbers {
            message_no,
            timeline_no,
            unread_no: timeline_no,
        };
        Anchor { numbers, is_reply }
    }

    fn stretch(cursor: fn(MessageId) -> Cursor, anchor: Anchor, limit: i64) -> (i64, i64) {
        let place = Scope::TopLevel.place(anchor);
        let stretch =
            Stretch::of_cursor(cursor(MessageId::from(1)), Some(place), limit, COUNT).unwrap();
        (stretch.after, stretch.last)
    }

    #[test]
    fn a_stretch_goes_back_forward_or_around_a_message() {
        let fifth = anchor(9, 5, false);
        let cases: [Case; 8] = [
            (Cursor::Before, 3, (1, 4)),
            (Cursor::Before, 100, (0, 4)),
            (Cursor::After, 3, (5, 8)),
            (Cursor::After, 100, (5, 10)),
            (Cursor::Around, 1, (4, 5)),
            (Cursor::Around, 4, (2, 6)),
            (Cursor::Around, 5, (2, 7)),
            (Cursor::Around, 100, (0, 10)),
        ];
        for (cursor, limit, numbers) in cases {
            assert_eq!(stretch(cursor, fifth, limit), numbers, "{limit}");
        }
        let newest = Stretch::of_cursor(Cursor::Newest, None, 4, COUNT);
        assert_eq!(newest, Some(Stretch { after: 6, last: 10 }));
    }

    #[test]
    fn a_reply_among_top_level_messages_stands_between_two_of_them() {
        let reply = anchor(9, 5, true);
        assert_eq!(stretch(Cursor::Before, reply, 3), (2, 5));
        assert_eq!(stretch(Cursor::After, reply, 3), (5, 8));
        assert_eq!(stretch(Cursor::Around, reply, 4), (3, 6));
        let place = Scope::WithReplies.place(reply);
        assert_eq!((place.before, place.up_to), (8, 9));
    }

    #[test]
    fn what_lies_before_and_after_is_known_also_of_nothing() {
        let nothing = Stretch::of_cursor(
            Cursor::Before(MessageId::from(1)),
            Some(Scope::TopLevel.place(anchor(1, 1, false))),
            3,
            COUNT,
        );
        let nothing = nothing.unwrap();
        assert!(nothing.is_empty() && !nothing.has_older() && nothing.has_newer(COUNT));
        let end = Scope::TopLevel.place(anchor(20, COUNT, false));
        let end =
            Stretch::of_cursor(Cursor::After(MessageId::from(1)), Some(end), 3, COUNT).unwrap();
        assert!(end.is_empty() && end.has_older() && !end.has_newer(COUNT));
        let empty = Stretch::of_cursor(Cursor::Newest, None, 3, 0).unwrap();
        assert!(empty.is_empty() && !empty.has_older() && !empty.has_newer(0));
    }

    #[test]
    fn a_cursor_whose_message_is_not_known_has_no_stretch() {
        let cursor = Cursor::Around(MessageId::from(1));
        assert_eq!(Stretch::of_cursor(cursor, None, 3, COUNT), None);
    }

    #[test]
    fn pages_hold_each_number_once_and_end() {
        let pages: Vec<_> = (0..5)
            .map(|page| Stretch::of_page(page, 4, COUNT))
            .collect();
        let numbers: Vec<_> = pages.iter().map(|page| (page.after, page.last)).collect();
        assert_eq!(numbers, [(6, 10), (2, 6), (0, 2), (0, 0), (0, 0)]);
        assert!(Stretch::of_page(i64::MAX, 100, COUNT).is_empty());
    }
}
