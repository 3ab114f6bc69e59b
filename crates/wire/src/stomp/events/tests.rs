use super::*;

/// The types and payloads that a frame is translated to.
fn told(kind: &str, payload: &Value) -> Vec<(String, Value)> {
    let frame =
        json!({ "type": kind, "payload": payload, "timestamp": 5, "channelId": 7, "seq": 12 });
    let translated = translate(frame.to_string().as_bytes());
    let read = translated.into_iter().map(|translation| {
        assert_eq!((translation.channel, translation.seq), (Some(7), Some(12)));
        let body: Value = serde_json::from_slice(&translation.body).unwrap();
        assert_eq!(
            (&body["channelId"], &body["timestamp"]),
            (&json!(7), &json!(5))
        );
        (
            body["type"].as_str().unwrap().to_owned(),
            body["payload"].clone(),
        )
    });
    read.collect()
}

fn one(kind: &str, payload: &Value) -> (String, Value) {
    let told = told(kind, payload);
    assert_eq!(told.len(), 1, "{told:?}");
    told.into_iter().next().unwrap()
}

#[test]
fn messages_are_told_whole_and_as_standard_or_system() {
    for (kind, shown) in [
        ("TEXT", "STANDARD"),
        ("CODE", "STANDARD"),
        ("SYSTEM", "SYSTEM"),
    ] {
        let message = |kind: &str| json!({ "id": 9, "channelId": 7, "senderId": 3, "messageType": kind, "content": "x" });
        let expected =
            json!({ "messageId": 9, "channelId": 7, "senderId": 3, "message": message(shown) });
        let new = one("NEW_MESSAGE", &json!({ "message": message(kind) }));
        assert_eq!(new, ("MESSAGE_NEW".to_owned(), expected.clone()));
        let edited =
            json!({ "messageId": 9, "channelId": 7, "content": "x", "message": message(kind) });
        assert_eq!(
            one("MESSAGE_EDITED", &edited),
            ("MESSAGE_UPDATED".to_owned(), expected)
        );
    }
}

#[test]
fn numbers_stay_as_they_were_written() {
    let frame = br#"{"type":"NEW_MESSAGE","payload":{"message":{"id":9,"metadata":{"n":1e400,"m":12345678901234567890123}}},"timestamp":5}"#;
    let translated = translate(frame);
    let body = std::str::from_utf8(&translated[0].body).unwrap();
    assert!(
        body.contains(r#""metadata":{"n":1e400,"m":12345678901234567890123}"#),
        "{body}"
    );
    assert_eq!((translated[0].channel, translated[0].seq), (None, None));
}

#[test]
fn deletions_and_reactions_are_told_short() {
    let deleted = json!({ "messageId": 9, "channelId": 7, "deletedBy": 3, "deletedAt": 4 });
    let short = json!({ "messageId": 9, "channelId": 7 });
    assert_eq!(
        one("MESSAGE_DELETED", &deleted),
        ("MESSAGE_DELETED".to_owned(), short)
    );
    for (kind, added) in [("REACTION_ADDED", true), ("REACTION_REMOVED", false)] {
        let reaction = json!({ "messageId": 9, "channelId": 7, "emoji": "👍", "userId": 3, "totalCount": 1, "userIds": [3] });
        let short =
            json!({ "messageId": 9, "channelId": 7, "emoji": "👍", "userId": 3, "added": added });
        assert_eq!(one(kind, &reaction), (kind.to_owned(), short));
    }
}

#[test]
fn typing_and_presence_are_told() {
    for (is_typing, kind) in [(true, "TYPING_START"), (false, "TYPING_STOP")] {
        let typing =
            json!({ "channelId": 7, "userId": 3, "userName": "An", "isTyping": is_typing });
        assert_eq!(one("TYPING_INDICATOR", &typing), (kind.to_owned(), typing));
    }
    let presence = json!({ "userId": 3, "userName": "An", "status": "BUSY", "isOnline": true, "lastSeenAt": 4, "devices": ["web"] });
    let told = json!({ "userId": 3, "userName": "An", "status": "BUSY", "online": true, "isOnline": true, "lastSeenAt": 4 });
    assert_eq!(
        one("USER_ONLINE", &presence),
        ("USER_ONLINE".to_owned(), told)
    );
}

#[test]
fn members_and_marks_are_told_one_by_one() {
    let added = json!({ "channelId": 7, "userIds": [3, 4], "addedBy": 1 });
    let joined = |user: i64| {
        let payload = json!({ "channelId": 7, "userId": user, "addedBy": 1 });
        ("MEMBER_JOINED".to_owned(), payload)
    };
    assert_eq!(told("MEMBER_ADDED", &added), [joined(3), joined(4)]);
    let read =
        json!({ "channelId": 7, "marks": [{ "userId": 3, "lastReadMessageId": 9, "at": 4 }] });
    let mark = json!({ "channelId": 7, "userId": 3, "lastReadMessageId": 9, "at": 4 });
    assert_eq!(
        told("MESSAGE_READ", &read),
        [("MESSAGE_READ".to_owned(), mark)]
    );
    let gone = json!({ "channelId": 7, "userId": 3 });
    assert_eq!(one("MEMBER_LEFT", &gone), ("MEMBER_LEFT".to_owned(), gone));
}

#[test]
fn errors_name_their_channel_and_what_stomp_does_not_tell_is_left_out() {
    let payload =
        json!({ "code": "CHANNEL_NOT_FOUND", "message": "no", "details": { "channelId": 7 } });
    let told_of = json!({ "code": "CHANNEL_NOT_FOUND", "message": "no", "channelId": 7 });
    assert_eq!(one("ERROR", &payload), ("ERROR".to_owned(), told_of));
    for kind in [
        "THREAD_UPDATED",
        "UNREAD_COUNT_UPDATED",
        "CONNECTED",
        "PONG",
        "RESUMED",
        "MESSAGE_SENT",
    ] {
        assert!(told(kind, &json!({})).is_empty(), "{kind}");
    }
    assert!(translate(b"nonsense").is_empty());
}
