//! Edits and deletions in requests and answers.

use discuss_domain::MessageId;
use discuss_domain::messages::{Content, EarlierVersion, Message};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{MessageView, millis};
use crate::errors::{FieldError, InField};
use crate::ids::IdNumber;

/// Makes a message say something else.
#[derive(Debug, Deserialize, ToSchema)]
pub struct EditMessageRequest {
    /// The new text, 1 to 10,000 characters, kept as sent.
    #[schema(
        max_length = 10_000,
        example = "The offer for **Acme** is out, at last"
    )]
    pub content: String,
}

impl EditMessageRequest {
    /// The checked text.
    pub fn parse(self) -> Result<Content, FieldError> {
        Content::parse(self.content).in_field("content")
    }
}

/// The message that a request of a socket is about.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageRequest {
    /// The message.
    pub message_id: IdNumber,
}

impl MessageRequest {
    /// The checked id.
    pub fn parse(&self) -> Result<MessageId, FieldError> {
        MessageId::parse(self.message_id.0).in_field("messageId")
    }
}

/// The message that a request of a socket was about: the payload of `ACK`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageAckView {
    /// The message.
    pub message_id: i64,
}

/// What a message says now: the payload of `MESSAGE_EDITED`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageEditedView<'a> {
    /// The message.
    pub message_id: i64,
    /// Its channel.
    pub channel_id: i64,
    /// The text; one that was deleted since has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<&'a str>,
    /// When it was last edited, epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<i64>,
    /// All of it.
    pub message: MessageView,
}

impl<'a> MessageEditedView<'a> {
    /// What this message says.
    #[must_use]
    pub fn of(message: &'a Message) -> Self {
        Self {
            message_id: message.id.get(),
            channel_id: message.channel_id.get(),
            content: message.content.as_deref(),
            edited_at: millis(message.edited_at),
            message: MessageView::of(message),
        }
    }
}

/// A message that is a tombstone now: the payload of `MESSAGE_DELETED`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageDeletedView {
    /// The message.
    pub message_id: i64,
    /// Its channel.
    pub channel_id: i64,
    /// Who deleted it.
    pub deleted_by: i64,
    /// When, epoch milliseconds.
    pub deleted_at: i64,
}

impl MessageDeletedView {
    /// The tombstone of this message; `None` if it is none.
    #[must_use]
    pub fn of(message: &Message) -> Option<Self> {
        let (at, by) = message.deleted?;
        Some(Self {
            message_id: message.id.get(),
            channel_id: message.channel_id.get(),
            deleted_by: by.get(),
            deleted_at: at.timestamp_millis(),
        })
    }
}

/// What a message said until it was edited.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EarlierVersionView {
    /// 1 for the first, 2 for what the first edit made of it, and so on.
    pub version: i64,
    /// What it said.
    pub content: String,
    /// Until when, epoch milliseconds.
    pub edited_at: i64,
    /// Who made it say something else.
    pub edited_by: i64,
}

impl From<EarlierVersion> for EarlierVersionView {
    fn from(earlier: EarlierVersion) -> Self {
        Self {
            version: earlier.version,
            content: earlier.content,
            edited_at: earlier.edited_at.timestamp_millis(),
            edited_by: earlier.edited_by.get(),
        }
    }
}

#[cfg(test)]
mod tests;
