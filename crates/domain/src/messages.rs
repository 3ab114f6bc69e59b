//! Messages: what they are made of. `messages::send` decides whether one is accepted, `messages::change`
//! what becomes of one that is there.

pub mod change;
pub mod history;
pub mod mentions;
pub mod receipts;
mod send;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::channels::Counters;
use crate::ids::{ChannelId, MessageId, Seq, TenantId, UserId};
use crate::reactions::Reactions;
use crate::text::{TextError, require_present};
use crate::threads::Thread;
use crate::users::User;

pub use send::{ChannelState, KnownSend, SendError, Verdict, decide};

/// A message's text: 1 to 10,000 characters, kept as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content(String);

impl Content {
    /// Longest content, in characters.
    pub const MAX_CHARS: usize = 10_000;

    /// Checks `text` and takes it as a message's content.
    pub fn parse(text: String) -> Result<Self, TextError> {
        require_present(&text, Self::MAX_CHARS)?;
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// The kinds of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// Text, with markdown.
    Text,
    /// Pictures.
    Image,
    /// Files.
    File,
    /// Source code.
    Code,
    /// Written by Discuss itself.
    System,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Text,
        Self::Image,
        Self::File,
        Self::Code,
        Self::System,
    ];

    /// The name on the wire and in the tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Image => "IMAGE",
            Self::File => "FILE",
            Self::Code => "CODE",
            Self::System => "SYSTEM",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The id that a client gave its send, so that repeating it stores nothing new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientMessageId(Uuid);

impl ClientMessageId {
    /// The namespace of ids made from an `Idempotency-Key` that is no UUID.
    const KEYS: Uuid = Uuid::from_u128(0x6f0a_2d1b_5c7e_4b8e_9a35_17d9_c04b_7be1);

    /// The id for an `Idempotency-Key`: the UUID it is, else a UUIDv5 of it.
    #[must_use]
    pub fn of_key(key: &str) -> Self {
        Self(Uuid::parse_str(key).unwrap_or_else(|_| Uuid::new_v5(&Self::KEYS, key.as_bytes())))
    }

    /// The UUID.
    #[must_use]
    pub const fn get(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for ClientMessageId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

/// A send as it arrived, shortened: the same client id with another fingerprint is a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(Uuid);

impl Fingerprint {
    const SENDS: Uuid = Uuid::from_u128(0x0d4c_9b52_31aa_4f0f_8a67_2f5e_90b1_c3d8);

    /// The fingerprint of a send.
    #[must_use]
    pub fn of(channel: ChannelId, draft: &Draft) -> Self {
        let mentions: Vec<String> = draft.mentions.iter().map(UserId::to_string).collect();
        let metadata = draft.metadata.as_ref().map(serde_json::Value::to_string);
        // A channel's id is a number: what follows it can't be taken for something else.
        let reply = draft.parent_id.map(|parent| format!(" to {parent}"));
        let text = format!(
            "{channel}{}\n{}\n{}\n{}\n{}",
            reply.unwrap_or_default(),
            draft.kind.as_str(),
            mentions.join(","),
            metadata.unwrap_or_default(),
            draft.content.as_str(),
        );
        Self(Uuid::new_v5(&Self::SENDS, text.as_bytes()))
    }

    /// As it is stored.
    #[must_use]
    pub const fn get(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for Fingerprint {
    fn from(stored: Uuid) -> Self {
        Self(stored)
    }
}

/// What somebody wants to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The text.
    pub content: Content,
    /// What kind of message.
    pub kind: MessageKind,
    /// Whom it names; only members will count.
    pub mentions: Vec<UserId>,
    /// The message to which it is a reply.
    pub parent_id: Option<MessageId>,
    /// What else a front end keeps with it, at most 8 KiB.
    pub metadata: Option<serde_json::Value>,
    /// The client's own id for it.
    pub client_message_id: Option<ClientMessageId>,
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// The seq of the event that brought it.
    pub seq: Seq,
    /// Its tenant.
    pub tenant_id: TenantId,
    /// Who sent it.
    pub sender: User,
    /// The text; a tombstone has none.
    pub content: Option<String>,
    /// What kind of message.
    pub kind: MessageKind,
    /// Its numbers in the channel.
    pub numbers: Numbers,
    /// Whom it names.
    pub mentions: Vec<UserId>,
    /// It is to everybody in the channel.
    pub mentions_everyone: Option<mentions::Everyone>,
    /// The root of its thread.
    pub parent_id: Option<MessageId>,
    /// The thread that it is the root of.
    pub thread: Thread,
    /// Who reacted to it with what.
    pub reactions: Reactions,
    /// What else a front end keeps with it.
    pub metadata: Option<serde_json::Value>,
    /// The client's own id for it.
    pub client_message_id: Option<ClientMessageId>,
    /// When it was last edited.
    pub edited_at: Option<DateTime<Utc>>,
    /// When and by whom it was deleted.
    pub deleted: Option<(DateTime<Utc>, UserId)>,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
}

/// What a message said until it was edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierVersion {
    /// 1 for the first, 2 for what the first edit made of it, and so on.
    pub version: i64,
    /// What it said.
    pub content: String,
    /// Until when.
    pub edited_at: DateTime<Utc>,
    /// Who made it say something else.
    pub edited_by: UserId,
}

/// A message's places in its channel, given out under the channel's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// Its place among all messages.
    pub message_no: i64,
    /// Its place among the top-level ones.
    pub timeline_no: i64,
    /// How many countable messages there are with it.
    pub unread_no: i64,
}

impl Counters {
    /// The counters after a top-level message that a person sent; its numbers are the new ones.
    #[must_use]
    pub fn after_message(self) -> Self {
        Self {
            last_seq: self.last_seq.next(),
            message_count: self.message_count.saturating_add(1),
            timeline_count: self.timeline_count.saturating_add(1),
            unread_count_base: self.unread_count_base.saturating_add(1),
        }
    }

    /// The counters after a reply: it has a place among all messages, and carries the others' numbers.
    #[must_use]
    pub fn after_reply(self) -> Self {
        Self {
            message_count: self.message_count.saturating_add(1),
            ..self.after_change()
        }
    }

    /// The counters after an event that brought no message.
    #[must_use]
    pub fn after_change(self) -> Self {
        Self {
            last_seq: self.last_seq.next(),
            ..self
        }
    }

    /// The numbers of the message that was counted last.
    #[must_use]
    pub const fn numbers(self) -> Numbers {
        Numbers {
            message_no: self.message_count,
            timeline_no: self.timeline_count,
            unread_no: self.unread_count_base,
        }
    }
}
