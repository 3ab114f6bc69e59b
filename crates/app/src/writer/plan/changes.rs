//! What a group makes of messages that are there: changes, and the threads that replies join.

use discuss_domain::channels::Counters;
use discuss_domain::messages::Message;
use discuss_domain::messages::change::{Asked, Change, ChangeError, decide};
use discuss_domain::reactions::Emoji;
use discuss_domain::{ChannelId, EventKind, MessageId, UserId};
use discuss_storage::event_log::LoggedEvent;
use discuss_storage::messages::group::{Kept, Look, NewChange};

use super::{Plan, is_in};
use crate::writer::{MessageChange, Outcome, Send};

/// Why a message is another than before.
#[derive(Clone, Copy)]
struct Cause<'a> {
    kind: EventKind,
    actor: UserId,
    emoji: Option<&'a Emoji>,
    correlation_id: Option<&'a str>,
    traceparent: Option<&'a str>,
}

impl<'a> Plan<'a> {
    /// A message of the channel as the group has made it so far.
    pub(super) fn find<'s>(
        &'s self,
        look: &'s Look,
        channel: ChannelId,
        id: MessageId,
    ) -> Option<&'s Message> {
        let changed = self.group.changes.messages.get(&id);
        let message = changed.or_else(|| look.messages.get(&id));
        message.filter(|message| message.channel_id == channel)
    }

    /// Decides a change, and makes it.
    pub(super) fn change(
        &mut self,
        asked: &'a MessageChange,
        look: &Look,
    ) -> Result<Outcome, ChangeError> {
        let message = self.find(look, asked.channel, asked.message);
        let membership = look.memberships.get(&(asked.channel, asked.user)).copied();
        let question = Asked {
            tenant: asked.tenant,
            user: asked.user,
            channel: look.channels.get(&asked.channel),
            membership,
            message,
        };
        let changed = decide(&asked.change, &question, self.group.at)?;
        let before = message.ok_or(ChangeError::NotFound)?.clone();
        let Some(mut changed) = changed else {
            return Ok(Outcome::Unchanged(Box::new(before)));
        };
        if matches!(asked.change, Change::Edit { .. }) {
            changed
                .mentions
                .retain(|user| is_in(look, asked.channel, *user));
            self.follow_edited(&before, &changed);
        }
        let parent = before.parent_id;
        self.keep(asked, before);
        self.become_changed(look, changed.clone(), cause(asked));
        let is_deleted = matches!(asked.change, Change::Delete | Change::Erase);
        let root = parent.filter(|_| is_deleted);
        if let Some(root) = root.and_then(|root| self.find(look, asked.channel, root)) {
            let mut root = root.clone();
            root.thread.remove_reply();
            let kind = EventKind::ThreadUpdated;
            self.become_changed(
                look,
                root,
                Cause {
                    kind,
                    ..cause(asked)
                },
            );
        }
        Ok(Outcome::Changed(Box::new(changed)))
    }

    /// Whom an edit mentions anew follows the thread, as who was mentioned from the first.
    fn follow_edited(&mut self, before: &Message, after: &Message) {
        let root = match after.parent_id {
            Some(root) => root,
            None if after.thread.count > 0 => after.id,
            None => return,
        };
        let named = after.mentions.iter();
        let anew = named.filter(|user| !before.mentions.contains(user));
        let others = &mut self.group.changes.others;
        others.extend(anew.map(|user| (root, *user)));
    }

    /// Keeps what a message said before an edit; of a deleted one nothing is kept.
    fn keep(&mut self, asked: &MessageChange, before: Message) {
        let kept = &mut self.group.changes.kept;
        match (&asked.change, before.content) {
            (Change::Edit { .. }, Some(content)) => kept.push(Kept {
                message: before.id,
                content,
                edited_by: asked.user,
            }),
            (Change::Delete | Change::Erase, _) => kept.retain(|kept| kept.message != before.id),
            (Change::Edit { .. } | Change::React(_) | Change::Unreact(_), _) => {}
        }
    }

    /// Counts a reply that was stored at its root, and notes who follows the thread.
    pub(super) fn reply(
        &mut self,
        send: &'a Send,
        look: &Look,
        (mut root, reply): (Message, MessageId),
    ) {
        let named = self.group.messages.iter().rev().find(|row| row.id == reply);
        let named = named.map_or(&[][..], |row| &row.mentions);
        let changes = &mut self.group.changes;
        changes
            .others
            .extend(named.iter().map(|user| (root.id, *user)));
        if root.thread.count == 0 {
            let first = std::iter::once(&root.sender.id).chain(&root.mentions);
            let people = first.filter(|user| **user != UserId::SYSTEM);
            changes.others.extend(people.map(|user| (root.id, *user)));
        }
        changes.repliers.insert((root.id, send.sender.id));
        root.thread.add_reply(send.sender.id, self.group.at);
        let cause = Cause {
            kind: EventKind::ThreadUpdated,
            actor: send.sender.id,
            emoji: None,
            correlation_id: send.correlation_id.as_deref(),
            traceparent: send.traceparent.as_deref(),
        };
        self.become_changed(look, root, cause);
    }

    /// Takes a seq for the event that tells of it.
    fn become_changed(&mut self, look: &Look, message: Message, cause: Cause<'a>) {
        let channel = message.channel_id;
        let seq = self.count(look, channel, Counters::after_change).last_seq;
        let changes = &mut self.group.changes;
        changes.events.push(NewChange {
            tenant: message.tenant_id,
            channel,
            seq,
            kind: cause.kind,
            actor: cause.actor,
            message: message.id,
            emoji: cause.emoji,
            correlation_id: cause.correlation_id,
            traceparent: cause.traceparent,
        });
        self.events.push(LoggedEvent {
            tenant: message.tenant_id,
            channel,
            seq,
            kind: cause.kind,
            actor: cause.actor,
            users: Vec::new(),
            membership: None,
            message: Some(message.clone()),
            emoji: cause.emoji.cloned(),
            made: None,
            at: self.group.at,
        });
        changes.messages.insert(message.id, message);
    }
}

fn cause(asked: &MessageChange) -> Cause<'_> {
    let (kind, emoji) = match &asked.change {
        Change::Edit { .. } => (EventKind::MessageEdited, None),
        Change::Delete | Change::Erase => (EventKind::MessageDeleted, None),
        Change::React(emoji) => (EventKind::ReactionAdded, Some(emoji)),
        Change::Unreact(emoji) => (EventKind::ReactionRemoved, Some(emoji)),
    };
    Cause {
        kind,
        actor: asked.user,
        emoji,
        correlation_id: asked.correlation_id.as_deref(),
        traceparent: asked.traceparent.as_deref(),
    }
}

#[cfg(test)]
mod tests;
