//! Who is added hears of it first; who is removed hears of it last.

use discuss_app::members;
use discuss_domain::UserId;
use discuss_domain::members::Role;
use discuss_test_support::World;
use serde_json::json;

use crate::process::Gateway;

#[tokio::test]
async fn a_new_channel_comes_to_its_members_before_anything_in_it() {
    let world = World::new().await;
    let gateway = Gateway::start(&world).await;
    let (mut owner, mut member) = (gateway.connect(1).await, gateway.connect(2).await);
    let channel = world.group(1, &[2]).await;
    world.send(1, channel, "hi").await;
    for client in [&mut owner, &mut member] {
        let created = client.expect_seq(channel, 1).await;
        assert_eq!(created["type"], "CHANNEL_CREATED");
        assert_eq!(created["payload"]["channel"]["id"], channel.get());
        assert_eq!(client.expect_seq(channel, 2).await["type"], "NEW_MESSAGE");
    }
}

#[tokio::test]
async fn who_is_added_starts_with_that_event_and_who_is_removed_ends_with_that() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let (mut member, mut newcomer) = (gateway.connect(2).await, gateway.connect(5).await);
    let owner = World::person(1);

    world.send(1, channel, "before").await;
    members::add(
        &world.app,
        &owner,
        channel,
        &[UserId::from(5)],
        Role::Member,
    )
    .await
    .unwrap();
    world.send(1, channel, "between").await;
    members::remove(&world.app, &owner, channel, UserId::from(5))
        .await
        .unwrap();
    world.send(1, channel, "after").await;

    for (seq, kind) in [
        (2, "NEW_MESSAGE"),
        (3, "MEMBER_ADDED"),
        (4, "NEW_MESSAGE"),
        (5, "MEMBER_REMOVED"),
        (6, "NEW_MESSAGE"),
    ] {
        assert_eq!(member.expect_seq(channel, seq).await["type"], kind);
    }
    let added = newcomer.expect_seq(channel, 3).await;
    assert_eq!(added["payload"]["userIds"], json!([5]));
    newcomer.expect_seq(channel, 4).await;
    assert_eq!(
        newcomer.expect_seq(channel, 5).await["payload"]["userId"],
        5
    );
    newcomer.expect_silence().await;
}

#[tokio::test]
async fn who_is_added_again_hears_what_comes_then_and_not_what_came_between() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut member = gateway.connect(2).await;
    let owner = World::person(1);

    members::remove(&world.app, &owner, channel, UserId::from(2))
        .await
        .unwrap();
    member.expect_seq(channel, 2).await;
    world.send(1, channel, "secret").await;
    members::add(
        &world.app,
        &owner,
        channel,
        &[UserId::from(2)],
        Role::Member,
    )
    .await
    .unwrap();
    world.send(1, channel, "welcome back").await;

    assert_eq!(member.expect_seq(channel, 4).await["type"], "MEMBER_ADDED");
    member.expect_seq(channel, 5).await;
}

#[tokio::test]
async fn who_leaves_ends_with_that_event_and_who_joins_again_starts_with_that() {
    let world = World::new().await;
    let owner = World::person(1);
    let channel = world.group_of(&owner, &[2, 5], false).await;
    let gateway = Gateway::start(&world).await;
    let (mut member, mut leaver) = (gateway.connect(2).await, gateway.connect(5).await);

    world.send(1, channel, "before").await;
    members::leave(&world.app, &World::person(5), channel)
        .await
        .unwrap();
    world.send(1, channel, "without them").await;
    members::join(&world.app, &World::person(5), channel)
        .await
        .unwrap();
    world.send(1, channel, "after").await;

    for (seq, kind) in [
        (2, "NEW_MESSAGE"),
        (3, "MEMBER_LEFT"),
        (4, "NEW_MESSAGE"),
        (5, "MEMBER_ADDED"),
        (6, "NEW_MESSAGE"),
    ] {
        assert_eq!(member.expect_seq(channel, seq).await["type"], kind);
    }
    leaver.expect_seq(channel, 2).await;
    let left = leaver.expect_seq(channel, 3).await;
    assert_eq!(left["type"], "MEMBER_LEFT");
    assert_eq!(
        left["payload"],
        json!({ "channelId": channel.get(), "userId": 5 })
    );
    assert_eq!(leaver.expect_seq(channel, 5).await["type"], "MEMBER_ADDED");
    leaver.expect_seq(channel, 6).await;
}
