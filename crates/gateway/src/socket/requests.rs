//! What clients send, read from their frames.

use std::collections::HashMap;

use discuss_domain::messages::Draft;
use discuss_domain::{ChannelId, Seq};
use discuss_wire::errors::FieldError;
use discuss_wire::frames::ClientFrame;
use discuss_wire::ids::IdNumber;
use discuss_wire::messages::SendMessageRequest;
use serde::{Deserialize, Serialize};

/// The longest `requestId`: it comes back in every answer.
const MAX_REQUEST_ID_BYTES: usize = 128;

/// A frame of a client.
pub(super) struct Request<'a> {
    /// What it asks for.
    pub(super) kind: String,
    /// Comes back in the answer.
    pub(super) id: Option<String>,
    payload: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// Reads a frame's text.
    pub(super) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        let frame: ClientFrame<'a> = serde_json::from_str(text)?;
        let is_long = |id: &String| id.len() > MAX_REQUEST_ID_BYTES;
        if frame.request_id.as_ref().is_some_and(is_long) {
            return Err(serde::de::Error::custom(format!(
                "requestId must have at most {MAX_REQUEST_ID_BYTES} bytes"
            )));
        }
        let payload = frame.payload.map(serde_json::value::RawValue::get);
        Ok(Self {
            kind: frame.kind,
            id: frame.request_id,
            payload,
        })
    }

    /// The payload of the request's kind.
    pub(super) fn payload<P: Deserialize<'a>>(&self) -> Result<P, FieldError> {
        let payload = self.payload.unwrap_or("{}");
        serde_json::from_str(payload).map_err(|error| FieldError::new("payload", error.to_string()))
    }
}

/// Nothing to say.
#[derive(Debug, Serialize)]
pub(super) struct Empty {}

/// The last seq that a client has of each channel.
pub(super) type Positions = HashMap<String, IdNumber>;

/// The payload of AUTH. A RESUME may ride in it.
#[derive(Deserialize)]
pub(super) struct Auth {
    pub(super) token: String,
    #[serde(default, deserialize_with = "resume_in_auth")]
    pub(super) resume: Option<Positions>,
}

/// The payload of RESUME.
#[derive(Debug, Deserialize)]
pub(super) struct ResumePayload {
    pub(super) channels: Positions,
}

/// A RESUME, wherever it came from.
#[derive(Debug)]
pub(super) struct Resume {
    pub(super) channels: Positions,
    pub(super) request_id: Option<String>,
}

impl Resume {
    /// The channels with their seqs.
    pub(super) fn parse(&self) -> Result<Vec<(ChannelId, Seq)>, FieldError> {
        let wrong = |channel: &str| {
            FieldError::new(
                "channels",
                format!("{channel:?} or its seq is not a number"),
            )
        };
        let position = |(channel, seq): (&String, &IdNumber)| {
            let id = IdNumber::parse(channel).and_then(|id| ChannelId::parse(id.0));
            let id = id.or(Err(wrong(channel)))?;
            Ok((id, Seq::parse(seq.0).or(Err(wrong(channel)))?))
        };
        self.channels.iter().map(position).collect()
    }
}

fn resume_in_auth<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Positions>, D::Error> {
    let payload: Option<ResumePayload> = Option::deserialize(deserializer)?;
    Ok(payload.map(|payload| payload.channels))
}

/// The payload of `SEND_MESSAGE`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendMessage {
    channel_id: IdNumber,
    #[serde(flatten)]
    message: SendMessageRequest,
}

impl SendMessage {
    /// The channel and what is to be sent there.
    pub(super) fn parse(self) -> Result<(ChannelId, Draft), FieldError> {
        let channel = ChannelId::parse(self.channel_id.0)
            .map_err(|error| FieldError::new("channelId", error.to_string()))?;
        Ok((channel, self.message.parse(None)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_send_is_read_with_its_channel() {
        let text =
            r#"{"type":"SEND_MESSAGE","requestId":"r","payload":{"channelId":"7","content":"hi"}}"#;
        let request = Request::parse(text).unwrap();
        let (channel, draft) = request.payload::<SendMessage>().unwrap().parse().unwrap();
        assert_eq!(
            (channel, draft.content.as_str()),
            (ChannelId::from(7), "hi")
        );
        assert_eq!(request.id.as_deref(), Some("r"));
    }

    #[test]
    fn a_resume_may_ride_in_auth() {
        let text = r#"{"type":"AUTH","payload":{"token":"t","resume":{"channels":{"7":12}}}}"#;
        let auth: Auth = Request::parse(text).unwrap().payload().unwrap();
        let resume = Resume {
            channels: auth.resume.unwrap(),
            request_id: None,
        };
        assert_eq!(
            resume.parse(),
            Ok(vec![(ChannelId::from(7), Seq::from(12))])
        );
        let plain: Auth = Request::parse(r#"{"type":"AUTH","payload":{"token":"t"}}"#)
            .unwrap()
            .payload()
            .unwrap();
        assert!(plain.resume.is_none());
    }

    #[test]
    fn a_resume_of_what_is_no_channel_is_refused() {
        for channels in [r#"{"x":1}"#, r#"{"0":1}"#, r#"{"7":-1}"#] {
            let resume = Resume {
                channels: serde_json::from_str(channels).unwrap(),
                request_id: None,
            };
            assert_eq!(resume.parse().unwrap_err().field, "channels", "{channels}");
        }
    }

    #[test]
    fn a_request_id_is_bounded() {
        let text = |id: &str| format!(r#"{{"type":"PING","requestId":"{id}"}}"#);
        assert!(Request::parse(&text(&"x".repeat(128))).is_ok());
        assert!(Request::parse(&text(&"x".repeat(129))).is_err());
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for text in ["", "[]", "{}", r#"{"type":5}"#, "hello"] {
            assert!(Request::parse(text).is_err(), "{text}");
        }
    }
}
