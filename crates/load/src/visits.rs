//! People who come and go while messages flow: who was a member when, as everybody was told, and
//! whether the visitors saw all of their stays.

use std::collections::{BTreeSet, HashMap};

use crate::checker::Inbox;
use crate::faults::{Fault, Faults};

/// Somebody came or went, at a seq of the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Change {
    /// The channel.
    pub(crate) channel: u64,
    /// Who.
    pub(crate) user: u64,
    /// Where in the channel's order.
    pub(crate) seq: u64,
    /// Whether they came.
    pub(crate) joined: bool,
}

/// The stays of everybody, by channel and user.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Stays(HashMap<(u64, u64), Vec<Stay>>);

/// From the event that let somebody in, to the one that removed them, if one did.
type Stay = (u64, Option<u64>);

impl Stays {
    /// The stays that the inboxes were told of.
    pub(crate) fn told<'a>(inboxes: impl Iterator<Item = &'a Inbox>) -> Self {
        let changes: BTreeSet<Change> = inboxes
            .flat_map(|inbox| inbox.changes.iter().copied())
            .collect();
        let mut stays: HashMap<_, Vec<Stay>> = HashMap::new();
        for Change {
            channel,
            user,
            seq,
            joined,
        } in changes
        {
            let stays = stays.entry((channel, user)).or_default();
            match stays.last_mut() {
                Some((_, end @ None)) if !joined => *end = Some(seq),
                Some((_, None)) => {}
                Some(_) | None if joined => stays.push((seq, None)),
                Some(_) | None => {}
            }
        }
        Self(stays)
    }

    /// Compares the stays of a visitor with what they saw. `permanent` are the channels that the
    /// user was in all along, `heads` the last seqs there are.
    pub(crate) fn judge(
        &self,
        inbox: &Inbox,
        permanent: &[u64],
        heads: &HashMap<u64, u64>,
    ) -> Faults {
        let mut faults = Faults::default();
        let of_user = self.0.iter().filter(|((_, user), _)| *user == inbox.user);
        for ((channel, user), stays) in
            of_user.filter(|((channel, _), _)| !permanent.contains(channel))
        {
            for (from, to) in stays {
                let end = to
                    .or_else(|| heads.get(channel).copied())
                    .unwrap_or(*from)
                    .max(*from);
                let missed = missed(inbox, *channel, (*from, end));
                let words = || {
                    format!(
                        "user {user} was in channel {channel} from {from} to {end} and missed {missed}"
                    )
                };
                faults.note(Fault::Lost, missed, words);
            }
        }
        faults
    }
}

/// How many seqs of a stay were not seen.
fn missed(inbox: &Inbox, channel: u64, (from, to): (u64, u64)) -> u64 {
    let seen = |first: u64, last: u64| (last.min(to) + 1).saturating_sub(first.max(from));
    let stay = inbox.stays(channel).map(|cursor| {
        let holes: u64 = cursor
            .holes
            .iter()
            .map(|(first, last)| seen(*first, *last))
            .sum();
        seen(cursor.first + 1, cursor.last) - holes
    });
    (to + 1 - from).saturating_sub(stay.sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_ids::RunId;
    use crate::frame::{Event, EventKind};
    use crate::ledger::Ledger;

    const CHANNEL: u64 = 7;
    const VISITOR: u64 = 2;

    fn show(inbox: &mut Inbox, events: &[(u64, EventKind<'static>)]) {
        let ledger = Ledger::new(RunId::from_seed(1));
        for (seq, kind) in events {
            let kind = match kind {
                EventKind::Joined(users) => EventKind::Joined(users.clone()),
                EventKind::Left(user) => EventKind::Left(*user),
                _ => EventKind::Change(0),
            };
            inbox.apply(
                &Event {
                    channel: CHANNEL,
                    seq: *seq,
                    kind,
                },
                &ledger,
            );
        }
    }

    /// A visitor who is in the channel from 3 to 5, and from 7 on; the last seq is 8.
    fn all() -> Vec<(u64, EventKind<'static>)> {
        vec![
            (2, EventKind::Change(0)),
            (3, EventKind::Joined(vec![VISITOR])),
            (4, EventKind::Change(0)),
            (5, EventKind::Left(VISITOR)),
            (6, EventKind::Change(0)),
            (7, EventKind::Joined(vec![VISITOR])),
            (8, EventKind::Change(0)),
        ]
    }

    fn judge(visitor_saw: &[u64]) -> Faults {
        let mut member = Inbox::new(1);
        member.connected(&HashMap::from([(CHANNEL, 1)]), false);
        show(&mut member, &all());
        assert!(member.faults.is_none());
        let mut visitor = Inbox::new(VISITOR);
        let seen: Vec<_> = all()
            .into_iter()
            .filter(|(seq, _)| visitor_saw.contains(seq))
            .collect();
        show(&mut visitor, &seen);
        let stays = Stays::told([&member, &visitor].into_iter());
        let mut faults = stays.judge(&visitor, &[], &HashMap::from([(CHANNEL, 8)]));
        faults.add(visitor.faults.clone());
        faults
    }

    #[test]
    fn a_visitor_who_sees_every_stay_and_nothing_else_is_fine() {
        assert!(judge(&[3, 4, 5, 7, 8]).is_none());
    }

    #[test]
    fn a_visitor_misses_what_was_said_during_a_stay() {
        assert_eq!(judge(&[3, 5, 7, 8]).lost, 1);
        assert_eq!(judge(&[3, 4, 5, 7]).lost, 1);
        assert_eq!(judge(&[3, 4, 5]).lost, 2);
        assert_eq!(judge(&[]).lost, 5);
    }

    #[test]
    fn a_visitor_must_not_see_what_comes_after_the_removal_or_before_the_joining() {
        assert_eq!(judge(&[3, 4, 5, 6, 7, 8]).stray, 1);
        assert_eq!(judge(&[2, 3, 4, 5, 7, 8]).stray, 1);
    }
}
