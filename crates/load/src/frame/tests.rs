//! Frames as the server may write them.

use std::collections::HashMap;

use crate::frame::{Event, EventKind, Incoming, Shown, hash, parse};

fn message_frame(content: &str) -> String {
    serde_json::json!({
        "type": "NEW_MESSAGE", "timestamp": 1, "channelId": 7, "seq": 12,
        "payload": {"message": {"id": 3, "seq": 12, "channelId": 7, "content": content, "clientMessageId": "c-1"}}
    })
    .to_string()
}

#[test]
fn a_message_is_told_by_channel_seq_client_id_and_hash_of_its_decoded_content() {
    for content in [
        "hi",
        "a \"quoted\" \"content\":\"x\" \\ line\nbreak \u{1F600} đ",
        "",
    ] {
        let text = message_frame(content);
        let Ok(Incoming::Event(event)) = parse(&text) else {
            panic!("not an event: {text}")
        };
        let kind = EventKind::Message(Shown {
            client_id: Some("c-1"),
            id: 3,
            content: Some(hash(content)),
        });
        assert_eq!(
            event,
            Event {
                channel: 7,
                seq: 12,
                kind
            }
        );
    }
}

#[test]
fn of_a_message_that_was_edited_or_deleted_the_content_is_not_compared() {
    for changed in ["isEdited", "isDeleted"] {
        let marked = format!("\"content\":\"x\",\"{changed}\":true");
        let text = message_frame("x").replace("\"content\":\"x\"", &marked);
        let Ok(Incoming::Event(event)) = parse(&text) else {
            panic!("not an event: {text}")
        };
        let EventKind::Message(shown) = event.kind else {
            panic!("not a message: {text}")
        };
        assert_eq!((shown.id, shown.content), (3, None));
    }
}

#[test]
fn escapes_of_another_encoder_make_no_difference_but_another_character_does() {
    let escaped = message_frame("x").replace("\"content\":\"x\"", "\"content\":\"caf\\u00e9\\/\"");
    let Ok(Incoming::Event(event)) = parse(&escaped) else {
        panic!("not an event")
    };
    assert_eq!(
        event.kind,
        EventKind::Message(Shown {
            client_id: Some("c-1"),
            id: 3,
            content: Some(hash("café/"))
        })
    );
    assert_ne!(hash("café/"), hash("cafe/"));
}

#[test]
fn answers_gaps_and_batches_are_told_apart() {
    let sent =
        r#"{"type":"MESSAGE_SENT","payload":{"id":5,"seq":9,"content":"x"},"requestId":"44"}"#;
    assert!(matches!(
        parse(sent),
        Ok(Incoming::Sent {
            request: 44,
            id: 5,
            seq: 9
        })
    ));
    let error = r#"{"type":"ERROR","payload":{"code":"CONFLICT","message":"m"},"requestId":"4"}"#;
    assert!(matches!(
        parse(error),
        Ok(Incoming::Refused {
            request: Some(4),
            code: "CONFLICT",
            ..
        })
    ));
    let gap = r#"{"type":"GAP","payload":{"channelId":7,"fromSeq":1,"toSeq":20}}"#;
    assert!(matches!(
        parse(gap),
        Ok(Incoming::Gap { channel: 7, to: 20 })
    ));
    let batch = r#"{"type":"BATCH","payload":{"events":[{"type":"PONG"},{"type":"PONG"}]}}"#;
    assert!(matches!(parse(batch), Ok(Incoming::Batch(events)) if events.len() == 2));
    let connected = r#"{"type":"CONNECTED","payload":{"userId":1,"channels":{"7":12,"9":1}}}"#;
    let Ok(Incoming::Connected(channels)) = parse(connected) else {
        panic!("not CONNECTED")
    };
    assert_eq!(channels, HashMap::from([(7, 12), (9, 1)]));
}

#[test]
fn a_message_without_a_seq_is_an_error_and_typing_is_not() {
    assert!(parse(r#"{"type":"NEW_MESSAGE","payload":{},"channelId":7}"#).is_err());
    assert!(matches!(
        parse(r#"{"type":"TYPING_INDICATOR","payload":{}}"#),
        Ok(Incoming::Other)
    ));
    assert!(parse("{").is_err());
}
