//! What the hub is told of a channel's log.

use std::sync::Arc;

use discuss_domain::{EventKind, Seq, UserId};

/// An event of a channel's log with the frame that tells of it.
#[derive(Debug, Clone)]
pub struct Event<F> {
    /// Its place in the channel's log.
    pub seq: Seq,
    /// What it does to the channel's members.
    pub effect: Effect,
    /// What the sessions are sent.
    pub frame: F,
}

/// What an event does to the members of its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: a message, a new name, another role.
    Nothing,
    /// These people are members from this event on; it is the first they see.
    Adds(Arc<[UserId]>),
    /// These people are members no longer; it is the last they see.
    Removes(Arc<[UserId]>),
}

impl Effect {
    /// What an event of this kind does to the people it names.
    #[must_use]
    pub fn of(kind: EventKind, people: &[UserId]) -> Self {
        match kind {
            EventKind::ChannelCreated | EventKind::MemberAdded => Self::Adds(people.into()),
            EventKind::MemberRemoved | EventKind::MemberLeft => Self::Removes(people.into()),
            EventKind::MessageCreated
            | EventKind::MessageEdited
            | EventKind::MessageDeleted
            | EventKind::ReactionAdded
            | EventKind::ReactionRemoved
            | EventKind::ThreadUpdated
            | EventKind::ChannelUpdated
            | EventKind::ChannelArchived
            | EventKind::MemberRoleChanged => Self::Nothing,
        }
    }

    /// Whether the event makes `user` a member.
    #[must_use]
    pub fn adds(&self, user: UserId) -> bool {
        matches!(self, Self::Adds(people) if people.contains(&user))
    }

    /// Whether the event ends the membership of `user`.
    #[must_use]
    pub fn removes(&self, user: UserId) -> bool {
        matches!(self, Self::Removes(people) if people.contains(&user))
    }
}

/// A page of a channel's log, read in one snapshot.
#[derive(Debug, Clone)]
pub struct Page<F> {
    /// The page was asked for from here.
    pub after: Seq,
    /// The newest seq of the channel in that snapshot.
    pub head: Seq,
    /// The first events after `after` that the log still had, in order; there may be more.
    pub events: Vec<Event<F>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_ends_with_the_event_that_ends_its_membership() {
        let person = UserId::from(5);
        let ends: Vec<EventKind> = EventKind::ALL
            .into_iter()
            .filter(|kind| Effect::of(*kind, &[person]).removes(person))
            .collect();
        assert_eq!(ends, [EventKind::MemberRemoved, EventKind::MemberLeft]);
    }
}
