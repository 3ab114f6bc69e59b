//! Sending, and every reason not to.

use discuss_app::members::add;
use discuss_domain::channels::ChannelKind;
use discuss_domain::members::Role;
use discuss_domain::messages::{Draft, MessageKind};
use discuss_domain::{ChannelId, Seq, UserId};
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;
use serde_json::json;

use crate::fixture::{change, refusal, users, with_id};

/// A send is refused with this symbol, and nothing is stored.
async fn require_refused(world: &World, user: i64, channel: ChannelId, symbol: ErrorCode) {
    let before = world.everything().await;
    let sent = world.try_send(user, channel, World::draft("hello")).await;
    assert_eq!(refusal(sent), symbol);
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn a_message_is_stored_as_it_was_sent_and_answered_as_it_is_stored() {
    let world = World::new().await;
    world.remember(2).await;
    let channel = world.group(1, &[2, 3]).await;
    let draft = Draft {
        kind: MessageKind::Code,
        mentions: users(&[1, 3]),
        metadata: Some(json!({"lang": "rust"})),
        ..with_id("  fn main() {}\n")
    };
    let sent = world.try_send(2, channel, draft.clone()).await.unwrap();

    assert!(!sent.is_repeat);
    let message = sent.message;
    assert_eq!(message.content.as_deref(), Some("  fn main() {}\n"));
    assert_eq!(message.client_message_id, draft.client_message_id);
    assert_eq!((message.seq, message.numbers.message_no), (Seq::from(2), 1));
    let got = discuss_app::messages::get(&world.app, &World::person(3), message.id).await;
    assert_eq!(got.unwrap().0, message);
    world.require_consistent().await;
}

#[tokio::test]
async fn a_message_mentions_members_only() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3, 4]).await;
    world.remove(1, channel, 4).await;
    let draft = Draft {
        mentions: users(&[2, 3, 4, 50]),
        ..World::draft("hello")
    };
    let sent = world.try_send(1, channel, draft).await.unwrap().message;
    assert_eq!(sent.mentions, users(&[2, 3]));
    let got = discuss_app::messages::get(&world.app, &World::person(2), sent.id).await;
    assert_eq!(got.unwrap().0.mentions, users(&[2, 3]));
}

#[tokio::test]
async fn a_guest_may_not_send_and_nothing_is_stored() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let guests = users(&[4]);
    let added = add(&world.app, &World::person(1), channel, &guests, Role::Guest).await;
    added.unwrap();
    require_refused(&world, 4, channel, ErrorCode::CannotSendMessages).await;
    // Nor when the writer remembers the channel.
    world.send(1, channel, "before").await;
    require_refused(&world, 4, channel, ErrorCode::CannotSendMessages).await;
}

#[tokio::test]
async fn who_is_silenced_may_not_send_and_nothing_is_stored() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    change(
        &world,
        "UPDATE channel_members SET status = 'MUTED' WHERE user_id = 2",
    )
    .await;
    require_refused(&world, 2, channel, ErrorCode::CannotSendMessages).await;
}

#[tokio::test]
async fn an_archived_channel_takes_no_message_and_nothing_is_stored() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    change(&world, "UPDATE channels SET archived_at = now()").await;
    require_refused(&world, 1, channel, ErrorCode::ChannelArchived).await;
}

#[tokio::test]
async fn who_was_removed_may_not_even_know_the_channel() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.send(2, channel, "while in").await;
    world.remove(1, channel, 2).await;
    require_refused(&world, 2, channel, ErrorCode::ChannelNotFound).await;
    world
        .send(1, channel, "the writer remembers the channel")
        .await;
    require_refused(&world, 2, channel, ErrorCode::ChannelNotFound).await;
}

#[tokio::test]
async fn strangers_may_know_a_public_channel_but_not_send_to_it() {
    let world = World::new().await;
    let public = world.group_of(&World::person(1), &[2], false).await;
    let private = world.group(1, &[2]).await;
    require_refused(&world, 50, public, ErrorCode::NotChannelMember).await;
    require_refused(&world, 50, private, ErrorCode::ChannelNotFound).await;
    let nowhere = ChannelId::from(999_999);
    require_refused(&world, 1, nowhere, ErrorCode::ChannelNotFound).await;
}

#[tokio::test]
async fn a_channel_of_another_tenant_is_not_there_though_the_ids_be_the_same() {
    let world = World::new().await;
    let foreign = World::person_of(World::TENANT + 1, 1);
    for is_private in [true, false] {
        let channel = world.group_of(&World::person(1), &[2], is_private).await;
        world
            .send(1, channel, "the writer remembers the channel")
            .await;
        let before = world.everything().await;
        let draft = World::draft("hello");
        let sent = discuss_app::messages::send(&world.app, &foreign, channel, draft).await;
        assert_eq!(refusal(sent), ErrorCode::ChannelNotFound);
        assert_eq!(world.everything().await, before);
    }
}

#[tokio::test]
async fn the_two_of_a_direct_channel_may_send() {
    let world = World::new().await;
    let one = World::person(1);
    let (direct, _) =
        discuss_app::channels::get_or_create_direct(&world.app, &one, UserId::from(2))
            .await
            .unwrap();
    let channel = direct.channel.id;
    assert_eq!(direct.channel.kind, ChannelKind::Direct);
    for user in [1, 2, 1, 1] {
        world.send(user, channel, "hello").await;
    }
    require_refused(&world, 3, channel, ErrorCode::ChannelNotFound).await;
    world.require_consistent().await;
}

#[tokio::test]
async fn the_longest_message_is_taken_whole() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let text = "đ".repeat(10_000);
    let sent = world.send(1, channel, &text).await;
    let got = discuss_app::messages::get(&world.app, &World::person(2), sent.id).await;
    assert_eq!(got.unwrap().0.content, Some(text));
}
