//! What clients ask for by SEND.

use std::collections::BTreeMap;

use discuss_domain::ChannelId;
use serde_json::value::RawValue;

use crate::errors::{FieldError, InField};
use crate::ids::IdNumber;
use crate::json;

/// Members of an object, each as it was written.
type Fields = BTreeMap<String, Box<RawValue>>;

/// The same as a request of the JSON dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its type.
    pub kind: &'static str,
    /// Its payload, JSON.
    pub payload: String,
}

/// What a SEND to this destination asks for.
pub fn request(destination: &str, body: &[u8]) -> Result<Request, FieldError> {
    let (channel, what) = read(destination)?;
    let mut fields: Fields = json::parse("body", body)?;
    let channel = RawValue::from_string(channel.to_string()).map_err(|_ours| unknown())?;
    fields.insert("channelId".to_owned(), channel);
    let kind = match what {
        "message" => {
            if let Some(kind) = fields.remove("type") {
                fields.insert("messageType".to_owned(), kind);
            }
            "SEND_MESSAGE"
        }
        "typing" => match fields.get("isTyping").map(|is_typing| is_typing.get()) {
            Some("true") => "TYPING_START",
            Some("false") => "TYPING_STOP",
            _ => return Err(FieldError::new("isTyping", "must be true or false")),
        },
        "read" => "MARK_READ",
        _ => return Err(unknown()),
    };
    // These were read from JSON: they can be written as such.
    let payload = serde_json::to_string(&fields).map_err(|_ours| unknown())?;
    Ok(Request { kind, payload })
}

/// The channel of a destination, and what is to be done there.
fn read(destination: &str) -> Result<(ChannelId, &str), FieldError> {
    let rest = destination.strip_prefix("/app/channels/");
    let (id, what) = rest
        .and_then(|rest| rest.split_once('/'))
        .ok_or_else(unknown)?;
    let id = IdNumber::parse(id).and_then(|number| ChannelId::parse(number.0));
    Ok((id.in_field("destination")?, what))
}

fn unknown() -> FieldError {
    let message = "must be /app/channels/{id}/message, /typing or /read";
    FieldError::new("destination", message)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn asked(destination: &str, body: &str) -> Result<(&'static str, Value), String> {
        let request = request(destination, body.as_bytes()).map_err(|error| error.field)?;
        let payload = serde_json::from_str(&request.payload).unwrap();
        Ok((request.kind, payload))
    }

    #[test]
    fn a_message_is_sent_with_its_type_under_our_name() {
        let body = r#"{"content":"hi","mentions":[3,"4"],"parentId":"12","type":"STANDARD"}"#;
        let payload = json!({
            "channelId": 7, "content": "hi", "mentions": [3, "4"], "parentId": "12", "messageType": "STANDARD"
        });
        assert_eq!(
            asked("/app/channels/7/message", body),
            Ok(("SEND_MESSAGE", payload))
        );
    }

    #[test]
    fn numbers_stay_as_they_were_written() {
        let body = br#"{"content":"hi","metadata":{"n":12345678901234567890123}}"#;
        let asked = request("/app/channels/7/message", body).unwrap();
        let whole = r#""metadata":{"n":12345678901234567890123}"#;
        assert!(asked.payload.contains(whole), "{}", asked.payload);
    }

    #[test]
    fn typing_and_reading_are_told() {
        let place = json!({ "channelId": 7, "isTyping": true });
        let start = asked("/app/channels/7/typing", r#"{"isTyping":true}"#);
        assert_eq!(start, Ok(("TYPING_START", place)));
        let stop = asked("/app/channels/7/typing", r#"{"isTyping":false}"#);
        assert_eq!(stop.unwrap().0, "TYPING_STOP");
        let read = asked("/app/channels/7/read", r#"{"messageId":"9"}"#);
        assert_eq!(
            read,
            Ok(("MARK_READ", json!({ "channelId": 7, "messageId": "9" })))
        );
    }

    #[test]
    fn what_can_not_be_done_names_what_is_wrong() {
        for (destination, body, field) in [
            ("/app/channels/7/messages", "{}", "destination"),
            ("/app/channels/x/message", "{}", "destination"),
            ("/app/channels/0/message", "{}", "destination"),
            ("/app/channels/7", "{}", "destination"),
            ("/topic/a", "{}", "destination"),
            ("", "{}", "destination"),
            ("/app/channels/7/message", "", "body"),
            ("/app/channels/7/message", "[]", "body"),
            ("/app/channels/7/typing", "{}", "isTyping"),
        ] {
            let refused = asked(destination, body);
            assert_eq!(refused, Err(field.to_owned()), "{destination} {body}");
        }
    }
}
