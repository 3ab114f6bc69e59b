//! Messages in requests and answers.

use chrono::{DateTime, Utc};
use discuss_domain::messages::mentions::{Everyone, MOST_PEOPLE, TooManyMentions};
use discuss_domain::messages::receipts::Viewpoint;
use discuss_domain::messages::{ClientMessageId, Content, Draft, Message, MessageKind};
use discuss_domain::{ChannelId, MessageId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::errors::{ErrorCode, FieldError, InField};
use crate::ids::IdNumber;
use crate::members::user_ids;
use crate::reactions::ReactionView;
use crate::users::UserView;

pub mod change;
mod metadata;

pub(crate) use metadata::metadata;
use metadata::require_language;

/// Sends a message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendMessageRequest {
    /// The text, 1 to 10,000 characters, kept as sent. `<@17>`, `@Full Name`, `@all` and `@here` mention
    /// people unless they stand in code.
    #[schema(max_length = 10_000, example = "The offer for **Acme** is out")]
    pub content: String,
    /// TEXT (the default) or CODE.
    #[schema(example = "TEXT")]
    pub message_type: Option<String>,
    /// Whom it names, at most 100 together with whom the text names; only members count.
    #[schema(max_items = 100, example = json!([17]))]
    pub mentions: Option<Vec<IdNumber>>,
    /// What else a front end keeps with it, at most 8 KiB; of CODE its `language`, a short identifier.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Value>,
    /// A UUID of the client's own: sent again, it stores nothing new.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub client_message_id: Option<String>,
    /// The message to which it is a reply; a reply to a reply joins the same thread.
    #[schema(value_type = Option<i64>, example = 1042)]
    pub parent_id: Option<IdNumber>,
    /// Attachments are not taken yet.
    #[schema(ignore)]
    pub attachment_ids: Option<Vec<Value>>,
}

impl SendMessageRequest {
    /// Checks the request; `idempotency_key` is the header, over which the body's id wins.
    pub fn parse(self, idempotency_key: Option<&str>) -> Result<Draft, FieldError> {
        if self.attachment_ids.is_some_and(|ids| !ids.is_empty()) {
            return Err(FieldError::new(
                "attachmentIds",
                "attachments are not supported yet",
            ));
        }
        let client_message_id = match self.client_message_id.as_deref() {
            Some(text) => Some(ClientMessageId::from(uuid("clientMessageId", text)?)),
            None => idempotency_key.map(ClientMessageId::of_key),
        };
        let kind = self
            .message_type
            .as_deref()
            .map_or(Ok(MessageKind::Text), sendable_kind)?;
        let metadata = self.metadata.map(metadata).transpose()?;
        if kind == MessageKind::Code {
            require_language(metadata.as_ref())?;
        }
        Ok(Draft {
            content: Content::parse(self.content).in_field("content")?,
            kind,
            mentions: mentions(&self.mentions.unwrap_or_default())?,
            parent_id: match self.parent_id {
                Some(id) => Some(MessageId::parse(id.0).in_field("parentId")?),
                None => None,
            },
            metadata,
            client_message_id,
        })
    }
}

fn mentions(ids: &[IdNumber]) -> Result<Vec<UserId>, FieldError> {
    if ids.len() > MOST_PEOPLE {
        return Err(TooManyMentions.into());
    }
    user_ids("mentions", ids)
}

/// Whether the field, the text or both together name them: the field stands for all.
impl From<TooManyMentions> for FieldError {
    fn from(error: TooManyMentions) -> Self {
        Self::new("mentions", error.to_string()).coded(ErrorCode::TooManyMentions)
    }
}

fn sendable_kind(name: &str) -> Result<MessageKind, FieldError> {
    match name {
        "TEXT" | "STANDARD" => Ok(MessageKind::Text),
        "CODE" => Ok(MessageKind::Code),
        _ => Err(FieldError::new("messageType", "must be TEXT or CODE")),
    }
}

fn uuid(field: &str, text: &str) -> Result<Uuid, FieldError> {
    Uuid::parse_str(text)
        .ok()
        .ok_or_else(|| FieldError::new(field, "must be a UUID"))
}

