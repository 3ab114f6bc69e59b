//! Messages, sent and received.

use discuss_test_support::World;
use serde_json::json;

use crate::process::Gateway;

#[tokio::test]
async fn a_message_is_answered_when_it_is_stored_and_comes_to_everybody_in_the_channel() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let (mut sender, mut other_device) = (gateway.connect(1).await, gateway.connect(1).await);
    let (mut reader, mut stranger) = (gateway.connect(2).await, gateway.connect(9).await);

    let id = "7f3b0a52-8d6e-4a34-9c5d-0f6a4c1b2d3e";
    let payload = json!({ "channelId": channel, "content": "hello", "clientMessageId": id });
    sender
        .say(json!({ "type": "SEND_MESSAGE", "requestId": "s", "payload": payload }))
        .await;

    let (first, second) = (sender.next_frame().await, sender.next_frame().await);
    let (answer, news) = if first["type"] == "MESSAGE_SENT" {
        (first, second)
    } else {
        (second, first)
    };
    assert_eq!(answer["requestId"], "s");
    assert_eq!(answer["payload"]["content"], "hello");
    assert_eq!(
        (&answer["seq"], &answer["payload"]["seq"]),
        (&json!(null), &json!(2))
    );
    assert_eq!(
        (&news["type"], &news["seq"]),
        (&json!("NEW_MESSAGE"), &json!(2))
    );
    assert_eq!(news["payload"]["message"]["clientMessageId"], id);
    for client in [&mut other_device, &mut reader] {
        let frame = client.expect_seq(channel, 2).await;
        assert_eq!(frame["payload"]["message"]["content"], "hello");
        assert_eq!(frame["payload"]["message"]["senderId"], 1);
    }
    stranger.expect_silence().await;
}

#[tokio::test]
async fn messages_of_another_process_come_too_in_order_and_once() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut reader = gateway.connect(2).await;
    for number in 0..50 {
        world.send(1, channel, &number.to_string()).await;
    }
    for number in 0..50 {
        let frame = reader.expect_seq(channel, number + 2).await;
        assert_eq!(frame["payload"]["message"]["content"], number.to_string());
    }
    world.send(1, channel, "and no more").await;
    reader.expect_seq(channel, 52).await;
}

#[tokio::test]
async fn who_is_not_in_the_channel_can_not_send_there() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut stranger = gateway.connect(9).await;
    let payload = json!({ "channelId": channel, "content": "hello" });
    stranger
        .say(json!({ "type": "SEND_MESSAGE", "requestId": "s", "payload": payload }))
        .await;
    let error = stranger.expect("ERROR").await;
    assert_eq!(
        (&error["payload"]["code"], &error["requestId"]),
        (&json!("CHANNEL_NOT_FOUND"), &json!("s"))
    );
    assert_eq!(world.number("SELECT count(*) FROM messages").await, 0);
}

#[tokio::test]
async fn a_read_mark_is_told_to_the_reader_and_to_a_small_channel() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let message = world.send(1, channel, "hi").await;
    let gateway = Gateway::start(&world).await;
    let (mut sender, mut reader) = (gateway.connect(1).await, gateway.connect(2).await);

    let payload = json!({ "channelId": channel, "messageId": message.id });
    reader
        .say(json!({ "type": "MARK_READ", "payload": payload }))
        .await;

    let read = sender.expect("MESSAGE_READ").await;
    assert_eq!(read["payload"]["marks"][0]["userId"], 2);
    assert_eq!(
        read["payload"]["marks"][0]["lastReadMessageId"],
        message.id.get()
    );
    let mut missing = vec!["MESSAGE_READ", "UNREAD_COUNT_UPDATED"];
    while !missing.is_empty() {
        let frame = reader.next_frame().await;
        missing.retain(|kind| frame["type"] != *kind);
        if frame["type"] == "UNREAD_COUNT_UPDATED" {
            assert_eq!(frame["payload"]["unreadCount"], 0);
        }
    }
}
