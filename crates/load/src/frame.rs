//! What the server's frames say, read with borrowed types in one or two passes: no tree is built
//! and no string is copied for a message, only its content is hashed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use serde::Deserialize;
use serde_json::value::RawValue;

/// A frame as far as a checking client cares.
#[derive(Debug)]
pub(crate) enum Incoming<'a> {
    /// The socket is authenticated; the last seq of every channel.
    Connected(HashMap<u64, u64>),
    /// An event of a channel's log.
    Event(Event<'a>),
    /// A send by this socket is durable.
    Sent { request: u64, id: u64, seq: u64 },
    /// A request of this socket was refused.
    Refused {
        request: Option<u64>,
        code: &'a str,
        retry_after_ms: Option<u64>,
    },
    /// A replay is over.
    Resumed,
    /// Events the server does not replay; they are read by REST.
    Gap { channel: u64, to: u64 },
    /// Several frames in one.
    Batch(Vec<&'a RawValue>),
    /// Something without a place in a channel's order.
    Other,
}

/// An event of a channel's log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Event<'a> {
    /// The channel.
    pub(crate) channel: u64,
    /// The event's place in the channel.
    pub(crate) seq: u64,
    /// What happened.
    pub(crate) kind: EventKind<'a>,
}

/// What an event of a channel's log is about.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) enum EventKind<'a> {
    /// A message.
    Message(Shown<'a>),
    /// The channel's first event.
    Created,
    /// People became members.
    Joined(Vec<u64>),
    /// Somebody is a member no more.
    Left(u64),
    /// Anything else that has a seq, by the hash of its type.
    Change(u64),
}

/// A message as somebody was shown it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Shown<'a> {
    /// Its sender's id for it.
    pub(crate) client_id: Option<&'a str>,
    /// Its id.
    pub(crate) id: u64,
    /// The hash of its content; nothing of one that was edited or deleted since.
    pub(crate) content: Option<u64>,
}

/// A frame that can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// Not JSON, or not of the contract's shape.
    #[error("unreadable frame")]
    Json(#[from] serde_json::Error),
    /// A member that the contract requires is absent.
    #[error("a {frame} frame without {member}")]
    Missing { frame: String, member: &'static str },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outer<'a> {
    #[serde(borrow)]
    r#type: &'a str,
    channel_id: Option<u64>,
    seq: Option<u64>,
    #[serde(borrow)]
    request_id: Option<&'a str>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct NewMessage<'a> {
    #[serde(borrow)]
    message: Message<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    id: u64,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    client_message_id: Option<&'a str>,
    #[serde(default)]
    is_edited: bool,
    #[serde(default)]
    is_deleted: bool,
}

#[derive(Deserialize)]
struct Stored {
    id: u64,
    seq: u64,
}

#[derive(Deserialize)]
struct Channels {
    #[serde(default)]
    channels: HashMap<u64, u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GapRange {
    channel_id: u64,
    to_seq: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Added {
    user_ids: Vec<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Removed {
    user_id: u64,
}

#[derive(Deserialize)]
struct Events<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Refusal<'a> {
    #[serde(borrow)]
    code: &'a str,
    details: Option<RefusalDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefusalDetails {
    retry_after_ms: Option<u64>,
}

/// Reads one frame.
pub(crate) fn parse(text: &str) -> Result<Incoming<'_>, FrameError> {
    let outer: Outer<'_> = serde_json::from_str(text)?;
    match outer.r#type {
        "CONNECTED" => Ok(Incoming::Connected(outer.body::<Channels>()?.channels)),
        "MESSAGE_SENT" => {
            let Stored { id, seq } = outer.body()?;
            Ok(Incoming::Sent {
                request: outer.request()?,
                id,
                seq,
            })
        }
        "ERROR" => {
            let refusal: Refusal<'_> = outer.body()?;
            let retry_after_ms = refusal.details.and_then(|details| details.retry_after_ms);
            Ok(Incoming::Refused {
                request: outer.request().ok(),
                code: refusal.code,
                retry_after_ms,
            })
        }
        "RESUMED" => Ok(Incoming::Resumed),
        "GAP" => {
            let GapRange { channel_id, to_seq } = outer.body()?;
            Ok(Incoming::Gap {
                channel: channel_id,
                to: to_seq,
            })
        }
        "BATCH" => Ok(Incoming::Batch(outer.body::<Events<'_>>()?.events)),
        _ => outer.event(),
    }
}

/// The hash that a message's content is compared by.
pub(crate) fn hash(content: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(content.as_bytes());
    hasher.finish()
}

impl<'a> Outer<'a> {
    fn body<T: Deserialize<'a>>(&self) -> Result<T, FrameError> {
        let payload = self.payload.ok_or_else(|| self.missing("payload"))?;
        Ok(serde_json::from_str(payload.get())?)
    }

    fn request(&self) -> Result<u64, FrameError> {
        self.request_id
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| self.missing("a requestId of ours"))
    }

    fn event(&self) -> Result<Incoming<'a>, FrameError> {
        let Some(seq) = self.seq else {
            return match self.r#type {
                "NEW_MESSAGE" => Err(self.missing("seq")),
                _ => Ok(Incoming::Other),
            };
        };
        let channel = self.channel_id.ok_or_else(|| self.missing("channelId"))?;
        let kind = match self.r#type {
            "NEW_MESSAGE" => self.body::<NewMessage<'_>>()?.message.kind()?,
            "CHANNEL_CREATED" => EventKind::Created,
            "MEMBER_ADDED" => EventKind::Joined(self.body::<Added>()?.user_ids),
            "MEMBER_REMOVED" | "MEMBER_LEFT" => EventKind::Left(self.body::<Removed>()?.user_id),
            other => EventKind::Change(hash(other)),
        };
        Ok(Incoming::Event(Event { channel, seq, kind }))
    }

    fn missing(&self, member: &'static str) -> FrameError {
        FrameError::Missing {
            frame: self.r#type.to_owned(),
            member,
        }
    }
}

impl<'a> Message<'a> {
    fn kind(&self) -> Result<EventKind<'a>, FrameError> {
        let content = self.content.map_or(Ok(Cow::Borrowed("")), decoded)?;
        let is_as_sent = !self.is_edited && !self.is_deleted;
        Ok(EventKind::Message(Shown {
            client_id: self.client_message_id,
            id: self.id,
            content: is_as_sent.then(|| hash(&content)),
        }))
    }
}

/// The text of a JSON string; copied only when it has escapes.
fn decoded(json: &RawValue) -> Result<Cow<'_, str>, serde_json::Error> {
    let raw = json.get();
    let plain = raw
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|inner| !inner.contains('\\'));
    plain.map_or_else(
        || serde_json::from_str(raw).map(Cow::Owned),
        |inner| Ok(Cow::Borrowed(inner)),
    )
}

#[cfg(test)]
mod tests;
