//! The STOMP dialect.

use discuss_test_support::{World, token};
use serde_json::json;

use crate::process::{Gateway, PATIENT};
use crate::stomp_client::Stomp;

#[tokio::test]
async fn both_dialects_talk_in_one_channel() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut an = Stomp::subscribed(&gateway, 1).await;
    let mut binh = gateway.connect(2).await;
    assert_eq!(
        an.client.upgrade.headers()["sec-websocket-protocol"],
        "v12.stomp"
    );

    an.say(channel, "message", json!({ "content": "hello: \\ there" }))
        .await;
    let heard = binh.expect_seq(channel, 2).await;
    assert_eq!(heard["payload"]["message"]["content"], "hello: \\ there");
    let (frame, own) = an.expect("MESSAGE_NEW").await;
    assert_eq!(frame.header("subscription"), Some("sub-0"));
    assert_eq!(frame.header("destination"), Some("/user/queue/events"));
    assert_eq!(frame.header("message-id"), Some(&*format!("{channel}-2")));
    assert_eq!(
        (frame.header("channel-id"), frame.header("seq")),
        (Some(&*channel.to_string()), Some("2"))
    );
    assert_eq!(
        frame.header("content-length"),
        Some(&*frame.body.len().to_string())
    );
    assert_eq!(own["channelId"], channel.get());
    assert_eq!(own["payload"]["message"]["messageType"], "STANDARD");
    assert_eq!(
        own["payload"]["messageId"],
        heard["payload"]["message"]["id"]
    );

    let payload = json!({ "channelId": channel, "content": "and back" });
    binh.say(json!({ "type": "SEND_MESSAGE", "payload": payload }))
        .await;
    let (_, told) = an.expect("MESSAGE_NEW").await;
    assert_eq!(told["payload"]["message"]["content"], "and back");
    let message = told["payload"]["messageId"].clone();
    let edit = json!({ "messageId": message, "content": "and back again" });
    binh.say(json!({ "type": "EDIT_MESSAGE", "payload": edit }))
        .await;
    let (_, told) = an.expect("MESSAGE_UPDATED").await;
    assert_eq!(told["payload"]["message"]["content"], "and back again");
}

#[tokio::test]
async fn typing_reading_and_presence_are_told_both_ways() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let message = world.send(2, channel, "hi").await;
    let gateway = Gateway::start(&world).await;
    let mut an = Stomp::subscribed(&gateway, 1).await;
    let mut binh = gateway.connect(2).await;
    an.expect("USER_ONLINE").await;
    an.say(channel, "typing", json!({ "isTyping": true })).await;
    let typing = binh.expect("TYPING_INDICATOR").await;
    assert_eq!(typing["payload"]["isTyping"], true);
    let place = json!({ "channelId": channel });
    binh.say(json!({ "type": "TYPING_START", "payload": place }))
        .await;
    let (_, told) = an.expect("TYPING_START").await;
    assert_eq!(told["payload"]["userId"], 2);
    an.say(channel, "read", json!({ "messageId": message.id }))
        .await;
    let read = binh.expect("MESSAGE_READ").await;
    assert_eq!(read["payload"]["marks"][0]["userId"], 1);
    let (_, told) = an.expect("MESSAGE_READ").await;
    assert_eq!(
        (
            &told["payload"]["userId"],
            &told["payload"]["lastReadMessageId"]
        ),
        (&json!(1), &json!(message.id))
    );
}

#[tokio::test]
async fn what_was_written_to_a_client_of_stomp_counts_as_delivered() {
    let world = World::new().await;
    let channel = world.direct(1, 2).await;
    let gateway = Gateway::start(&world).await;
    let mut an = gateway.connect(1).await;
    let mut binh = Stomp::subscribed(&gateway, 2).await;
    let message = world.send(1, channel, "hi").await;
    binh.expect("MESSAGE_NEW").await;
    an.expect("NEW_MESSAGE").await;
    let told = an.expect("MESSAGE_DELIVERED").await;
    assert_eq!(told["payload"]["lastDeliveredMessageId"], message.id.get());
}

#[tokio::test]
async fn what_was_written_just_before_the_end_counts_too() {
    let world = World::new().await;
    let channel = world.direct(1, 2).await;
    let gateway = Gateway::start(&world).await;
    let mut an = gateway.connect(1).await;
    let mut binh = Stomp::subscribed(&gateway, 2).await;
    world.send(1, channel, "hi").await;
    binh.expect("MESSAGE_NEW").await;
    drop(binh);
    an.find("MESSAGE_DELIVERED").await;
}

