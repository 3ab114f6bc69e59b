//! What clients send, read from their frames.

use std::collections::HashMap;

use discuss_domain::messages::Draft;
use discuss_domain::{ChannelId, Seq};
use discuss_runtime::traces;
use discuss_wire::errors::FieldError;
use discuss_wire::frames::ClientFrame;
use discuss_wire::ids::IdNumber;
use discuss_wire::json;
use discuss_wire::messages::SendMessageRequest;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tracing::{Span, field};

/// The longest `requestId`: it comes back in every answer.
const MAX_REQUEST_ID_BYTES: usize = 128;
/// What is written to the log of a channel: everybody is told of it.
const CHANGES: [&str; 5] = [
    "SEND_MESSAGE",
    "EDIT_MESSAGE",
    "DELETE_MESSAGE",
    "ADD_REACTION",
    "REMOVE_REACTION",
];

/// A frame of a client.
pub(super) struct Request<'a> {
    /// What it asks for.
    pub(super) kind: String,
    /// Comes back in the answer.
    pub(super) id: Option<String>,
    payload: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// A request that came under another name.
    pub(super) fn new(kind: &str, payload: Option<&'a str>, id: Option<&str>) -> Self {
        Self {
            kind: kind.to_owned(),
            id: id.map(str::to_owned),
            payload,
        }
    }

    /// Reads a frame's text.
    pub(super) fn parse(text: &'a str) -> Result<Self, FieldError> {
        let frame: ClientFrame<'a> = json::parse("frame", text.as_bytes())?;
        let is_long = |id: &String| id.len() > MAX_REQUEST_ID_BYTES;
        if frame.request_id.as_ref().is_some_and(is_long) {
            let message = format!("must have at most {MAX_REQUEST_ID_BYTES} bytes");
            return Err(FieldError::new("requestId", message));
        }
        let payload = frame.payload.map(RawValue::get);
        if payload.is_some_and(json::is_too_deep) {
            return Err(FieldError::new("payload", "is nested too deep"));
        }
        Ok(Self {
            kind: frame.kind,
            id: frame.request_id,
            payload,
        })
    }

    /// The span of its trace; that of what changes nothing for others is none.
    pub(super) fn span(&self) -> Span {
        if !CHANGES.contains(&self.kind.as_str()) {
            return Span::none();
        }
        let span =
            tracing::debug_span!("frame", otel.name = field::Empty, otel.kind = field::Empty);
        traces::serve(&span, || self.kind.clone(), None);
        span
    }

    /// The payload of the request's kind.
    pub(super) fn payload<P: Deserialize<'a>>(&self) -> Result<P, FieldError> {
        json::parse("payload", self.payload.unwrap_or("{}").as_bytes())
    }

    /// What is to be sent, and to which channel.
    pub(super) fn send(&self) -> Result<(ChannelId, Draft), FieldError> {
        let channel: InChannel = self.payload()?;
        let message: SendMessageRequest = self.payload()?;
        Ok((channel.parse()?, message.parse(None)?))
    }
}

/// Nothing to say.
#[derive(Debug, Serialize)]
pub(super) struct Empty {}

/// The last seq that a client has of each channel.
pub(super) type Positions = HashMap<String, IdNumber>;

/// The payload of AUTH. A RESUME may ride in it.
#[derive(Deserialize)]
pub(super) struct Auth<'a> {
    pub(super) token: String,
    #[serde(borrow)]
    resume: Option<&'a RawValue>,
}

impl Auth<'_> {
    /// The RESUME that rides in it.
    pub(super) fn resume(&self, request_id: Option<&str>) -> Result<Option<Resume>, FieldError> {
        let Some(resume) = self.resume else {
            return Ok(None);
        };
        let ResumePayload { channels } = json::parse("resume", resume.get().as_bytes())?;
        Ok(Some(Resume {
            channels,
            request_id: request_id.map(str::to_owned),
        }))
    }
}

/// The payload of RESUME.
#[derive(Debug, Deserialize)]
pub(super) struct ResumePayload {
    pub(super) channels: Positions,
}

/// A RESUME that rides in AUTH, or what is wrong with it: a good token is one all the same.
pub(super) type ReadResume = Result<Resume, FieldError>;

/// A RESUME, wherever it came from.
#[derive(Debug)]
pub(super) struct Resume {
    pub(super) channels: Positions,
    pub(super) request_id: Option<String>,
}

impl Resume {
    /// The channels with their seqs.
    pub(super) fn parse(&self) -> Result<Vec<(ChannelId, Seq)>, FieldError> {
        positions(&self.channels)
    }
}

/// Channels with a seq of each.
pub(super) fn positions(channels: &Positions) -> Result<Vec<(ChannelId, Seq)>, FieldError> {
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
    channels.iter().map(position).collect()
}

/// The channel in a payload.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InChannel {
    channel_id: IdNumber,
}

impl InChannel {
    pub(super) fn parse(&self) -> Result<ChannelId, FieldError> {
        ChannelId::parse(self.channel_id.0)
            .map_err(|error| FieldError::new("channelId", error.to_string()))
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
        let (channel, draft) = request.send().unwrap();
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
        let resume = auth.resume(Some("r")).unwrap().unwrap();
        assert_eq!(resume.request_id.as_deref(), Some("r"));
        assert_eq!(
            resume.parse(),
            Ok(vec![(ChannelId::from(7), Seq::from(12))])
        );
        for (rest, is_fine) in [
            ("", true),
            (r#","resume":null"#, true),
            (r#","resume":[{}]"#, false),
        ] {
            let text = format!(r#"{{"type":"AUTH","payload":{{"token":"t"{rest}}}}}"#);
            let auth: Auth = Request::parse(&text).unwrap().payload().unwrap();
            assert_eq!(matches!(auth.resume(None), Ok(None)), is_fine, "{rest}");
        }
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
        for (text, said) in [
            ("", "frame: is no JSON: EOF while parsing a value"),
            ("hello", "frame: is no JSON: expected value"),
            ("[]", "frame: must be an object"),
            (r#"["PING"]"#, "frame: must be an object"),
            ("5", "frame: must be an object"),
            ("{}", "type: is required"),
            (
                r#"{"type":5}"#,
                "type: invalid type: integer `5`, expected a string",
            ),
        ] {
            let refusal = Request::parse(text).err().unwrap();
            assert_eq!(refusal.to_string(), said, "{text}");
        }
    }

    #[test]
    fn a_wrong_payload_names_its_field_and_no_type_of_ours() {
        for (payload, said) in [
            ("[7,\"hi\"]", "payload: must be an object"),
            ("5", "payload: must be an object"),
            ("{}", "channelId: is required"),
            (r#"{"channelId":7}"#, "content: is required"),
            (
                r#"{"channelId":7,"content":5}"#,
                "content: invalid type: integer `5`, expected a string",
            ),
            (
                r#"{"channelId":7,"content":"x","mentions":[18446744073709551615]}"#,
                "mentions[0]: must be",
            ),
        ] {
            let text = format!(r#"{{"type":"SEND_MESSAGE","payload":{payload}}}"#);
            let refusal = Request::parse(&text).unwrap().send().unwrap_err();
            assert!(
                refusal.to_string().starts_with(said),
                "{payload}: {refusal}"
            );
        }
    }
}
