//! What a frame shows.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::onlooker::Frame;

/// How long after `began` a frame came.
pub(super) fn after(frame: Option<Frame>, began: Instant) -> Option<Duration> {
    frame.map(|frame| frame.at.saturating_duration_since(began))
}

/// Is it of this type?
pub(super) fn is(frame: &Value, kind: &str) -> bool {
    frame.get("type").and_then(Value::as_str) == Some(kind)
}

/// The channel that it is about.
pub(super) fn channel_of(frame: &Value) -> Option<u64> {
    frame.get("channelId").and_then(Value::as_u64)
}

/// Is it this message in this channel?
pub(super) fn is_message(frame: &Value, channel: u64, content: &str) -> bool {
    let said = frame
        .pointer("/payload/message/content")
        .and_then(Value::as_str);
    is(frame, "NEW_MESSAGE") && channel_of(frame) == Some(channel) && said == Some(content)
}

/// Is it the making of the channel of this business record?
pub(super) fn is_channel_of(frame: &Value, entity: &str, id: &str) -> bool {
    let member = |name: &str| {
        let whole = frame.pointer(&format!("/payload/channel/{name}"));
        whole
            .or(frame.pointer(&format!("/payload/{name}")))
            .and_then(Value::as_str)
    };
    is(frame, "CHANNEL_CREATED")
        && member("entityType") == Some(entity)
        && member("entityId") == Some(id)
}

/// Does it say that somebody has read in this channel?
pub(super) fn is_read_mark(frame: &Value, channel: u64, user: u64) -> bool {
    let at = |path: &str| frame.pointer(path).and_then(Value::as_u64);
    is(frame, "MESSAGE_READ")
        && at("/payload/channelId") == Some(channel)
        && at("/payload/marks/0/userId") == Some(user)
}
