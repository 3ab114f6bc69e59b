use super::*;
use crate::ids::{ChannelId, Seq};
use crate::members::{MemberStatus, Role};
use crate::messages::{ClientMessageId, Content, Draft, MessageKind, Numbers};

const TENANT: i64 = 9;

fn channel() -> ChannelState {
    ChannelState {
        tenant: TenantId::from(TENANT),
        kind: ChannelKind::Group,
        is_private: true,
        is_archived: false,
        counters: Counters::default(),
    }
}

const ACTIVE: Membership = Membership {
    role: Role::Member,
    status: MemberStatus::Active,
};

fn draft(text: &str) -> Draft {
    Draft {
        content: Content::parse(text.to_owned()).unwrap(),
        kind: MessageKind::Text,
        mentions: vec![],
        parent_id: None,
        metadata: None,
        client_message_id: None,
    }
}

fn print(text: &str) -> Fingerprint {
    Fingerprint::of(ChannelId::from(1), &draft(text))
}

fn decided(
    state: &ChannelState,
    membership: Membership,
    known: Option<KnownSend>,
) -> Result<Verdict, SendError> {
    decide(
        TenantId::from(TENANT),
        print("hi"),
        Some(state),
        Some(membership),
        known,
    )
}

#[test]
fn a_member_may_send() {
    assert_eq!(decided(&channel(), ACTIVE, None), Ok(Verdict::Store));
}

#[test]
fn a_channel_of_another_tenant_does_not_exist() {
    let theirs = ChannelState {
        tenant: TenantId::from(TENANT + 1),
        ..channel()
    };
    assert_eq!(
        decided(&theirs, ACTIVE, None),
        Err(SendError::NotInChannel(NotInChannel::Unknown))
    );
}

#[test]
fn guests_and_silenced_members_may_not_send() {
    for membership in [
        Membership {
            role: Role::Guest,
            ..ACTIVE
        },
        Membership {
            role: Role::Owner,
            status: MemberStatus::Muted,
        },
    ] {
        assert!(matches!(
            decided(&channel(), membership, None),
            Err(SendError::Denied(_))
        ));
    }
}

#[test]
fn an_archived_channel_takes_nothing_new_but_answers_a_repeat() {
    let archived = ChannelState {
        is_archived: true,
        ..channel()
    };
    assert_eq!(decided(&archived, ACTIVE, None), Err(SendError::Archived));
    let known = KnownSend {
        id: MessageId::from(5),
        fingerprint: print("hi"),
    };
    assert_eq!(
        decided(&archived, ACTIVE, Some(known)),
        Ok(Verdict::Repeat(MessageId::from(5)))
    );
}

#[test]
fn a_repeat_is_not_answered_to_who_left() {
    let known = KnownSend {
        id: MessageId::from(5),
        fingerprint: print("hi"),
    };
    let left = Membership {
        status: MemberStatus::Left,
        ..ACTIVE
    };
    assert_eq!(
        decided(&channel(), left, Some(known)),
        Err(SendError::NotInChannel(NotInChannel::Unknown))
    );
}

#[test]
fn the_same_client_id_with_other_content_is_a_conflict() {
    let known = KnownSend {
        id: MessageId::from(5),
        fingerprint: print("something else"),
    };
    assert_eq!(
        decided(&channel(), ACTIVE, Some(known)),
        Err(SendError::Conflict)
    );
}

#[test]
fn a_fingerprint_tells_channels_and_contents_apart() {
    assert_eq!(print("a"), print("a"));
    assert_ne!(print("a"), print("b"));
    assert_ne!(print("a"), Fingerprint::of(ChannelId::from(2), &draft("a")));
}

#[test]
fn a_key_that_is_no_uuid_becomes_the_same_id_every_time() {
    let uuid = "7f3b0a52-8d6e-4a34-9c5d-0f6a4c1b2d3e";
    assert_eq!(ClientMessageId::of_key(uuid).get().to_string(), uuid);
    assert_eq!(
        ClientMessageId::of_key("order-17"),
        ClientMessageId::of_key("order-17")
    );
    assert_ne!(
        ClientMessageId::of_key("order-17"),
        ClientMessageId::of_key("order-18")
    );
}

#[test]
fn counters_move_together_with_a_message() {
    let after = Counters::default().after_message().after_message();
    assert_eq!(after.last_seq, Seq::from(2));
    assert_eq!(
        after.numbers(),
        Numbers {
            message_no: 2,
            timeline_no: 2,
            unread_no: 2
        }
    );
}

#[test]
fn a_reply_counts_as_a_message_and_as_nothing_else() {
    let before = Counters::default().after_message();
    let after = before.after_reply();
    assert_eq!(after.last_seq, Seq::from(2));
    let numbers = Numbers {
        message_no: 2,
        timeline_no: 1,
        unread_no: 1,
    };
    assert_eq!(after.numbers(), numbers);
    let changed = after.after_change();
    assert_eq!(changed.last_seq, Seq::from(3));
    assert_eq!(changed.numbers(), numbers);
}

#[test]
fn a_reply_is_another_send_than_the_same_text_to_all_or_to_another_message() {
    let to = |parent: i64| Draft {
        parent_id: Some(MessageId::from(parent)),
        ..draft("hi")
    };
    let print = |draft: &Draft| Fingerprint::of(ChannelId::from(1), draft);
    assert_ne!(print(&to(5)), print(&draft("hi")));
    assert_ne!(print(&to(5)), print(&to(6)));
    assert_eq!(print(&to(5)), print(&to(5)));
}
