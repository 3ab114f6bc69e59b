use super::*;
use crate::channels::{ChannelKind, Counters};
use crate::ids::{ChannelId, MessageId, Seq};
use crate::members::{MemberStatus, Role};
use crate::messages::Numbers;
use crate::messages::mentions::Everyone;
use crate::threads::Thread;
use crate::users::User;

mod erase;

const TENANT: i64 = 9;
const SENDER: i64 = 1;
const OTHER: i64 = 2;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

/// What somebody said.
pub(crate) fn message() -> Message {
    Message {
        id: MessageId::from(7),
        channel_id: ChannelId::from(3),
        seq: Seq::from(5),
        tenant_id: TenantId::from(TENANT),
        sender: User::unknown(UserId::from(SENDER)),
        content: Some("before".to_owned()),
        kind: MessageKind::Text,
        numbers: Numbers {
            message_no: 1,
            timeline_no: 1,
            unread_no: 1,
        },
        mentions: vec![UserId::from(OTHER)],
        mentions_everyone: None,
        parent_id: None,
        thread: Thread::default(),
        reactions: Reactions::default(),
        metadata: Some(serde_json::json!({"a": 1})),
        client_message_id: None,
        edited_at: None,
        deleted: None,
        created_at: at(0),
    }
}

fn channel() -> ChannelState {
    ChannelState {
        tenant: TenantId::from(TENANT),
        kind: ChannelKind::Group,
        is_private: false,
        is_archived: false,
        counters: Counters::default(),
    }
}

fn edit(text: &str) -> Change {
    Change::Edit {
        content: Content::parse(text.to_owned()).unwrap(),
        mentions: Mentions {
            people: vec![UserId::from(OTHER)],
            everyone: Some(Everyone::Here),
        },
        window: TimeDelta::hours(24),
    }
}

fn react(emoji: &str) -> Change {
    Change::React(Emoji::parse(emoji).unwrap())
}

fn unreact(emoji: &str) -> Change {
    Change::Unreact(Emoji::parse(emoji).unwrap())
}

fn member(role: Role) -> Membership {
    Membership {
        role,
        status: MemberStatus::Active,
    }
}

/// A member of this role asks, a second after the message was sent.
fn asked(
    change: &Change,
    (user, membership): (i64, Membership),
    message: &Message,
) -> Result<Option<Message>, ChangeError> {
    in_channel(change, &channel(), (user, membership), message)
}

fn in_channel(
    change: &Change,
    channel: &ChannelState,
    (user, membership): (i64, Membership),
    message: &Message,
) -> Result<Option<Message>, ChangeError> {
    let asked = Asked {
        tenant: TenantId::from(TENANT),
        user: UserId::from(user),
        channel: Some(channel),
        membership: Some(membership),
        message: Some(message),
    };
    decide(change, &asked, at(1))
}

fn tombstone() -> Message {
    let deleted = asked(&Change::Delete, (SENDER, member(Role::Member)), &message());
    deleted.unwrap().unwrap()
}

#[test]
fn an_edit_changes_the_text_and_nothing_else() {
    let edited = asked(&edit("after"), (SENDER, member(Role::Member)), &message());
    let expected = Message {
        content: Some("after".to_owned()),
        mentions_everyone: Some(Everyone::Here),
        edited_at: Some(at(1)),
        ..message()
    };
    assert_eq!(edited, Ok(Some(expected)));
}

#[test]
fn an_edit_that_says_the_same_changes_nothing() {
    let edited = asked(&edit("before"), (SENDER, member(Role::Member)), &message());
    assert_eq!(edited, Ok(None));
}

#[test]
fn only_the_sender_edits_however_high_the_role_of_another() {
    for role in Role::ALL {
        let edited = asked(&edit("x"), (OTHER, member(role)), &message());
        assert_eq!(edited, Err(ChangeError::NotSender));
    }
    let guest = asked(&edit("x"), (SENDER, member(Role::Guest)), &message());
    assert!(matches!(guest, Err(ChangeError::Denied(_))));
    let silenced = Membership {
        status: MemberStatus::Muted,
        ..member(Role::Owner)
    };
    let silenced = asked(&edit("x"), (SENDER, silenced), &message());
    assert!(matches!(silenced, Err(ChangeError::Denied(_))));
}

#[test]
fn what_the_system_said_and_what_was_deleted_is_not_edited() {
    let system = Message {
        kind: MessageKind::System,
        sender: User::unknown(UserId::SYSTEM),
        ..message()
    };
    let edited = asked(&edit("x"), (SENDER, member(Role::Owner)), &system);
    assert_eq!(edited, Err(ChangeError::System));
    let edited = asked(&edit("x"), (SENDER, member(Role::Owner)), &tombstone());
    assert_eq!(edited, Err(ChangeError::Deleted));
}

