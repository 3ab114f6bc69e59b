//! Messages as they are sent and as they are shown.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

/// The frame that sends `content` to a channel.
pub(super) fn message(channel: u64, content: &str) -> Message {
    let id = Uuid::new_v4();
    let payload = json!({ "channelId": channel, "content": content, "clientMessageId": id });
    Message::text(
        json!({ "type": "SEND_MESSAGE", "requestId": id.to_string(), "payload": payload })
            .to_string(),
    )
}

/// Shows a message as it comes from the API and from the socket.
pub(super) fn print(channel: u64, message: &Value) {
    println!(
        "#{channel} {}: {}",
        author(message),
        text(message, "content")
    );
}

/// A member that is a string; empty if there is none.
pub(super) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or("")
}

fn author(message: &Value) -> String {
    match message.pointer("/sender/name").and_then(Value::as_str) {
        Some(name) => name.to_owned(),
        None => format!("user {}", message.get("senderId").unwrap_or(&Value::Null)),
    }
}
