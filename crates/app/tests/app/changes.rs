//! Editing and deleting messages, and every reason not to.

use std::time::Duration;

use discuss_app::members::add;
use discuss_app::messages::change::{Changed, Target, delete, edit, list_versions};
use discuss_app::messages::{get, send};
use discuss_app::{AppError, Context};
use discuss_domain::members::Role;
use discuss_domain::messages::{Content, Message};
use discuss_domain::{ChannelId, MessageId, Seq};
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;

use crate::fixture::{change, refusal, users, with_id};

const DAY: Duration = Duration::from_hours(24);

async fn try_edit(
    world: &World,
    person: &Context,
    message: impl Into<Target>,
    text: &str,
) -> Result<Changed, AppError> {
    let content = Content::parse(text.to_owned()).unwrap();
    edit(&world.app, person, message.into(), (content, DAY)).await
}

async fn edited(world: &World, user: i64, message: MessageId, text: &str) -> Message {
    let changed = try_edit(world, &World::person(user), message, text).await;
    changed.unwrap().message
}

async fn try_delete(world: &World, user: i64, message: MessageId) -> Result<Changed, AppError> {
    delete(&world.app, &World::person(user), message.into()).await
}

async fn read(world: &World, message: MessageId) -> Message {
    let read = get(&world.app, &World::person(1), message).await;
    read.unwrap().0
}

/// A group of the owner 1, the admin 2, the member 3 and the guest 4.
async fn of_all_roles(world: &World) -> ChannelId {
    let owner = World::person(1);
    let channel = world.group(1, &[3]).await;
    for (user, role) in [(2, Role::Admin), (4, Role::Guest)] {
        let added = add(&world.app, &owner, channel, &users(&[user]), role).await;
        added.unwrap();
    }
    channel
}

