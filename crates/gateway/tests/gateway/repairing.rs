//! What Redis does not bring is read from the log.

use discuss_app::{members, messages};
use discuss_domain::UserId;
use discuss_domain::channels::{ChannelName, NewGroup};
use discuss_domain::members::Role;
use discuss_storage::redis::Redis;
use discuss_test_support::{World, redis_url};

use crate::process::Gateway;

/// The use cases of a process whose publications reach nobody.
fn unheard(world: &World) -> discuss_app::App {
    let elsewhere = Redis::new(&redis_url(), &format!("{}-elsewhere", world.redis_prefix)).unwrap();
    discuss_app::App::start(world.database.database().clone(), elsewhere)
}

#[tokio::test]
async fn without_redis_messages_come_from_the_log() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start_with(&world, &[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let mut client = gateway.connect(2).await;
    for (text, seq) in [("a", 2), ("b", 3)] {
        world.send(1, channel, text).await;
        client.expect_seq(channel, seq).await;
    }
}

#[tokio::test]
async fn what_was_not_published_comes_all_the_same_and_in_order() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut client = gateway.connect(2).await;
    let (unheard, sender) = (unheard(&world), World::person(1));
    for seq in [2, 4, 6] {
        messages::send(&unheard, &sender, channel, World::draft("unheard"))
            .await
            .unwrap();
        world.send(1, channel, "heard").await;
        client.expect_seq(channel, seq).await;
        client.expect_seq(channel, seq + 1).await;
    }
}

#[tokio::test]
async fn who_was_added_and_not_told_finds_out() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut client = gateway.connect(5).await;
    let (unheard, owner) = (unheard(&world), World::person(1));

    members::add(&unheard, &owner, channel, &[UserId::from(5)], Role::Member)
        .await
        .unwrap();
    let group = NewGroup {
        name: ChannelName::parse("Quiet").unwrap(),
        description: None,
        is_private: true,
        members: vec![UserId::from(5)],
        metadata: None,
    };
    assert_eq!(client.expect_seq(channel, 2).await["type"], "MEMBER_ADDED");
    let made = discuss_app::channels::create_group(&unheard, &owner, &group)
        .await
        .unwrap()
        .channel
        .id;
    assert_eq!(client.expect_seq(made, 1).await["type"], "CHANNEL_CREATED");
    world.send(1, made, "hi").await;
    client.expect_seq(made, 2).await;
}

#[tokio::test]
async fn two_gateways_say_the_same() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3]).await;
    let (one, other) = (Gateway::start(&world).await, Gateway::start(&world).await);
    let (mut first, mut second) = (one.connect(2).await, other.connect(3).await);
    for seq in 2..20 {
        let payload = serde_json::json!({ "channelId": channel, "content": "x" });
        first
            .say(serde_json::json!({ "type": "SEND_MESSAGE", "payload": payload }))
            .await;
        second.expect_seq(channel, seq).await;
    }
    for seq in 2..20 {
        first.expect_channel_seq(channel, seq).await;
    }
}