#[tokio::test]
async fn a_refused_request_is_told_and_the_connection_goes_on() {
    let world = World::new().await;
    let (own, foreign) = (world.group(1, &[2]).await, world.group(3, &[4]).await);
    let gateway = Gateway::start(&world).await;
    let mut an = Stomp::subscribed(&gateway, 1).await;
    for (channel, what, body, code) in [
        (
            foreign,
            "message",
            json!({ "content": "hi" }),
            "CHANNEL_NOT_FOUND",
        ),
        (
            own,
            "message",
            json!({ "content": " " }),
            "VALIDATION_ERROR",
        ),
        (own, "shout", json!({}), "VALIDATION_ERROR"),
    ] {
        an.say(channel, what, body).await;
        let (_, error) = an.expect("ERROR").await;
        assert_eq!(error["payload"]["code"], code);
    }
    let destination = format!("/app/channels/{own}/message");
    for (receipt, body) in [
        ("refused", r#"{"content":" "}"#),
        ("done", r#"{"content":"hi"}"#),
    ] {
        let headers = [("destination", &*destination), ("receipt", receipt)];
        an.send("SEND", &headers, body).await;
    }
    let (_, error) = an.expect("ERROR").await;
    assert_eq!(error["payload"]["receiptId"], "refused");
    let receipt = loop {
        let frame = an.next().await;
        if frame.command == "RECEIPT" {
            break frame;
        }
    };
    assert_eq!(receipt.header("receipt-id"), Some("done"));
}

#[tokio::test]
async fn nothing_comes_before_the_subscription_and_after_its_end() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut an = Stomp::connected(&gateway, 1).await;
    world.send(2, channel, "not heard").await;
    let headers = [("id", "mine:1"), ("destination", "/user/queue/events")];
    an.send("SUBSCRIBE", &headers, "").await;
    // The start is at the head as of the connection.
    let (frame, first) = an.expect("MESSAGE_NEW").await;
    assert_eq!(frame.header("subscription"), Some("mine\\c1"));
    assert_eq!(first["payload"]["message"]["content"], "not heard");
    an.send("UNSUBSCRIBE", &[("id", "mine:1"), ("receipt", "gone")], "")
        .await;
    loop {
        let frame = an.next().await;
        if frame.command == "RECEIPT" {
            break;
        }
    }
    world.send(2, channel, "not heard either").await;
    an.send("DISCONNECT", &[("receipt", "bye")], "").await;
    let receipt = an.next().await;
    assert_eq!(
        (&*receipt.command, receipt.header("receipt-id")),
        ("RECEIPT", Some("bye"))
    );
    assert_eq!(an.client.next_text().await, Err(1000));
}

#[tokio::test]
async fn who_does_not_keep_to_the_protocol_is_told_and_closed() {
    let world = World::new().await;
    world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    for (command, headers) in [
        (
            "SUBSCRIBE",
            vec![("id", "0"), ("destination", "/topic/all")],
        ),
        ("BEGIN", vec![("transaction", "1")]),
        ("SHOUT", vec![]),
    ] {
        let mut an = Stomp::connected(&gateway, 1).await;
        an.send(command, &headers, "").await;
        an.expect_refusal(4400).await;
    }
    let mut hasty = Stomp::open(&gateway, "v12.stomp").await;
    hasty
        .send("SEND", &[("destination", "/app/channels/1/message")], "{}")
        .await;
    hasty.expect_refusal(4400).await;
    let mut future = Stomp::open(&gateway, "v12.stomp").await;
    future
        .send("CONNECT", &[("accept-version", "2.0")], "")
        .await;
    future.expect_refusal(4400).await;
}

#[tokio::test]
async fn who_is_nobody_is_told_and_closed() {
    let world = World::new().await;
    let gateway = Gateway::start_with(&world, &PATIENT).await;
    for token in [Some("Bearer nonsense"), Some("nonsense"), None] {
        let mut nobody = Stomp::open(&gateway, "v12.stomp").await;
        let mut headers = vec![("accept-version", "1.2")];
        headers.extend(token.map(|token| ("Authorization", token)));
        nobody.send("CONNECT", &headers, "").await;
        nobody.expect_refusal(4401).await;
    }
    let hasty = Gateway::start_with(&world, &[("GATEWAY_FIRST_FRAME_MS", "50")]).await;
    let mut silent = Stomp::open(&hasty, "v12.stomp").await;
    silent.expect_refusal(4401).await;
}

#[tokio::test]
async fn a_drain_closes_as_a_restart() {
    let world = World::new().await;
    let gateway = Gateway::start(&world).await;
    let mut an = Stomp::subscribed(&gateway, 1).await;
    let pid = gateway.child.id().unwrap().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status();
    assert!(killed.unwrap().success());
    // Whether people are there may be told until the end.
    let closed = loop {
        if let Err(code) = an.client.next_text().await {
            break code;
        }
    };
    assert_eq!(closed, 1012);
}

#[tokio::test]
async fn version_1_0_has_no_heart_beats_and_no_escapes() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut an = Stomp::open(&gateway, "v10.stomp").await;
    let bearer = format!("Bearer {}", token(World::TENANT, 1));
    let headers = [("heart-beat", "10000,10000"), ("Authorization", &*bearer)];
    an.send("CONNECT", &headers, "").await;
    let connected = an.next().await;
    assert_eq!(
        (connected.header("version"), connected.header("heart-beat")),
        (Some("1.0"), None)
    );
    let subscribe = "SUBSCRIBE\nid:a\\cb\ndestination:/user/queue/events\n\n\0\n";
    an.client.say_text(subscribe).await;
    world.send(2, channel, "hi").await;
    let (frame, _) = an.expect("MESSAGE_NEW").await;
    assert_eq!(frame.header("subscription"), Some("a\\cb"));
}
