//! Who types.

use discuss_test_support::World;
use serde_json::{Value, json};

use crate::client::Client;
use crate::process::Gateway;

/// Who is said to type next, and whether they do.
async fn told(client: &mut Client) -> (i64, bool) {
    let frame: Value = client.expect("TYPING_INDICATOR").await;
    let payload = &frame["payload"];
    (
        payload["userId"].as_i64().unwrap(),
        payload["isTyping"].as_bool().unwrap(),
    )
}

#[tokio::test]
async fn the_others_in_a_channel_hear_who_types_until_they_stop() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let (one, other) = (Gateway::start(&world).await, Gateway::start(&world).await);
    let (mut an, mut binh) = (one.connect(1).await, other.connect(2).await);
    let place = json!({ "channelId": channel });
    an.say(json!({ "type": "TYPING_START", "payload": place }))
        .await;
    assert_eq!(told(&mut binh).await, (1, true));
    an.say(json!({ "type": "TYPING_STOP", "payload": place }))
        .await;
    assert_eq!(told(&mut binh).await, (1, false));
    an.expect_nothing_of("TYPING").await;
}

#[tokio::test]
async fn typing_ends_by_itself_when_the_typist_and_their_gateway_vanish() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let (mut one, other) = (Gateway::start(&world).await, Gateway::start(&world).await);
    let (mut an, mut binh) = (one.connect(1).await, other.connect(2).await);
    let place = json!({ "channelId": channel });
    an.say(json!({ "type": "TYPING_START", "payload": place }))
        .await;
    assert_eq!(told(&mut binh).await, (1, true));
    one.child.kill().await.unwrap();
    assert_eq!(told(&mut binh).await, (1, false));
}

#[tokio::test]
async fn who_is_not_in_the_channel_is_not_heard() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let (mut an, mut stranger) = (gateway.connect(1).await, gateway.connect(9).await);
    let place = json!({ "channelId": channel });
    let refused = stranger.ask("TYPING_START", place, "ERROR").await;
    assert_eq!(refused["payload"]["code"], "CHANNEL_NOT_FOUND");
    an.expect_nothing_of("TYPING").await;
}
