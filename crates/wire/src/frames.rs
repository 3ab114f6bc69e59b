//! WebSocket frames of the JSON dialect: `{"type":T,"payload":{…},"timestamp":ms}`, with `channelId`
//! and `seq` beside them when they belong to a channel's log, and `requestId` when they answer.

use bytes::Bytes;
use discuss_domain::{ChannelId, Seq};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::errors::ErrorCode;

/// A frame that a client sent; the payload is read when its type is known.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientFrame<'a> {
    /// What it asks for.
    #[serde(rename = "type")]
    pub kind: String,
    /// With what.
    #[serde(borrow)]
    pub payload: Option<&'a RawValue>,
    /// Comes back in the answer.
    pub request_id: Option<String>,
}

/// What is told of an event whose kind, or whose row in the log, is not understood here.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnknownEventView<'a> {
    /// The channel.
    pub channel_id: i64,
    /// Its kind as it stands in the log.
    pub kind: &'a str,
}

/// A frame that we send.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerFrame<'a, P> {
    /// What it says.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// The details.
    pub payload: P,
    /// When, epoch milliseconds.
    pub timestamp: i64,
    /// The channel in whose log it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<i64>,
    /// Its place in that log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// The request that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<&'a str>,
}

impl<'a, P: Serialize> ServerFrame<'a, P> {
    /// A frame of no channel's log.
    pub const fn new(kind: &'a str, payload: P, timestamp: i64) -> Self {
        Self {
            kind,
            payload,
            timestamp,
            channel_id: None,
            seq: None,
            request_id: None,
        }
    }

    /// An event of a channel's log.
    pub fn event(kind: &'a str, channel: ChannelId, seq: Seq, payload: P, timestamp: i64) -> Self {
        let (channel_id, seq) = (Some(channel.get()), Some(seq.get()));
        Self {
            channel_id,
            seq,
            ..Self::new(kind, payload, timestamp)
        }
    }

    /// The same frame, as the answer to a request.
    #[must_use]
    pub const fn answering(mut self, request_id: Option<&'a str>) -> Self {
        self.request_id = request_id;
        self
    }

    /// The frame's JSON text.
    pub fn encode(&self) -> Result<Bytes, serde_json::Error> {
        serde_json::to_vec(self).map(Bytes::from)
    }
}

/// The payload of `ERROR`.
#[derive(Debug, Serialize)]
pub struct ErrorPayload<'a> {
    /// The stable symbol.
    pub code: ErrorCode,
    /// What went wrong, for people.
    pub message: &'a str,
    /// The channel, the field or the pause that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<serde_json::Value>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_carries_its_channel_and_seq() {
        let frame = ServerFrame::event(
            "NEW_MESSAGE",
            ChannelId::from(7),
            Seq::from(12),
            json!({}),
            5,
        );
        let value: serde_json::Value = serde_json::from_slice(&frame.encode().unwrap()).unwrap();
        assert_eq!(
            value,
            json!({"type": "NEW_MESSAGE", "payload": {}, "timestamp": 5, "channelId": 7, "seq": 12})
        );
    }

    #[test]
    fn an_answer_carries_the_request_id() {
        let frame = ServerFrame::new("PONG", json!({}), 5).answering(Some("r1"));
        let value: serde_json::Value = serde_json::from_slice(&frame.encode().unwrap()).unwrap();
        assert_eq!(
            value,
            json!({"type": "PONG", "payload": {}, "timestamp": 5, "requestId": "r1"})
        );
    }

    #[test]
    fn a_clients_payload_is_kept_for_later() {
        let text = r#"{"type":"PING","payload":{"a":[1, 2]},"requestId":"r"}"#;
        let frame: ClientFrame = serde_json::from_str(text).unwrap();
        assert_eq!(frame.payload.unwrap().get(), r#"{"a":[1, 2]}"#);
        assert_eq!(frame.kind, "PING");
    }
}
