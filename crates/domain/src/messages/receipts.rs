//! Receipts: who has read a message and to whom it came, by how far each member has come.

use super::Message;
use crate::ids::{Seq, UserId};

/// The most members of a channel in which it is told who has read what.
pub const TOLD_UP_TO: i32 = 50;

/// How far a member has come in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Who.
    pub user: UserId,
    /// Where they came in: what was said before was not said to them.
    pub joined: Seq,
    /// They have read up to here.
    pub read: Seq,
    /// It came to a device of theirs up to here. What was read has come, too.
    pub delivered: Seq,
}

impl Progress {
    /// Has somebody read this message who was to?
    fn has_read(&self, message: &Message) -> bool {
        self.is_for(message) && self.read >= message.seq
    }

    /// Has this message come to somebody who was to get it?
    fn has_got(&self, message: &Message) -> bool {
        self.is_for(message) && self.read.max(self.delivered) >= message.seq
    }

    /// Was it said by somebody else while this one was there?
    fn is_for(&self, message: &Message) -> bool {
        self.user != message.sender.id && self.joined < message.seq
    }
}

/// A channel as one of its members sees it at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewpoint {
    /// Who looks.
    pub viewer: UserId,
    /// They have read up to here.
    pub read: Seq,
    /// How far each member has come; not known of channels with more than [`TOLD_UP_TO`].
    pub members: Option<Vec<Progress>>,
}

impl Viewpoint {
    /// Whether the viewer has read a message: their own ones always.
    #[must_use]
    pub fn has_read(&self, message: &Message) -> bool {
        self.viewer == message.sender.id || self.read >= message.seq
    }

    /// How many have read a message beside its sender.
    #[must_use]
    pub fn read_count(&self, message: &Message) -> Option<usize> {
        self.count(|member| member.has_read(message))
    }

    /// To how many a message has come beside its sender.
    #[must_use]
    pub fn delivered_count(&self, message: &Message) -> Option<usize> {
        self.count(|member| member.has_got(message))
    }

    fn count(&self, of: impl Fn(&Progress) -> bool) -> Option<usize> {
        let members = self.members.as_ref()?;
        Some(members.iter().filter(|member| of(member)).count())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::ids::{ChannelId, MessageId, TenantId};
    use crate::messages::{MessageKind, Numbers};
    use crate::reactions::Reactions;
    use crate::threads::Thread;
    use crate::users::User;

    fn message(sender: i64, seq: i64) -> Message {
        Message {
            id: MessageId::from(9),
            channel_id: ChannelId::from(7),
            seq: Seq::from(seq),
            tenant_id: TenantId::from(3),
            sender: User::unknown(UserId::from(sender)),
            content: None,
            kind: MessageKind::Text,
            numbers: Numbers {
                message_no: 1,
                timeline_no: 1,
                unread_no: 1,
            },
            mentions: Vec::new(),
            mentions_everyone: None,
            parent_id: None,
            thread: Thread::default(),
            reactions: Reactions::default(),
            metadata: None,
            client_message_id: None,
            edited_at: None,
            deleted: None,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    /// Came in at 5.
    const LATE: i64 = 6;

    fn viewpoint(members: Option<&[(i64, i64, i64)]>) -> Viewpoint {
        let progress = |(user, read, delivered): &(i64, i64, i64)| Progress {
            user: UserId::from(*user),
            joined: Seq::from(if *user == LATE { 5 } else { 0 }),
            read: Seq::from(*read),
            delivered: Seq::from(*delivered),
        };
        Viewpoint {
            viewer: UserId::from(2),
            read: Seq::from(5),
            members: members.map(|members| members.iter().map(progress).collect()),
        }
    }

    #[test]
    fn those_count_whose_mark_has_come_so_far_but_never_the_sender_nor_who_came_later() {
        let view = viewpoint(Some(&[
            (1, 8, 8),
            (2, 5, 5),
            (3, 4, 6),
            (4, 0, 0),
            (5, 7, 0),
            (LATE, 6, 6),
        ]));
        let counts = |seq| {
            let message = message(1, seq);
            (view.read_count(&message), view.delivered_count(&message))
        };
        assert_eq!(counts(5), (Some(2), Some(3)));
        assert_eq!(counts(6), (Some(2), Some(3)));
        assert_eq!(counts(8), (Some(0), Some(0)));
    }

    #[test]
    fn of_large_channels_nothing_is_counted() {
        let (view, message) = (viewpoint(None), message(1, 5));
        assert_eq!(
            (view.read_count(&message), view.delivered_count(&message)),
            (None, None)
        );
    }

    #[test]
    fn ones_own_messages_are_read_and_others_up_to_the_mark() {
        let view = viewpoint(None);
        assert!(view.has_read(&message(1, 5)) && view.has_read(&message(2, 6)));
        assert!(!view.has_read(&message(1, 6)));
    }
}
