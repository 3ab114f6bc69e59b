//! Changes asked for by a socket, and told to all.

use discuss_test_support::World;
use serde_json::json;

use crate::process::Gateway;

#[tokio::test]
async fn each_change_is_acknowledged_and_told_to_everybody_in_the_channel() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(1, channel, "before").await.id;
    let gateway = Gateway::start(&world).await;
    let (mut sender, mut reader) = (gateway.connect(1).await, gateway.connect(2).await);
    let up = json!({ "messageId": sent, "emoji": "👍" });
    for (seq, kind, payload, told) in [
        (3, "ADD_REACTION", up.clone(), "REACTION_ADDED"),
        (4, "REMOVE_REACTION", up, "REACTION_REMOVED"),
        (
            5,
            "EDIT_MESSAGE",
            json!({ "messageId": sent, "content": "after" }),
            "MESSAGE_EDITED",
        ),
        (
            6,
            "DELETE_MESSAGE",
            json!({ "messageId": sent }),
            "MESSAGE_DELETED",
        ),
    ] {
        let ack = sender.answer_to(kind, payload).await;
        assert_eq!(ack["type"], "ACK", "{ack}");
        assert_eq!(ack["payload"], json!({ "messageId": sent }));
        assert!(ack.get("seq").is_none());
        let frame = reader.expect_seq(channel, seq).await;
        assert_eq!(
            (&frame["type"], &frame["payload"]["messageId"]),
            (&json!(told), &json!(sent))
        );
    }
    // Once more changes nothing, and is acknowledged all the same.
    let again = sender
        .answer_to("DELETE_MESSAGE", json!({ "messageId": sent }))
        .await;
    assert_eq!(again["type"], "ACK");
    world.send(1, channel, "no more of it").await;
    let next = reader.expect_seq(channel, 7).await;
    assert_eq!(next["type"], "NEW_MESSAGE");
    world.require_consistent().await;
}

#[tokio::test]
async fn a_change_that_is_refused_is_an_error_and_changes_nothing() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(1, channel, "before").await.id;
    let gateway = Gateway::start(&world).await;
    let (mut reader, mut stranger) = (gateway.connect(2).await, gateway.connect(9).await);
    let before = world.everything().await;
    let edit = json!({ "messageId": sent, "content": "x" });
    for (kind, payload, code) in [
        ("EDIT_MESSAGE", edit.clone(), "FORBIDDEN"),
        (
            "EDIT_MESSAGE",
            json!({ "messageId": sent }),
            "VALIDATION_ERROR",
        ),
        ("DELETE_MESSAGE", json!({ "messageId": sent }), "FORBIDDEN"),
        (
            "DELETE_MESSAGE",
            json!({ "messageId": 999_999 }),
            "MESSAGE_NOT_FOUND",
        ),
        (
            "ADD_REACTION",
            json!({ "messageId": sent, "emoji": "x" }),
            "VALIDATION_ERROR",
        ),
        (
            "REMOVE_REACTION",
            json!({ "emoji": "👍" }),
            "VALIDATION_ERROR",
        ),
    ] {
        let error = reader.answer_to(kind, payload).await;
        assert_eq!(
            (&error["type"], &error["payload"]["code"]),
            (&json!("ERROR"), &json!(code)),
            "{kind}"
        );
    }
    let error = stranger.answer_to("EDIT_MESSAGE", edit).await;
    assert_eq!(error["payload"]["code"], "MESSAGE_NOT_FOUND");
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn a_socket_sends_replies_and_the_thread_is_told() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let root = world.send(1, channel, "root").await.id;
    let gateway = Gateway::start(&world).await;
    let (mut sender, mut reader) = (gateway.connect(2).await, gateway.connect(1).await);
    let payload = json!({ "channelId": channel, "content": "reply", "parentId": root.to_string() });
    let answer = sender.answer_to("SEND_MESSAGE", payload).await;
    assert_eq!(answer["payload"]["parentId"], root.get());
    let frame = reader.expect_seq(channel, 3).await;
    assert_eq!(frame["payload"]["message"]["parentId"], root.get());
    let frame = reader.expect_seq(channel, 4).await;
    assert_eq!(
        (&frame["type"], &frame["payload"]["threadCount"]),
        (&json!("THREAD_UPDATED"), &json!(1))
    );
}
