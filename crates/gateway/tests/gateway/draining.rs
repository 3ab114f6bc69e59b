//! The end of a gateway.

use discuss_app::presence::get;
use discuss_test_support::{PATIENCE, World, redis_url, until};
use serde_json::json;
use tokio::process::Command;
use tokio::time::timeout;

use crate::client::Sent;
use crate::process::Gateway;
use crate::proxy::Proxy;
use crate::repairing::host_of;

#[tokio::test]
async fn asked_to_end_it_sends_everybody_away_and_ends_with_0() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let mut gateway = Gateway::start_with(&world, &[("GATEWAY_RECONNECT_MS", "700")]).await;
    let (mut first, mut second) = (gateway.connect(1).await, gateway.connect(2).await);
    let payload = json!({ "channelId": channel, "content": "last words" });
    first
        .say(json!({ "type": "SEND_MESSAGE", "payload": payload }))
        .await;
    second.expect_seq(channel, 2).await;

    ask_to_end(&gateway).await;

    assert_eq!(second.expect("RECONNECT").await["payload"]["afterMs"], 700);
    assert_eq!(second.next().await, Sent::Closed(4001));
    drop(second);
    while first.next().await != Sent::Closed(4001) {}
    drop(first);
    assert_eq!(end_of(&mut gateway).await, Some(0));
}

#[tokio::test]
async fn what_was_read_just_before_the_end_is_kept() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let message = world.send(1, channel, "last words").await;
    let mut gateway = Gateway::start_with(&world, &[("GATEWAY_RECONNECT_MS", "1")]).await;
    let mut reader = gateway.connect(2).await;
    let payload = json!({ "channelId": channel, "messageId": message.id.get() });
    reader
        .say(json!({ "type": "MARK_READ", "payload": payload }))
        .await;
    reader.expect_silence().await;
    ask_to_end(&gateway).await;
    // It ends as soon as everybody is gone, most often before the second is over after which marks are written anyway.
    while !matches!(reader.next().await, Sent::Closed(_)) {}
    drop(reader);
    assert_eq!(end_of(&mut gateway).await, Some(0));
    let read = "SELECT last_read_message_id FROM channel_members WHERE user_id = 2";
    assert_eq!(world.number(read).await, message.id.get());
}

#[tokio::test]
async fn who_was_on_a_gateway_that_ended_is_not_seen_as_there_for_the_rest_of_a_lease() {
    let world = World::new().await;
    let person = World::person(1);
    // When Redis is told of a connection's end in any case is chance: it is a moment before the end, or after it.
    for _ in 0..4 {
        let mut gateway = Gateway::start_with(&world, &[("GATEWAY_RECONNECT_MS", "1")]).await;
        let mut client = gateway.connect(1).await;
        until("Redis knows of the connection", async || {
            let seen = get(&world.app, &person, person.user()).await.unwrap();
            seen.presence.links.iter().any(|link| !link.is_ending)
        })
        .await;
        ask_to_end(&gateway).await;
        while !matches!(client.next().await, Sent::Closed(_)) {}
        drop(client);
        assert_eq!(end_of(&mut gateway).await, Some(0));
        let seen = get(&world.app, &person, person.user()).await.unwrap();
        assert!(seen.presence.links.iter().all(|link| link.is_ending));
    }
}

#[tokio::test]
async fn it_ends_as_well_while_redis_is_away() {
    let world = World::new().await;
    let url = redis_url();
    let proxy = Proxy::start(host_of(&url)).await;
    let through = url.replace(host_of(&url), &proxy.address);
    let settings = [("GATEWAY_RECONNECT_MS", "1"), ("REDIS_URL", &*through)];
    let mut gateway = Gateway::start_with(&world, &settings).await;
    let mut client = gateway.connect(1).await;
    proxy.cut().await;
    ask_to_end(&gateway).await;
    while !matches!(client.next().await, Sent::Closed(4001)) {}
    drop(client);
    assert_eq!(end_of(&mut gateway).await, Some(0));
}

async fn ask_to_end(gateway: &Gateway) {
    let pid = gateway.child.id().unwrap().to_string();
    let status = Command::new("kill").args(["-TERM", &pid]).status().await;
    assert!(status.unwrap().success());
}

async fn end_of(gateway: &mut Gateway) -> Option<i32> {
    let status = timeout(PATIENCE, gateway.child.wait()).await.unwrap();
    status.unwrap().code()
}
