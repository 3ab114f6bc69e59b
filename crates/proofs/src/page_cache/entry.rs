//! A message as the cache would keep it: all that the statement reads of it, as JSON.

use chrono::{DateTime, Utc};
use discuss_domain::messages::mentions::Everyone;
use discuss_domain::messages::{ClientMessageId, Message, MessageKind, Numbers};
use discuss_domain::reactions::{Emoji, Reaction};
use discuss_domain::threads::Thread;
use discuss_domain::users::User;
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Replies, the newest number, the time of the last one, and the people.
type ThreadEntry = (i64, i64, Option<i64>, Vec<i64>);

/// A message. Times are microseconds since 1970, as PostgreSQL keeps them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    ids: [i64; 4],
    sender: (i64, Option<String>, Option<String>, Option<String>),
    content: Option<String>,
    kind: String,
    numbers: [i64; 3],
    mentions: Vec<i64>,
    everyone: Option<String>,
    parent: Option<i64>,
    thread: ThreadEntry,
    reactions: Vec<(String, Vec<i64>)>,
    metadata: Option<Value>,
    client_id: Option<Uuid>,
    edited_at: Option<i64>,
    deleted: Option<(i64, i64)>,
    created_at: i64,
}

impl Entry {
    /// The entry of a message.
    pub(super) fn of(message: &Message) -> Self {
        let Message {
            sender,
            numbers,
            thread,
            ..
        } = message;
        let (name, email) = (sender.name.clone(), sender.email.clone());
        let reactions = message.reactions.iter();
        Self {
            ids: [
                message.id.get(),
                message.channel_id.get(),
                message.seq.get(),
                message.tenant_id.get(),
            ],
            sender: (sender.id.get(), name, email, sender.avatar_url.clone()),
            content: message.content.clone(),
            kind: message.kind.as_str().to_owned(),
            numbers: [numbers.message_no, numbers.timeline_no, numbers.unread_no],
            mentions: ids(&message.mentions),
            everyone: message.mentions_everyone.map(|one| one.as_str().to_owned()),
            parent: message.parent_id.map(MessageId::get),
            thread: (
                thread.count,
                thread.newest_no,
                thread.last_reply_at.map(micros),
                ids(&thread.participants),
            ),
            reactions: reactions
                .map(|one| (one.emoji.as_str().to_owned(), ids(&one.users)))
                .collect(),
            metadata: message.metadata.clone(),
            client_id: message.client_message_id.map(ClientMessageId::get),
            edited_at: message.edited_at.map(micros),
            deleted: message.deleted.map(|(at, by)| (micros(at), by.get())),
            created_at: micros(message.created_at),
        }
    }

    /// The message of an entry; nothing if it is none of ours.
    pub(super) fn message(self) -> Option<Message> {
        let [id, channel, seq, tenant] = self.ids;
        let (sender, name, email, avatar_url) = self.sender;
        let [message_no, timeline_no, unread_no] = self.numbers;
        let reactions = self.reactions.into_iter();
        Some(Message {
            id: MessageId::from(id),
            channel_id: ChannelId::from(channel),
            seq: Seq::from(seq),
            tenant_id: TenantId::from(tenant),
            sender: User {
                id: UserId::from(sender),
                name,
                email,
                avatar_url,
            },
            content: self.content,
            kind: MessageKind::find(&self.kind)?,
            numbers: Numbers {
                message_no,
                timeline_no,
                unread_no,
            },
            mentions: people(self.mentions),
            mentions_everyone: self.everyone.as_deref().and_then(Everyone::find),
            parent_id: self.parent.map(MessageId::from),
            thread: thread(self.thread),
            reactions: reactions.map(reaction).collect(),
            metadata: self.metadata,
            client_message_id: self.client_id.map(ClientMessageId::from),
            edited_at: self.edited_at.and_then(DateTime::from_timestamp_micros),
            deleted: self.deleted.and_then(|(at, by)| {
                Some((DateTime::from_timestamp_micros(at)?, UserId::from(by)))
            }),
            created_at: DateTime::from_timestamp_micros(self.created_at)?,
        })
    }
}

fn thread((count, newest_no, last_reply_at, participants): ThreadEntry) -> Thread {
    Thread {
        count,
        newest_no,
        last_reply_at: last_reply_at.and_then(DateTime::from_timestamp_micros),
        participants: people(participants),
    }
}

fn reaction((emoji, users): (String, Vec<i64>)) -> Reaction {
    Reaction {
        emoji: Emoji::from(emoji),
        users: people(users),
    }
}

fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

fn ids(users: &[UserId]) -> Vec<i64> {
    users.iter().map(|user| user.get()).collect()
}

fn people(ids: Vec<i64>) -> Vec<UserId> {
    ids.into_iter().map(UserId::from).collect()
}
