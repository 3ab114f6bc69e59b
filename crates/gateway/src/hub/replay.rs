//! How a session catches up with the log by itself, page by page, until it can join the hub.

use discuss_domain::Seq;

use super::event::Page;

/// Up to so many missed events are replayed; beyond that a client reloads the channel.
const LONGEST: i64 = 10_000;

/// A page of a channel's log, with the reader's membership in the same snapshot.
#[derive(Debug, Clone)]
pub struct MemberPage<F> {
    /// Whether the session's person is a member now.
    pub member: bool,
    /// The page.
    pub page: Page<F>,
}

/// The reading of one channel for one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    after: Seq,
    first: Seq,
}

/// What a page leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<F> {
    /// Not a member: nothing of the page is sent.
    Refused {
        /// As of this seq.
        as_of: Seq,
    },
    /// Send these and read the next page.
    Continue(Vec<F>),
    /// Send these, then join at this seq.
    Join(Vec<F>, Seq),
    /// The log no longer has what is missing: say so, then join at `to`.
    Gap {
        /// The first seq that is missing; 0 when the log has gone back and everything is in doubt.
        from: Seq,
        /// The last.
        to: Seq,
    },
}

impl Replay {
    /// A reading that starts after the last seq that the session has.
    #[must_use]
    pub fn after(seq: Seq) -> Self {
        Self {
            after: seq,
            first: seq,
        }
    }

    /// The next page is wanted after this seq.
    #[must_use]
    pub fn wants_after(&self) -> Seq {
        self.after
    }

    /// Takes the page that was read after [`Self::wants_after`].
    pub fn step<F>(&mut self, MemberPage { member, page }: MemberPage<F>) -> Step<F> {
        if !member {
            return Step::Refused { as_of: page.head };
        }
        if page.head < self.after {
            return Step::Gap {
                from: Seq::ZERO,
                to: page.head,
            };
        }
        let fresh = self.after == self.first;
        if fresh && page.head.get().saturating_sub(self.after.get()) > LONGEST {
            return Step::Gap {
                from: self.after.next(),
                to: page.head,
            };
        }
        let contiguous = page
            .events
            .iter()
            .zip(1_i64..)
            .all(|(event, offset)| event.seq.get() == self.after.get().saturating_add(offset));
        let Some(last) = page.events.last().map(|event| event.seq) else {
            return self.nothing_more(page.head);
        };
        if !contiguous {
            return Step::Gap {
                from: self.after.next(),
                to: page.head,
            };
        }
        self.after = last;
        let frames = page.events.into_iter().map(|event| event.frame).collect();
        if last >= page.head {
            Step::Join(frames, last)
        } else {
            Step::Continue(frames)
        }
    }

    fn nothing_more<F>(self, head: Seq) -> Step<F> {
        if self.after == head {
            Step::Join(Vec::new(), head)
        } else {
            Step::Gap {
                from: self.after.next(),
                to: head,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{Effect, Event};

    fn page(after: i64, head: i64, seqs: &[i64]) -> MemberPage<i64> {
        let events = seqs
            .iter()
            .map(|seq| Event {
                seq: Seq::from(*seq),
                effect: Effect::Nothing,
                frame: *seq,
            })
            .collect();
        MemberPage {
            member: true,
            page: Page {
                after: Seq::from(after),
                head: Seq::from(head),
                events,
            },
        }
    }

    #[test]
    fn pages_are_sent_until_the_head_is_reached() {
        let mut replay = Replay::after(Seq::from(3));
        assert_eq!(replay.step(page(3, 6, &[4, 5])), Step::Continue(vec![4, 5]));
        assert_eq!(replay.wants_after(), Seq::from(5));
        assert_eq!(
            replay.step(page(5, 6, &[6])),
            Step::Join(vec![6], Seq::from(6))
        );
    }

    #[test]
    fn who_has_everything_joins_at_once() {
        let mut replay = Replay::after(Seq::from(6));
        assert_eq!(
            replay.step(page(6, 6, &[])),
            Step::Join(vec![], Seq::from(6))
        );
    }

    #[test]
    fn what_was_pruned_is_a_gap() {
        let mut replay = Replay::after(Seq::from(3));
        let gap = Step::Gap {
            from: Seq::from(4),
            to: Seq::from(9),
        };
        assert_eq!(replay.step(page(3, 9, &[6, 7])), gap);
        assert_eq!(replay.step(page(3, 9, &[])), gap);
    }

    #[test]
    fn a_page_with_a_hole_is_a_gap() {
        let gap = Step::Gap {
            from: Seq::from(4),
            to: Seq::from(9),
        };
        assert_eq!(Replay::after(Seq::from(3)).step(page(3, 9, &[4, 6])), gap);
    }

    #[test]
    fn a_gap_of_more_than_ten_thousand_events_is_not_replayed() {
        let gap = Step::Gap {
            from: Seq::from(1),
            to: Seq::from(10_001),
        };
        assert_eq!(Replay::after(Seq::ZERO).step(page(0, 10_001, &[1])), gap);
        assert_eq!(
            Replay::after(Seq::from(1)).step(page(1, 10_001, &[2])),
            Step::Continue(vec![2])
        );
    }

    #[test]
    fn a_log_that_went_back_is_a_gap_from_zero() {
        let gap = Step::Gap {
            from: Seq::ZERO,
            to: Seq::from(4),
        };
        assert_eq!(Replay::after(Seq::from(9)).step(page(9, 4, &[])), gap);
    }

    #[test]
    fn who_is_no_member_gets_nothing() {
        let mut answer = page(3, 6, &[4]);
        answer.member = false;
        assert_eq!(
            Replay::after(Seq::from(3)).step(answer),
            Step::Refused {
                as_of: Seq::from(6)
            }
        );
    }
}
