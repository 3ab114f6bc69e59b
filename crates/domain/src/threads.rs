//! Threads: the replies to a message. There is one level: a reply to a reply joins the thread of its root.

use chrono::{DateTime, Utc};

use crate::ids::UserId;
use crate::messages::Message;

/// The thread of which a message is the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Thread {
    /// Replies that were not deleted.
    pub count: i64,
    /// The newest `reply_no`: all replies, the deleted ones too. It never falls.
    pub newest_no: i64,
    /// When somebody replied last; nothing once all replies are deleted.
    pub last_reply_at: Option<DateTime<Utc>>,
    /// Who has taken part, in the order of their first replies, at most [`Thread::MOST_PARTICIPANTS`];
    /// nobody once all replies are deleted.
    pub participants: Vec<UserId>,
}

impl Thread {
    /// People of a thread who are named at most.
    pub const MOST_PARTICIPANTS: usize = 50;

    /// Counts a reply.
    pub fn add_reply(&mut self, sender: UserId, at: DateTime<Utc>) {
        self.count = self.count.saturating_add(1);
        self.newest_no = self.newest_no.saturating_add(1);
        self.last_reply_at = self.last_reply_at.max(Some(at));
        let is_new = !self.participants.contains(&sender);
        if is_new && self.participants.len() < Self::MOST_PARTICIPANTS {
            self.participants.push(sender);
        }
    }

    /// Takes note that a reply was deleted.
    pub fn remove_reply(&mut self) {
        self.count = self.count.saturating_sub(1).max(0);
        if self.count == 0 {
            self.last_reply_at = None;
            self.participants.clear();
        }
    }
}

/// Why a message can't be replied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// There is no such message in the channel.
    #[error("the message to reply to is not in this channel")]
    Elsewhere,
    /// It was deleted, or the root of its thread was.
    #[error("the message to reply to was deleted")]
    Deleted,
}

/// The root of the thread that a reply joins; `parent` and its own `root` are those of the reply's channel.
pub fn require_root<'a>(
    parent: Option<&'a Message>,
    root: Option<&'a Message>,
) -> Result<&'a Message, ReplyError> {
    let parent = parent.ok_or(ReplyError::Elsewhere)?;
    let root = match parent.parent_id {
        None => parent,
        Some(_) => root.ok_or(ReplyError::Elsewhere)?,
    };
    if parent.deleted.is_some() || root.deleted.is_some() {
        return Err(ReplyError::Deleted);
    }
    Ok(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MessageId;
    use crate::messages::change::tests::message;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn replies_are_counted_and_people_named_once() {
        let mut thread = Thread::default();
        for (user, second) in [(2, 1), (3, 2), (2, 3)] {
            thread.add_reply(UserId::from(user), at(second));
        }
        assert_eq!((thread.count, thread.newest_no), (3, 3));
        assert_eq!(thread.participants, [2, 3].map(UserId::from));
        assert_eq!(thread.last_reply_at, Some(at(3)));
        thread.remove_reply();
        assert_eq!((thread.count, thread.newest_no), (2, 3));
        assert_eq!(thread.participants.len(), 2);
    }

    #[test]
    fn a_thread_whose_replies_are_all_deleted_is_empty_and_its_numbers_go_on() {
        let mut thread = Thread::default();
        thread.add_reply(UserId::from(2), at(1));
        thread.remove_reply();
        let empty = Thread {
            newest_no: 1,
            ..Thread::default()
        };
        assert_eq!(thread, empty);
        thread.add_reply(UserId::from(3), at(2));
        assert_eq!((thread.count, thread.newest_no), (1, 2));
    }

    #[test]
    fn at_most_50_people_are_named_and_all_replies_counted() {
        let mut thread = Thread::default();
        for user in 1..=60 {
            thread.add_reply(UserId::from(user), at(user));
        }
        assert_eq!((thread.count, thread.participants.len()), (60, 50));
    }

    #[test]
    fn a_reply_joins_the_root_and_not_what_was_deleted() {
        let root = message();
        let reply = Message {
            id: MessageId::from(8),
            parent_id: Some(root.id),
            ..message()
        };
        let gone = |message: &Message| Message {
            deleted: Some((at(1), UserId::from(1))),
            ..message.clone()
        };
        let id = |found: Result<&Message, ReplyError>| found.map(|root| root.id);
        assert_eq!(id(require_root(Some(&root), None)), Ok(root.id));
        assert_eq!(id(require_root(Some(&reply), Some(&root))), Ok(root.id));
        assert_eq!(id(require_root(None, None)), Err(ReplyError::Elsewhere));
        let deleted = Err(ReplyError::Deleted);
        assert_eq!(id(require_root(Some(&gone(&root)), None)), deleted);
        assert_eq!(id(require_root(Some(&gone(&reply)), Some(&root))), deleted);
        assert_eq!(id(require_root(Some(&reply), Some(&gone(&root)))), deleted);
    }
}
