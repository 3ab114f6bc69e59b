use chrono::DateTime;
use discuss_domain::messages::Numbers;
use discuss_domain::messages::receipts::Progress;
use discuss_domain::users::User;
use discuss_domain::{Seq, TenantId};
use serde_json::json;

use super::*;

fn parse(body: serde_json::Value, key: Option<&str>) -> Result<Draft, FieldError> {
    serde_json::from_value::<SendMessageRequest>(body)
        .unwrap()
        .parse(key)
}

#[test]
fn a_send_is_taken_as_it_is() {
    let draft = parse(json!({"content": " hi ", "mentions": ["18", 17, 17]}), None).unwrap();
    assert_eq!(draft.content.as_str(), " hi ");
    assert_eq!(draft.mentions, [UserId::from(17), UserId::from(18)]);
    assert_eq!(draft.kind, MessageKind::Text);
    assert_eq!(draft.client_message_id, None);
}

#[test]
fn a_reply_names_its_parent_as_number_or_digits() {
    for parent in [json!(5), json!("5")] {
        let draft = parse(json!({"content": "x", "parentId": parent}), None).unwrap();
        assert_eq!(draft.parent_id, Some(MessageId::from(5)));
    }
}

#[test]
fn the_bodys_client_id_wins_over_the_header() {
    let id = "7f3b0a52-8d6e-4a34-9c5d-0f6a4c1b2d3e";
    let draft = parse(json!({"content": "x", "clientMessageId": id}), Some("key")).unwrap();
    assert_eq!(draft.client_message_id, Some(ClientMessageId::of_key(id)));
    let draft = parse(json!({"content": "x"}), Some("key")).unwrap();
    assert_eq!(
        draft.client_message_id,
        Some(ClientMessageId::of_key("key"))
    );
}

#[test]
fn too_many_mentions_have_a_symbol_of_their_own() {
    let refusal = parse(json!({"content": "x", "mentions": vec![1; 101]}), None).unwrap_err();
    assert_eq!(
        (refusal.field.as_str(), refusal.code),
        ("mentions", ErrorCode::TooManyMentions)
    );
}

#[test]
fn null_counts_as_left_out() {
    let body = json!({
        "content": "x", "messageType": null, "mentions": null, "metadata": null,
        "clientMessageId": null, "parentId": null, "attachmentIds": null,
    });
    assert_eq!(
        parse(body, None).unwrap(),
        parse(json!({"content": "x"}), None).unwrap()
    );
}

#[test]
fn metadata_may_have_numbers_with_exponents_while_all_their_digits_fit() {
    let body = json!({"content": "x", "metadata": {"a": vec![1e300; 27], "b": [0.1, -7, 2.5]}});
    assert!(parse(body, None).is_ok());
}

fn code(language: &str) -> serde_json::Value {
    json!({"content": "x", "messageType": "CODE", "metadata": {"language": language}})
}

#[test]
fn the_language_of_code_is_kept_as_sent() {
    for language in ["c++", "Objective-C", "c#", "asp.net", "x"] {
        let draft = parse(code(language), None).unwrap();
        assert_eq!(draft.kind, MessageKind::Code);
        assert_eq!(draft.metadata, Some(json!({"language": language})));
    }
    let none = json!({"content": "x", "messageType": "CODE", "metadata": {"a": 1}});
    assert!(parse(none, None).is_ok());
    let text = json!({"content": "x", "messageType": "STANDARD", "metadata": {"language": 5}});
    assert_eq!(parse(text, None).unwrap().kind, MessageKind::Text);
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        (json!({"content": ""}), "content"),
        (json!({"content": "a\u{0}"}), "content"),
        (
            json!({"content": "x", "messageType": "SYSTEM"}),
            "messageType",
        ),
        (
            json!({"content": "x", "clientMessageId": "no"}),
            "clientMessageId",
        ),
        (json!({"content": "x", "metadata": [1]}), "metadata"),
        (
            json!({"content": "x", "metadata": {"a": "\u{0}"}}),
            "metadata.a",
        ),
        (
            json!({"content": "x", "metadata": {"a": "y".repeat(9000)}}),
            "metadata",
        ),
        (
            json!({"content": "x", "metadata": {"a": vec![1e300; 28]}}),
            "metadata",
        ),
        (
            json!({"content": "x", "metadata": {"a": vec![-1.5e-300; 28]}}),
            "metadata",
        ),
        (json!({"content": "x", "mentions": [0]}), "mentions"),
        (json!({"content": "x", "parentId": 0}), "parentId"),
        (code("c++ 17"), "metadata.language"),
        (code(""), "metadata.language"),
        (code(&"x".repeat(41)), "metadata.language"),
        (
            json!({"content": "x", "messageType": "CODE", "metadata": {"language": 5}}),
            "metadata.language",
        ),
        (
            json!({"content": "x", "attachmentIds": [5]}),
            "attachmentIds",
        ),
    ];
    for (body, field) in cases {
        assert_eq!(
            parse(body.clone(), None).unwrap_err().field,
            field,
            "{body}"
        );
    }
}

/// A message of 1 to everybody, as the third event of its channel.
fn message() -> Message {
    Message {
        id: MessageId::from(40),
        channel_id: ChannelId::from(7),
        seq: Seq::from(3),
        tenant_id: TenantId::from(3),
        sender: User::unknown(UserId::from(1)),
        content: Some("hi @all".to_owned()),
        kind: MessageKind::Text,
        numbers: Numbers {
            message_no: 2,
            timeline_no: 2,
            unread_no: 2,
        },
        mentions: vec![UserId::from(2)],
        mentions_everyone: Some(Everyone::All),
        parent_id: None,
        thread: discuss_domain::threads::Thread::default(),
        reactions: discuss_domain::reactions::Reactions::default(),
        metadata: None,
        client_message_id: None,
        edited_at: None,
        deleted: None,
        created_at: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn a_member_sees_receipts_and_everybody_else_does_not() {
    let progress = |user, read, delivered| Progress {
        user: UserId::from(user),
        joined: Seq::ZERO,
        read: Seq::from(read),
        delivered: Seq::from(delivered),
    };
    let view = Viewpoint {
        viewer: UserId::from(2),
        read: Seq::from(2),
        members: Some(vec![
            progress(1, 3, 3),
            progress(2, 2, 3),
            progress(4, 9, 0),
        ]),
    };
    let seen = serde_json::to_value(MessageView::seen_from(&message(), &view)).unwrap();
    let expected = json!({
        "id": 40, "seq": 3, "channelId": 7, "tenantId": 3, "senderId": 1,
        "sender": {"id": 1, "name": "User 1"}, "content": "hi @all", "messageType": "TEXT",
        "mentions": [2], "mentionsEveryone": "ALL", "isEdited": false, "isDeleted": false,
        "isSentByMe": false, "isReadByMe": false, "readCount": 1, "deliveredCount": 2,
        "reactions": [], "threadCount": 0, "threadParticipants": [], "createdAt": 0, "updatedAt": 0,
    });
    assert_eq!(seen, expected);
    let in_frames = serde_json::to_value(MessageView::of(&message())).unwrap();
    for member in ["isSentByMe", "isReadByMe", "readCount", "deliveredCount"] {
        assert!(in_frames.get(member).is_none(), "{member}");
    }
    let of_many = Viewpoint {
        members: None,
        ..view
    };
    let seen = serde_json::to_value(MessageView::seen_from(&message(), &of_many)).unwrap();
    assert_eq!(
        (seen.get("readCount"), &seen["isReadByMe"]),
        (None, &json!(false))
    );
}
