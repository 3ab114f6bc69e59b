//! What Redis does not bring is read from the log.

use discuss_app::{App, Redis, Topic, members, messages, typing};
use discuss_domain::channels::{ChannelName, NewGroup};
use discuss_domain::members::Role;
use discuss_domain::{ChannelId, UserId};
use discuss_test_support::{World, redis_url, until};
use serde_json::json;

use crate::client::Client;
use crate::process::Gateway;
use crate::proxy::Proxy;

/// The use cases of a process whose publications reach nobody.
pub(crate) fn unheard(world: &World) -> App {
    let elsewhere = Redis::new(&redis_url(), &format!("{}-elsewhere", world.redis_prefix)).unwrap();
    App::start(world.database.database().clone(), elsewhere)
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
        let payload = json!({ "channelId": channel, "content": "x" });
        first
            .say(json!({ "type": "SEND_MESSAGE", "payload": payload }))
            .await;
        second.expect_seq(channel, seq).await;
    }
    for seq in 2..20 {
        first.expect_channel_seq(channel, seq).await;
    }
}

/// A server's URL, and the host and port in it.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").unwrap().1;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    rest.split('/').next().unwrap()
}

/// Whether a client has heard by now that somebody types, which is in no log: only Redis brings it.
async fn hears_of(client: &mut Client, typist: i64) -> bool {
    let mut hears = false;
    client.say(json!({ "type": "PING" })).await;
    loop {
        let frame = client.next_frame().await;
        let payload = &frame["payload"];
        hears |= payload["userId"] == typist && payload["isTyping"] == true;
        if frame["type"] == "PONG" {
            return hears;
        }
    }
}

#[tokio::test]
async fn a_lost_connection_to_redis_is_made_again_and_nothing_is_missed() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3, 4, 5]).await;
    let url = redis_url();
    let proxy = Proxy::start(host_of(&url)).await;
    let through = url.replace(host_of(&url), &proxy.address);
    let gateway = Gateway::start_with(&world, &[("REDIS_URL", &through)]).await;
    let mut client = gateway.connect(2).await;
    let mut seq = 1;
    // Somebody else each time: what is heard of them came after the cut.
    for typist in [3, 4, 5] {
        world.send(1, channel, "while it is there").await;
        proxy.cut().await;
        world.send(1, channel, "while it is away").await;
        proxy.mend();
        world.send(1, channel, "when it is back").await;
        for _ in 0..3 {
            seq += 1;
            client.expect_seq(channel, seq).await;
        }
        until("redis must be listened to again", async || {
            let typed = typing::tell(&world.app, &World::person(typist), channel, true).await;
            typed.unwrap();
            hears_of(&mut client, typist).await
        })
        .await;
    }
}

#[tokio::test]
async fn while_the_database_is_away_sockets_stay_and_afterwards_nothing_is_missed() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let url = world.database.url();
    let proxy = Proxy::start(host_of(url)).await;
    let through = url.replace(host_of(url), &proxy.address);
    let gateway = Gateway::start_with(&world, &[("DATABASE_URL", &through)]).await;
    let mut client = gateway.connect(2).await;
    let unheard = unheard(&world);

    proxy.cut().await;
    let payload = json!({ "channelId": channel, "content": "now?" });
    client
        .say(json!({ "type": "SEND_MESSAGE", "requestId": "s", "payload": payload }))
        .await;
    assert_eq!(
        client.expect("ERROR").await["payload"]["code"],
        "SERVICE_UNAVAILABLE"
    );
    let mut newcomer = gateway.open(1, "").await;
    newcomer.expect_refusal("SERVICE_UNAVAILABLE", 4003).await;
    messages::send(
        &unheard,
        &World::person(1),
        channel,
        World::draft("unheard"),
    )
    .await
    .unwrap();
    proxy.mend();

    client.expect_seq(channel, 2).await;
    gateway.connect(1).await.expect_silence().await;
}

/// Appends an event as a newer version would.
async fn append_unknown(world: &World, channel: ChannelId) {
    let sql = format!(
        "WITH taken AS (UPDATE channels SET last_seq = last_seq + 1 WHERE id = {channel} RETURNING *)
         INSERT INTO channel_events (channel_id, seq, tenant_id, kind, actor_id, payload, created_at)
         SELECT id, last_seq, tenant_id, 'attachment_ready', 1, '{{\"attachmentId\": 5}}', now() FROM taken"
    );
    world.execute(&sql).await;
}

#[tokio::test]
async fn an_event_of_a_kind_that_only_a_newer_version_knows_keeps_its_place_and_holds_up_nothing() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut client = gateway.connect(2).await;
    append_unknown(&world, channel).await;
    world.send(1, channel, "after it").await;
    let unknown = client.expect_seq(channel, 2).await;
    assert_eq!(unknown["type"], "UNKNOWN_EVENT");
    let told = json!({ "channelId": channel, "kind": "attachment_ready" });
    assert_eq!(unknown["payload"], told);
    client.expect_seq(channel, 3).await;

    let mut back = gateway.open(2, "&resume=1").await;
    back.expect("CONNECTED").await;
    back.resume(&[(channel, 1)]).await;
    assert_eq!(back.expect_seq(channel, 2).await, unknown);
    back.expect_seq(channel, 3).await;
    back.expect("RESUMED").await;
    world.send(1, channel, "live").await;
    client.expect_seq(channel, 4).await;
    back.expect_seq(channel, 4).await;
}

#[tokio::test]
async fn what_a_newer_version_publishes_goes_out_as_it_says_it() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut client = gateway.connect(2).await;
    world.send(1, channel, "redis is listened to").await;
    client.expect_seq(channel, 2).await;
    let frame = json!({
        "type": "UNKNOWN_EVENT",
        "payload": { "channelId": channel, "kind": "newer" },
        "timestamp": 1_790_000_000_000_i64, "channelId": channel, "seq": 3,
    });
    let bytes = format!("e {channel} 3 newer -\n{frame}");
    let mut publisher = world.app.redis().publisher().await.unwrap();
    let topic = Topic::Channel(World::person(1).tenant(), channel);
    publisher.publish(&[(topic, bytes.into())]).await.unwrap();
    assert_eq!(client.expect_seq(channel, 3).await, frame);
}
