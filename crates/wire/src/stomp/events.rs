//! What our frames are called in STOMP, and what they say there.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

/// The body of a MESSAGE, and where its event stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// The channel that it is about.
    pub channel: Option<i64>,
    /// Its place in that channel's log.
    pub seq: Option<i64>,
    /// JSON: `{type,payload,channelId?,timestamp}`.
    pub body: Vec<u8>,
}

/// Members of an object, each as it was written.
type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame<'a> {
    #[serde(rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    payload: &'a RawValue,
    timestamp: i64,
    channel_id: Option<i64>,
    seq: Option<i64>,
    request_id: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    payload: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<i64>,
    timestamp: i64,
}

/// What a frame of the JSON dialect is in STOMP: mostly one message, none of what is not told there, several
/// where STOMP tells one by one.
#[must_use]
pub fn translate(frame: &[u8]) -> Vec<Translation> {
    let translated = serde_json::from_slice::<Frame<'_>>(frame).and_then(|frame| {
        let payloads = payloads(&frame)?;
        let bodies = payloads
            .into_iter()
            .map(|(kind, payload)| body(&frame, kind, payload));
        bodies.collect::<Result<Vec<_>, _>>()
    });
    // Frames are ours: they can be read.
    translated.unwrap_or_default()
}

fn body(
    frame: &Frame<'_>,
    kind: &str,
    payload: Box<RawValue>,
) -> Result<Translation, serde_json::Error> {
    let of_payload = serde_json::from_str::<OfChannel>(payload.get()).ok();
    let channel = frame.channel_id.or(of_payload.and_then(|of| of.channel_id));
    let body = Body {
        kind,
        payload,
        channel_id: channel,
        timestamp: frame.timestamp,
    };
    Ok(Translation {
        channel,
        seq: frame.seq,
        body: serde_json::to_vec(&body)?,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfChannel {
    channel_id: Option<i64>,
}

type Payloads<'a> = Vec<(&'a str, Box<RawValue>)>;

fn payloads<'a>(frame: &'a Frame<'a>) -> Result<Payloads<'a>, serde_json::Error> {
    let payload = frame.payload;
    Ok(match frame.kind.as_ref() {
        "NEW_MESSAGE" => vec![("MESSAGE_NEW", message(payload)?)],
        "MESSAGE_EDITED" => vec![("MESSAGE_UPDATED", message(payload)?)],
        "MESSAGE_DELETED" => {
            let deleted = pick(payload, &["messageId", "channelId"])?;
            vec![("MESSAGE_DELETED", deleted)]
        }
        kind @ ("REACTION_ADDED" | "REACTION_REMOVED") => {
            vec![(kind, reaction(payload, kind == "REACTION_ADDED")?)]
        }
        "TYPING_INDICATOR" => vec![(typing(payload)?, payload.to_owned())],
        kind @ ("USER_ONLINE" | "USER_OFFLINE" | "USER_PRESENCE_CHANGED") => {
            vec![(kind, presence(payload)?)]
        }
        "MEMBER_ADDED" => each(payload, "MEMBER_JOINED", joined)?,
        "MESSAGE_READ" => each(payload, "MESSAGE_READ", marks)?,
        kind @ ("CHANNEL_CREATED"
        | "CHANNEL_UPDATED"
        | "CHANNEL_ARCHIVED"
        | "MEMBER_LEFT"
        | "MEMBER_REMOVED"
        | "MEMBER_ROLE_CHANGED") => vec![(kind, payload.to_owned())],
        "ERROR" => vec![("ERROR", error(payload, frame.request_id.as_deref())?)],
        _ => Vec::new(),
    })
}

/// `{messageId,channelId,senderId,message}` of a payload with a whole message.
fn message(payload: &RawValue) -> Result<Box<RawValue>, serde_json::Error> {
    let fields: Fields<'_> = serde_json::from_str(payload.get())?;
    let Some(whole) = fields.get("message") else {
        return Ok(payload.to_owned());
    };
    let mut message: Fields<'_> = serde_json::from_str(whole.get())?;
    let is_system = message
        .get("messageType")
        .is_some_and(|kind| kind.get() == "\"SYSTEM\"");
    let kind = to_raw_value(if is_system { "SYSTEM" } else { "STANDARD" })?;
    message.insert(Cow::Borrowed("messageType"), &kind);
    let whole = to_raw_value(&message)?;
    let mut told: Fields<'_> = BTreeMap::new();
    for (name, own) in [
        ("messageId", "id"),
        ("channelId", "channelId"),
        ("senderId", "senderId"),
    ] {
        if let Some(value) = message.get(own) {
            told.insert(Cow::Borrowed(name), value);
        }
    }
    told.insert(Cow::Borrowed("message"), &whole);
    to_raw_value(&told)
}

/// Only these members of a payload.
fn pick(payload: &RawValue, names: &[&str]) -> Result<Box<RawValue>, serde_json::Error> {
    let mut fields: Fields<'_> = serde_json::from_str(payload.get())?;
    fields.retain(|name, _| names.contains(&name.as_ref()));
    to_raw_value(&fields)
}

fn reaction(payload: &RawValue, is_added: bool) -> Result<Box<RawValue>, serde_json::Error> {
    let mut fields: Fields<'_> = serde_json::from_str(payload.get())?;
    let known = ["messageId", "channelId", "userId", "emoji"];
    fields.retain(|name, _| known.contains(&name.as_ref()));
    let added = to_raw_value(&is_added)?;
    fields.insert(Cow::Borrowed("added"), &added);
    to_raw_value(&fields)
}

fn typing(payload: &RawValue) -> Result<&'static str, serde_json::Error> {
    let fields: Value = serde_json::from_str(payload.get())?;
    Ok(match fields.get("isTyping").and_then(Value::as_bool) {
        Some(true) => "TYPING_START",
        _ => "TYPING_STOP",
    })
}

fn presence(payload: &RawValue) -> Result<Box<RawValue>, serde_json::Error> {
    let seen: Value = serde_json::from_str(payload.get())?;
    let told = [
        ("userId", "userId"),
        ("userName", "userName"),
        ("online", "isOnline"),
        ("isOnline", "isOnline"),
        ("status", "status"),
        ("statusMessage", "statusMessage"),
        ("lastSeenAt", "lastSeenAt"),
    ];
    let told = told.into_iter();
    let told = told.filter_map(|(name, own)| Some((name, seen.get(own)?)));
    to_raw_value(&told.collect::<BTreeMap<_, _>>())
}

/// One message of each of what `split` finds in a payload.
fn each<'a>(
    payload: &RawValue,
    kind: &'a str,
    split: fn(&Value) -> Vec<Value>,
) -> Result<Payloads<'a>, serde_json::Error> {
    let whole: Value = serde_json::from_str(payload.get())?;
    let parts = split(&whole).into_iter();
    parts.map(|part| Ok((kind, to_raw_value(&part)?))).collect()
}

