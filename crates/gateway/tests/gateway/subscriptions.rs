//! Hearing less, and more again; and saying what has come.

use discuss_test_support::World;
use serde_json::json;

use crate::process::Gateway;

#[tokio::test]
async fn who_wants_nothing_of_a_channel_hears_nothing_until_they_ask_again() {
    let world = World::new().await;
    let (quiet, other) = (world.group(1, &[2]).await, world.group(1, &[2]).await);
    let gateway = Gateway::start(&world).await;
    let mut binh = gateway.connect(2).await;
    let place = json!({ "channelId": quiet });
    let answer = binh
        .ask("UNSUBSCRIBE_CHANNEL", place.clone(), "CHANNEL_UNSUBSCRIBED")
        .await;
    assert_eq!(answer["payload"], place);
    world.send(1, quiet, "not heard").await;
    world.send(1, other, "heard").await;
    binh.expect_seq(other, 2).await;

    let answer = binh
        .ask("SUBSCRIBE_CHANNEL", place, "CHANNEL_SUBSCRIBED")
        .await;
    assert_eq!(
        answer["payload"],
        json!({ "channelId": quiet, "lastSeq": 2 })
    );
    world.send(1, quiet, "heard again").await;
    binh.expect_seq(quiet, 3).await;
}

#[tokio::test]
async fn who_wants_nothing_of_a_channel_is_told_what_they_read_elsewhere_and_hears_it_when_they_resume_it()
 {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let message = world.send(1, channel, "hi").await;
    let gateway = Gateway::start(&world).await;
    let (mut binh, mut phone) = (gateway.connect(2).await, gateway.connect(2).await);
    let place = json!({ "channelId": channel });
    binh.ask("UNSUBSCRIBE_CHANNEL", place, "CHANNEL_UNSUBSCRIBED")
        .await;
    let read = json!({ "channelId": channel, "messageId": message.id });
    phone
        .say(json!({ "type": "MARK_READ", "payload": read }))
        .await;
    binh.find("UNREAD_COUNT_UPDATED").await;

    world.send(1, channel, "missed").await;
    binh.resume(&[(channel, 2)]).await;
    binh.expect_seq(channel, 3).await;
    binh.expect("RESUMED").await;
    world.send(1, channel, "heard").await;
    binh.expect_seq(channel, 4).await;
}

#[tokio::test]
async fn who_has_yet_to_resume_can_not_ask_to_hear_more_or_less_before() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut binh = gateway.open(2, "&resume=1").await;
    binh.expect("CONNECTED").await;
    let place = json!({ "channelId": channel });
    for request in ["SUBSCRIBE_CHANNEL", "UNSUBSCRIBE_CHANNEL"] {
        let refused = binh.ask(request, place.clone(), "ERROR").await;
        assert_eq!(refused["payload"]["code"], "SERVICE_UNAVAILABLE");
    }
    world.send(1, channel, "missed").await;
    binh.resume(&[(channel, 1)]).await;
    binh.expect_seq(channel, 2).await;
    binh.expect("RESUMED").await;
    binh.ask("SUBSCRIBE_CHANNEL", place, "CHANNEL_SUBSCRIBED")
        .await;
    world.send(1, channel, "heard").await;
    binh.expect_seq(channel, 3).await;
}

#[tokio::test]
async fn who_is_not_in_a_channel_can_not_hear_it() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut stranger = gateway.connect(9).await;
    let place = json!({ "channelId": channel });
    for request in ["SUBSCRIBE_CHANNEL", "UNSUBSCRIBE_CHANNEL"] {
        let refused = stranger.ask(request, place.clone(), "ERROR").await;
        assert_eq!(refused["payload"]["code"], "CHANNEL_NOT_FOUND");
    }
    world.send(1, channel, "among us").await;
    stranger.expect_silence().await;
    // Nor has that kept them from hearing it once they are in it.
    world.add(1, channel, &[9]).await;
    stranger.expect_seq(channel, 3).await;
}

#[tokio::test]
async fn the_other_one_of_a_direct_channel_hears_what_has_come() {
    let world = World::new().await;
    let channel = world.direct(1, 2).await;
    let gateway = Gateway::start(&world).await;
    let (mut an, mut binh) = (gateway.connect(1).await, gateway.connect(2).await);
    let message = world.send(1, channel, "hello").await;
    let seq = binh.expect("NEW_MESSAGE").await["seq"].clone();
    let channels = json!({ channel.to_string(): seq });
    binh.say(json!({ "type": "ACK", "payload": { "channels": channels } }))
        .await;
    an.expect("NEW_MESSAGE").await;
    let told = an.expect("MESSAGE_DELIVERED").await;
    let payload = &told["payload"];
    assert_eq!(payload["userId"], 2);
    assert_eq!(payload["lastDeliveredMessageId"], message.id.get());
}