#[test]
fn a_message_is_edited_until_the_window_closes() {
    let channel = channel();
    let message = message();
    let asked = Asked {
        tenant: TenantId::from(TENANT),
        user: UserId::from(SENDER),
        channel: Some(&channel),
        membership: Some(member(Role::Member)),
        message: Some(&message),
    };
    let day = 24 * 60 * 60;
    assert!(decide(&edit("x"), &asked, at(day)).is_ok());
    let late = decide(&edit("x"), &asked, at(day + 1));
    assert_eq!(late, Err(ChangeError::WindowExpired));
    assert!(decide(&Change::Delete, &asked, at(day + 1)).is_ok());
}

#[test]
fn a_deleted_message_is_a_tombstone() {
    let mut loved = message();
    let emoji = Emoji::parse("👍").unwrap();
    loved.reactions.add(&emoji, UserId::from(OTHER)).unwrap();
    let deleted = asked(&Change::Delete, (SENDER, member(Role::Member)), &loved);
    let expected = Message {
        content: None,
        mentions: Vec::new(),
        metadata: None,
        deleted: Some((at(1), UserId::from(SENDER))),
        ..message()
    };
    assert_eq!(deleted, Ok(Some(expected)));
}

#[test]
fn the_sender_and_who_moderates_may_delete() {
    for (user, role, may) in [
        (SENDER, Role::Member, true),
        (SENDER, Role::Guest, false),
        (OTHER, Role::Guest, false),
        (OTHER, Role::Member, false),
        (OTHER, Role::Admin, true),
        (OTHER, Role::Owner, true),
    ] {
        let deleted = asked(&Change::Delete, (user, member(role)), &message());
        assert_eq!(deleted.is_ok(), may, "{user} as {role:?}");
    }
}

#[test]
fn a_tombstone_is_deleted_again_without_a_change_and_takes_no_reaction() {
    let tombstone = tombstone();
    let sender = (SENDER, member(Role::Member));
    assert_eq!(asked(&Change::Delete, sender, &tombstone), Ok(None));
    let other = asked(&Change::Delete, (OTHER, member(Role::Member)), &tombstone);
    assert!(matches!(other, Err(ChangeError::Denied(_))));
    let reacted = asked(&react("👍"), sender, &tombstone);
    assert_eq!(reacted, Err(ChangeError::Deleted));
}

#[test]
fn a_guest_reacts_once_and_takes_it_back_once() {
    let guest = (OTHER, member(Role::Guest));
    let reacted = asked(&react("👍"), guest, &message()).unwrap().unwrap();
    let emoji = Emoji::parse("👍").unwrap();
    assert_eq!(reacted.reactions.users(&emoji), [UserId::from(OTHER)]);
    assert_eq!(asked(&react("👍"), guest, &reacted), Ok(None));
    let back = asked(&unreact("👍"), guest, &reacted);
    assert_eq!(back, Ok(Some(message())));
    assert_eq!(asked(&unreact("👍"), guest, &message()), Ok(None));
}

#[test]
fn an_archived_channel_takes_no_change() {
    let archived = ChannelState {
        is_archived: true,
        ..channel()
    };
    let owner = (SENDER, member(Role::Owner));
    for change in [edit("x"), Change::Delete, react("👍"), unreact("👍")] {
        let changed = in_channel(&change, &archived, owner, &message());
        assert_eq!(changed, Err(ChangeError::Archived), "{change:?}");
    }
    let again = in_channel(&Change::Delete, &archived, owner, &tombstone());
    assert_eq!(again, Ok(None));
}

#[test]
fn who_is_not_in_the_channel_is_not_told_of_the_message() {
    let gone = Membership {
        role: Role::Owner,
        status: MemberStatus::Removed,
    };
    let message = message();
    let (here, public, elsewhere) = (
        ChannelState {
            is_private: true,
            ..channel()
        },
        channel(),
        ChannelState {
            tenant: TenantId::from(TENANT + 1),
            ..channel()
        },
    );
    let unknown = ChangeError::NotFound;
    let owner = Some(member(Role::Owner));
    for (channel, membership, message, expected) in [
        (Some(&here), Some(gone), Some(&message), unknown),
        (Some(&here), None, Some(&message), unknown),
        (
            Some(&public),
            Some(gone),
            Some(&message),
            ChangeError::NotMember,
        ),
        (Some(&public), None, None, ChangeError::NotMember),
        (Some(&elsewhere), owner, Some(&message), unknown),
        (None, owner, Some(&message), unknown),
        (Some(&here), owner, None, unknown),
    ] {
        let asked = Asked {
            tenant: TenantId::from(TENANT),
            user: UserId::from(SENDER),
            channel,
            membership,
            message,
        };
        for change in [edit("x"), Change::Delete, react("👍"), unreact("👍")] {
            let changed = decide(&change, &asked, at(1));
            assert_eq!(changed, Err(expected));
        }
    }
}
