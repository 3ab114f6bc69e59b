//! What is told of changes, byte by byte.

use chrono::DateTime;
use discuss_domain::messages::{MessageKind, Numbers};
use discuss_domain::reactions::{Emoji, Reactions};
use discuss_domain::threads::Thread;
use discuss_domain::users::User;
use discuss_domain::{ChannelId, Seq, TenantId, UserId};
use serde_json::json;

use super::*;
use crate::messages::MessageView;
use crate::reactions::ReactionChangedView;
use crate::threads::ThreadUpdatedView;

fn at(millis: i64) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp_millis(millis).unwrap()
}

/// A message with a thread and reactions, edited.
fn message() -> Message {
    let mut thread = Thread::default();
    let mut reactions = Reactions::default();
    for user in [8, 9] {
        thread.add_reply(UserId::from(user), at(40));
        let emoji = Emoji::parse("👍").unwrap();
        reactions.add(&emoji, UserId::from(user)).unwrap();
    }
    Message {
        id: MessageId::from(41),
        channel_id: ChannelId::from(7),
        seq: Seq::from(12),
        tenant_id: TenantId::from(3),
        sender: User::unknown(UserId::from(5)),
        content: Some("after".to_owned()),
        kind: MessageKind::Text,
        numbers: Numbers {
            message_no: 1,
            timeline_no: 1,
            unread_no: 1,
        },
        mentions: Vec::new(),
        mentions_everyone: None,
        parent_id: None,
        thread,
        reactions,
        metadata: None,
        client_message_id: None,
        edited_at: Some(at(30)),
        deleted: None,
        created_at: at(20),
    }
}

fn tombstone() -> Message {
    Message {
        content: None,
        deleted: Some((at(50), UserId::from(6))),
        reactions: Reactions::default(),
        ..message()
    }
}

fn written(view: impl Serialize) -> String {
    serde_json::to_string(&view).unwrap()
}

#[test]
fn an_edit_is_told_with_the_text_and_of_a_tombstone_without() {
    let whole = |message: &Message| written(MessageView::of(message));
    for (message, text) in [(message(), r#""content":"after","#), (tombstone(), "")] {
        let whole = whole(&message);
        assert_eq!(
            written(MessageEditedView::of(&message)),
            format!(r#"{{"messageId":41,"channelId":7,{text}"editedAt":30,"message":{whole}}}"#)
        );
    }
}

#[test]
fn a_deletion_is_told_with_who_and_when() {
    assert_eq!(
        written(MessageDeletedView::of(&tombstone())),
        r#"{"messageId":41,"channelId":7,"deletedBy":6,"deletedAt":50}"#
    );
    assert!(MessageDeletedView::of(&message()).is_none());
}

#[test]
fn a_reaction_is_told_with_all_who_react_so() {
    let emoji = Emoji::parse("👍").unwrap();
    assert_eq!(
        written(ReactionChangedView::of(&message(), &emoji, UserId::from(9))),
        r#"{"messageId":41,"channelId":7,"emoji":"👍","userId":9,"totalCount":2,"userIds":[8,9]}"#
    );
}

#[test]
fn a_thread_is_told_with_its_count_and_people() {
    assert_eq!(
        written(ThreadUpdatedView::of(&message())),
        r#"{"messageId":41,"threadCount":2,"lastReplyAt":40,"participants":[8,9]}"#
    );
}

#[test]
fn a_message_shows_its_thread_and_reactions_and_to_a_viewer_which_are_theirs() {
    let view = serde_json::to_value(MessageView::of(&message())).unwrap();
    let expected = json!({
        "id": 41, "seq": 12, "channelId": 7, "tenantId": 3, "senderId": 5,
        "sender": {"id": 5, "name": "User 5"}, "content": "after", "messageType": "TEXT", "mentions": [],
        "threadCount": 2, "threadParticipants": [8, 9], "lastReplyAt": 40,
        "reactions": [{"emoji": "👍", "userIds": [8, 9], "count": 2}],
        "isEdited": true, "editedAt": 30, "isDeleted": false, "createdAt": 20, "updatedAt": 30,
    });
    assert_eq!(view, expected);
    let seen = MessageView::seen_by(&message(), UserId::from(8));
    let seen = serde_json::to_value(seen).unwrap();
    assert_eq!(seen["reactions"][0]["isMine"], true);
    let gone = serde_json::to_value(MessageView::of(&tombstone())).unwrap();
    assert_eq!(
        (&gone["isDeleted"], &gone["deletedAt"], &gone["deletedBy"]),
        (&json!(true), &json!(50), &json!(6))
    );
    assert!(gone.get("content").is_none());
}