/// Everybody who was added.
fn joined(added: &Value) -> Vec<Value> {
    let users = added.get("userIds").and_then(Value::as_array);
    let one = |user: &Value| {
        json!({
            "channelId": added.get("channelId"),
            "userId": user,
            "addedBy": added.get("addedBy"),
        })
    };
    users.into_iter().flatten().map(one).collect()
}

/// Every mark.
fn marks(read: &Value) -> Vec<Value> {
    let marks = read.get("marks").and_then(Value::as_array);
    let one = |mark: &Value| {
        json!({
            "channelId": read.get("channelId"),
            "userId": mark.get("userId"),
            "lastReadMessageId": mark.get("lastReadMessageId"),
            "at": mark.get("at"),
        })
    };
    marks.into_iter().flatten().map(one).collect()
}

/// What is refused, and the receipt that was asked for it, which does not come.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refused<'a> {
    code: Option<&'a Value>,
    message: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_id: Option<&'a str>,
}

fn error(payload: &RawValue, receipt_id: Option<&str>) -> Result<Box<RawValue>, serde_json::Error> {
    let error: Value = serde_json::from_str(payload.get())?;
    let details = error.get("details");
    to_raw_value(&Refused {
        code: error.get("code"),
        message: error.get("message"),
        channel_id: details.and_then(|details| details.get("channelId")),
        receipt_id,
    })
}

#[cfg(test)]
mod tests;