/// Whatever is tried, nothing changes.
async fn require_unchanged<T>(
    world: &World,
    attempt: impl Future<Output = Result<T, AppError>>,
    symbol: ErrorCode,
) where
    T: std::fmt::Debug,
{
    let before = world.everything().await;
    assert_eq!(refusal(attempt.await), symbol);
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn an_edited_message_says_what_it_says_now_and_keeps_what_it_said() {
    let world = World::new().await;
    world.remember(3).await;
    let channel = of_all_roles(&world).await;
    let sent = world.send(3, channel, "first").await;
    for text in ["second", "third"] {
        let message = edited(&world, 3, sent.id, text).await;
        assert_eq!(message.content.as_deref(), Some(text));
        assert_eq!(message, read(&world, sent.id).await);
    }
    let now = read(&world, sent.id).await;
    assert!(now.edited_at.is_some());
    assert_eq!((now.seq, now.numbers), (sent.seq, sent.numbers));
    for user in [1, 2, 3] {
        let person = World::person(user);
        let versions = list_versions(&world.app, &person, sent.id, (0, 1)).await;
        let (newest, total) = versions.unwrap();
        assert_eq!((newest.len(), total), (1, 2));
        assert_eq!(
            (newest[0].version, newest[0].content.as_str()),
            (2, "second")
        );
        let versions = list_versions(&world.app, &person, sent.id, (1, 1)).await;
        assert_eq!(versions.unwrap().0[0].content, "first");
        let versions = list_versions(&world.app, &person, sent.id, (2, 1)).await;
        assert_eq!(versions.unwrap().0, []);
    }
    let guest = list_versions(&world.app, &World::person(4), sent.id, (0, 9)).await;
    assert_eq!(refusal(guest), ErrorCode::Forbidden);
    let stranger = list_versions(&world.app, &World::person(9), sent.id, (0, 9)).await;
    assert_eq!(refusal(stranger), ErrorCode::MessageNotFound);
    world.require_consistent().await;
}

#[tokio::test]
async fn an_edit_that_says_the_same_stores_nothing() {
    let world = World::new().await;
    let channel = of_all_roles(&world).await;
    let sent = world.send(3, channel, "same").await;
    let before = world.everything().await;
    let again = try_edit(&world, &World::person(3), sent.id, "same").await;
    assert!(again.unwrap().is_repeat);
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn who_may_not_edit_is_refused_and_nothing_is_stored() {
    let world = World::new().await;
    let channel = of_all_roles(&world).await;
    let sent = world.send(3, channel, "mine").await.id;
    for (user, symbol) in [
        (1, ErrorCode::Forbidden),
        (2, ErrorCode::Forbidden),
        (4, ErrorCode::Forbidden),
        (9, ErrorCode::MessageNotFound),
    ] {
        let person = World::person(user);
        let attempt = try_edit(&world, &person, sent, "x");
        require_unchanged(&world, attempt, symbol).await;
    }
    let foreign = World::person_of(World::TENANT + 1, 3);
    let attempt = try_edit(&world, &foreign, sent, "x");
    require_unchanged(&world, attempt, ErrorCode::MessageNotFound).await;
    let other = world.group(3, &[1]).await;
    let sender = World::person(3);
    for wrong in [(other, sent), (channel, MessageId::from(999_999))] {
        let attempt = try_edit(&world, &sender, wrong, "x");
        require_unchanged(&world, attempt, ErrorCode::MessageNotFound).await;
    }
    let attempt = try_edit(&world, &sender, MessageId::from(999_999), "x");
    require_unchanged(&world, attempt, ErrorCode::MessageNotFound).await;
    let silence = "UPDATE channel_members SET status = 'MUTED' WHERE user_id = 3";
    change(&world, silence).await;
    let attempt = try_edit(&world, &sender, sent, "x");
    require_unchanged(&world, attempt, ErrorCode::Forbidden).await;
}

#[tokio::test]
async fn what_is_too_old_of_the_system_deleted_or_archived_is_not_edited() {
    let world = World::new().await;
    let channel = of_all_roles(&world).await;
    let sender = World::person(3);
    let old = world.send(3, channel, "old").await.id;
    let gone = world.send(3, channel, "gone").await.id;
    let system = world.send(3, channel, "system").await.id;
    try_delete(&world, 3, gone).await.unwrap();
    let age = format!(
        "UPDATE messages SET created_at = created_at - interval '25 hours' WHERE id = {old};
         UPDATE messages SET kind = 'SYSTEM', sender_id = 0 WHERE id = {system}"
    );
    world.execute(&age).await;
    for (message, symbol) in [
        (old, ErrorCode::EditWindowExpired),
        (gone, ErrorCode::MessageDeleted),
        (system, ErrorCode::CannotEditSystemMessage),
    ] {
        let attempt = try_edit(&world, &sender, message, "x");
        require_unchanged(&world, attempt, symbol).await;
    }
    let fresh = world.send(3, channel, "fresh").await.id;
    change(&world, "UPDATE channels SET archived_at = now()").await;
    let attempt = try_edit(&world, &sender, fresh, "x");
    require_unchanged(&world, attempt, ErrorCode::ChannelArchived).await;
    let attempt = try_delete(&world, 1, fresh);
    require_unchanged(&world, attempt, ErrorCode::ChannelArchived).await;
    assert!(try_delete(&world, 1, gone).await.unwrap().is_repeat);
}

#[tokio::test]
async fn a_deleted_message_is_a_tombstone_that_says_nothing_and_deleting_it_again_stores_nothing() {
    let world = World::new().await;
    let channel = of_all_roles(&world).await;
    let draft = with_id("secret");
    let sent = world.try_send(3, channel, draft.clone()).await.unwrap();
    let sent = sent.message;
    edited(&world, 3, sent.id, "still secret").await;
    let deleted = try_delete(&world, 2, sent.id).await.unwrap();
    assert!(!deleted.is_repeat);
    let now = read(&world, sent.id).await;
    assert_eq!(
        deleted.message,
        Message {
            sender: now.sender.clone(),
            ..deleted.message.clone()
        }
    );
    assert_eq!(
        (now.content, now.deleted.map(|(_, by)| by.get())),
        (None, Some(2))
    );
    assert!(!world.everything().await.contains("secret"));

    let before = world.everything().await;
    for user in [1, 2, 3] {
        assert!(try_delete(&world, user, sent.id).await.unwrap().is_repeat);
    }
    // Who repeats the send is told what became of it.
    let again = send(&world.app, &World::person(3), channel, draft).await;
    let again = again.unwrap();
    assert!(again.is_repeat && again.message.deleted.is_some());
    assert_eq!(world.everything().await, before);
    world.require_consistent().await;
}

#[tokio::test]
async fn only_the_sender_and_who_moderates_may_delete() {
    let world = World::new().await;
    let channel = of_all_roles(&world).await;
    let sent = world.send(1, channel, "mine").await.id;
    for (user, symbol) in [
        (3, ErrorCode::Forbidden),
        (4, ErrorCode::Forbidden),
        (9, ErrorCode::MessageNotFound),
    ] {
        require_unchanged(&world, try_delete(&world, user, sent), symbol).await;
    }
    for (sender, deleter) in [(3, 3), (3, 2), (3, 1), (1, 2)] {
        let sent = world.send(sender, channel, "x").await.id;
        assert!(!try_delete(&world, deleter, sent).await.unwrap().is_repeat);
    }
    world.require_consistent().await;
}

#[tokio::test]
async fn a_change_takes_the_next_seq_and_sends_go_on_after_it() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(1, channel, "a").await;
    edited(&world, 1, sent.id, "b").await;
    let next = world.send(1, channel, "c").await;
    assert_eq!((next.seq, next.numbers.message_no), (Seq::from(4), 2));
    try_delete(&world, 1, next.id).await.unwrap();
    assert_eq!(world.send(2, channel, "d").await.seq, Seq::from(6));
    assert_eq!(world.send(2, channel, "e").await.seq, Seq::from(7));
    world.require_consistent().await;
}