/// A message. What depends on the viewer is left out of frames.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    /// Its id.
    pub id: i64,
    /// Its place in the channel's log.
    pub seq: i64,
    /// Its channel.
    pub channel_id: i64,
    /// Its tenant.
    pub tenant_id: i64,
    /// Who sent it; 0 is Discuss itself.
    pub sender_id: i64,
    /// What is known of the sender.
    pub sender: UserView,
    /// The text; a deleted message has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// TEXT, IMAGE, FILE, CODE or SYSTEM.
    pub message_type: &'static str,
    /// Which members it names.
    pub mentions: Vec<i64>,
    /// ALL or HERE: it is to everybody in the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mentions_everyone: Option<&'static str>,
    /// The root of the thread that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<i64>,
    /// How many replies it has; deleted ones don't count.
    pub thread_count: i64,
    /// Who replied, at most 50.
    pub thread_participants: Vec<i64>,
    /// When somebody replied last, epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reply_at: Option<i64>,
    /// Who reacted to it with what.
    pub reactions: Vec<ReactionView>,
    /// It was edited.
    pub is_edited: bool,
    /// When it was last edited, epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<i64>,
    /// It was deleted: a tombstone.
    pub is_deleted: bool,
    /// When it was deleted, epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<i64>,
    /// Who deleted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<i64>,
    /// What else a front end keeps with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Value>,
    /// The client's own id for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub client_message_id: Option<Uuid>,
    /// The caller sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_sent_by_me: Option<bool>,
    /// The caller sent it, or has read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_read_by_me: Option<bool>,
    /// How many have read it beside its sender; only in channels of at most 50 members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_count: Option<usize>,
    /// To how many it has come beside its sender; only in channels of at most 50 members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_count: Option<usize>,
    /// When it was sent, epoch milliseconds.
    pub created_at: i64,
    /// When it was last changed, epoch milliseconds.
    pub updated_at: i64,
}

impl MessageView {
    /// The message as everybody sees it.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        let created_at = message.created_at.timestamp_millis();
        let edited_at = millis(message.edited_at);
        let deleted_at = millis(message.deleted.map(|(at, _)| at));
        Self {
            id: message.id.get(),
            seq: message.seq.get(),
            channel_id: message.channel_id.get(),
            tenant_id: message.tenant_id.get(),
            sender_id: message.sender.id.get(),
            sender: UserView::from(&message.sender),
            content: message.content.clone(),
            message_type: message.kind.as_str(),
            mentions: ids(&message.mentions),
            mentions_everyone: message.mentions_everyone.map(Everyone::as_str),
            parent_id: message.parent_id.map(MessageId::get),
            thread_count: message.thread.count,
            thread_participants: ids(&message.thread.participants),
            last_reply_at: millis(message.thread.last_reply_at),
            reactions: message.reactions.iter().map(ReactionView::of).collect(),
            is_edited: edited_at.is_some(),
            edited_at,
            is_deleted: deleted_at.is_some(),
            deleted_at,
            deleted_by: message.deleted.map(|(_, by)| by.get()),
            metadata: message.metadata.clone(),
            client_message_id: message.client_message_id.map(ClientMessageId::get),
            is_sent_by_me: None,
            is_read_by_me: None,
            read_count: None,
            delivered_count: None,
            created_at,
            updated_at: deleted_at.or(edited_at).unwrap_or(created_at),
        }
    }

    /// The message as `viewer` sees it when nothing else is known of them.
    #[must_use]
    pub fn seen_by(message: &Message, viewer: UserId) -> Self {
        let is_own = message.sender.id == viewer;
        Self {
            is_sent_by_me: Some(is_own),
            is_read_by_me: is_own.then_some(true),
            reactions: ReactionView::seen_by(&message.reactions, viewer),
            ..Self::of(message)
        }
    }

    /// The message as a member of its channel sees it, with its receipts.
    #[must_use]
    pub fn seen_from(message: &Message, view: &Viewpoint) -> Self {
        Self {
            is_read_by_me: Some(view.has_read(message)),
            read_count: view.read_count(message),
            delivered_count: view.delivered_count(message),
            ..Self::seen_by(message, view.viewer)
        }
    }
}

pub(crate) fn ids(users: &[UserId]) -> Vec<i64> {
    users.iter().map(|user| user.get()).collect()
}

pub(crate) fn millis(at: Option<DateTime<Utc>>) -> Option<i64> {
    at.map(|at| at.timestamp_millis())
}

/// A new message: the payload of `NEW_MESSAGE`.
#[derive(Debug, Serialize)]
pub struct NewMessageView {
    /// The message.
    pub message: MessageView,
}

/// How many messages are unread.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnreadCountView {
    /// How many.
    pub count: i64,
}

/// A message to be marked as read, from a socket.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarkReadRequest {
    /// The channel.
    pub channel_id: IdNumber,
    /// The newest message read.
    pub message_id: IdNumber,
}

impl MarkReadRequest {
    /// The checked ids.
    pub fn parse(&self) -> Result<(ChannelId, MessageId), FieldError> {
        let channel = ChannelId::parse(self.channel_id.0).in_field("channelId")?;
        Ok((
            channel,
            MessageId::parse(self.message_id.0).in_field("messageId")?,
        ))
    }
}

#[cfg(test)]
mod tests;
