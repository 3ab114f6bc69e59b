//! The records, byte by byte.

use super::*;

fn origin() -> Origin {
    Origin {
        tenant: TenantId::from(3),
        channel: ChannelId::from(7),
        seq: Seq::from(12),
        actor: UserId::from(5),
        at: DateTime::from_timestamp_millis(1_790_000_000_123).unwrap(),
    }
}

fn encoded(kind: EventKind, fields: &Fields<'_>) -> String {
    let (_, event_type) = route(kind).unwrap();
    String::from_utf8(encode(event_type, &origin(), fields).unwrap()).unwrap()
}

/// What every record of these tests starts with.
fn head(event_type: &str) -> String {
    format!(
        "{{\"eventId\":\"7-12\",\"eventType\":\"{event_type}\",\"tenantId\":3,\"channelId\":7,\
         \"seq\":12,\"actorId\":5,\"timestamp\":1790000000123,"
    )
}

fn message() -> MessageFields<'static> {
    MessageFields {
        message_id: 41,
        sender_id: 5,
        content: Some("hello \"you\""),
        message_type: "TEXT",
        parent_id: Some(40),
        mentions: vec![8, 9],
        is_deleted: false,
    }
}

fn member(user_id: i64) -> MemberField {
    MemberField {
        user_id,
        role: "MEMBER",
        status: "ACTIVE",
    }
}

#[test]
fn a_message_is_told_with_its_text() {
    let expected = head("MESSAGE_NEW")
        + "\"messageId\":41,\"senderId\":5,\"content\":\"hello \\\"you\\\"\",\"messageType\":\"TEXT\",\
           \"parentId\":40,\"mentions\":[8,9],\"isDeleted\":false}";
    let fields = Fields::Message(message());
    assert_eq!(encoded(EventKind::MessageCreated, &fields), expected);
}

#[test]
fn a_tombstone_is_told_without_a_text() {
    let expected = head("MESSAGE_NEW")
        + "\"messageId\":41,\"senderId\":5,\"messageType\":\"TEXT\",\"mentions\":[],\"isDeleted\":true}";
    let fields = Fields::Message(MessageFields {
        content: None,
        parent_id: None,
        mentions: Vec::new(),
        is_deleted: true,
        ..message()
    });
    assert_eq!(encoded(EventKind::MessageCreated, &fields), expected);
}

#[test]
fn an_edit_and_a_deletion_are_told_as_the_message_is_then() {
    for (kind, event_type) in [
        (EventKind::MessageEdited, "MESSAGE_UPDATED"),
        (EventKind::MessageDeleted, "MESSAGE_DELETED"),
    ] {
        let told = encoded(kind, &Fields::Message(message()));
        assert!(told.starts_with(&head(event_type)), "{told}");
    }
}

#[test]
fn a_reaction_is_told_with_its_emoji_and_person() {
    let fields = || {
        Fields::Reaction(ReactionFields {
            message_id: 41,
            user_id: 5,
            emoji: "👍",
        })
    };
    let rest = "\"messageId\":41,\"userId\":5,\"emoji\":\"👍\"}";
    let added = encoded(EventKind::ReactionAdded, &fields());
    assert_eq!(added, head("REACTION_ADDED") + rest);
    let removed = encoded(EventKind::ReactionRemoved, &fields());
    assert_eq!(removed, head("REACTION_REMOVED") + rest);
}

#[test]
fn a_new_channel_is_told_with_its_first_members() {
    let expected = head("CHANNEL_CREATED")
        + "\"name\":\"Team\",\"channelType\":\"GROUP\",\"createdBy\":5,\"isArchived\":false,\
           \"memberIds\":[5,8]}";
    let fields = Fields::Channel(ChannelFields {
        name: Some("Team"),
        channel_type: "GROUP",
        created_by: 5,
        is_archived: false,
        member_ids: vec![5, 8],
    });
    assert_eq!(encoded(EventKind::ChannelCreated, &fields), expected);
}

#[test]
fn one_member_is_told_at_the_top_and_among_all() {
    let expected = head("MEMBER_REMOVED")
        + "\"userId\":8,\"role\":\"MEMBER\",\"status\":\"REMOVED\",\
           \"members\":[{\"userId\":8,\"role\":\"MEMBER\",\"status\":\"REMOVED\"}]}";
    let removed = MemberField {
        status: "REMOVED",
        ..member(8)
    };
    let fields = Fields::Members(MemberFields::of(vec![removed]));
    assert_eq!(encoded(EventKind::MemberRemoved, &fields), expected);
}

#[test]
fn who_left_is_told_as_such() {
    let expected = head("MEMBER_LEFT")
        + "\"userId\":8,\"role\":\"MEMBER\",\"status\":\"LEFT\",\
           \"members\":[{\"userId\":8,\"role\":\"MEMBER\",\"status\":\"LEFT\"}]}";
    let left = MemberField {
        status: "LEFT",
        ..member(8)
    };
    let fields = Fields::Members(MemberFields::of(vec![left]));
    assert_eq!(encoded(EventKind::MemberLeft, &fields), expected);
}

#[test]
fn several_members_of_one_event_are_one_record_with_the_first_at_the_top() {
    let expected = head("MEMBER_JOINED")
        + "\"userId\":8,\"role\":\"MEMBER\",\"status\":\"ACTIVE\",\
           \"members\":[{\"userId\":8,\"role\":\"MEMBER\",\"status\":\"ACTIVE\"},\
           {\"userId\":9,\"role\":\"MEMBER\",\"status\":\"ACTIVE\"}]}";
    let fields = Fields::Members(MemberFields::of(vec![member(8), member(9)]));
    assert_eq!(encoded(EventKind::MemberAdded, &fields), expected);
}

#[test]
fn every_kind_goes_to_a_topic_that_is_made() {
    for kind in EventKind::ALL {
        let topic = route(kind).map(|(topic, _)| topic);
        assert!(
            topic.is_none_or(|topic| TOPICS.contains(&topic)),
            "{kind:?}"
        );
    }
    assert_eq!(route(EventKind::ThreadUpdated), None);
}
