//! How often people may send.

use discuss_domain::ChannelId;
use discuss_test_support::{World, token};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::process::Gateway;

/// Sends; the answer.
async fn send(client: &mut Client, channel: ChannelId, content: &str, id: Option<Uuid>) -> Value {
    let payload = json!({ "channelId": channel.get(), "content": content, "clientMessageId": id });
    client.answer_to("SEND_MESSAGE", payload).await
}

#[tokio::test]
async fn all_sockets_of_a_person_share_what_they_may_send() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let limit = [("RATE_LIMIT_SENDS", "1")];
    let (one, other) = (
        Gateway::start_with(&world, &limit).await,
        Gateway::start_with(&world, &limit).await,
    );
    let (mut here, mut there) = (one.connect(1).await, other.connect(1).await);
    let mut binh = other.connect(2).await;

    let id = Uuid::new_v4();
    let sent = send(&mut here, channel, "once", Some(id)).await;
    assert_eq!(sent["type"], "MESSAGE_SENT");
    let error = send(&mut there, channel, "too often", None).await;
    assert_eq!(error["payload"]["code"], "TOO_MANY_REQUESTS");
    let millis = error["payload"]["details"]["retryAfterMs"].as_u64();
    assert!(
        millis.is_some_and(|millis| (1..=60_000).contains(&millis)),
        "{error}"
    );

    // The socket goes on, what was sent before is answered, and others may send.
    let sent = send(&mut there, channel, "once", Some(id)).await;
    assert_eq!(sent["type"], "MESSAGE_SENT");
    let sent = send(&mut binh, channel, "mine", None).await;
    assert_eq!(sent["type"], "MESSAGE_SENT");
    assert_eq!(world.number("SELECT count(*) FROM messages").await, 2);
}

#[tokio::test]
async fn what_a_person_says_beside_sends_counts_too_and_not_what_their_program_says() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let limits = [("RATE_LIMIT_READS", "5"), ("RATE_LIMIT_TENANT", "1")];
    let gateway = Gateway::start_with(&world, &limits).await;
    let (here, id) = (json!({ "channelId": channel }), channel.to_string());
    let mut an = gateway.connect(1).await;
    let read = json!({ "channelId": channel, "messageId": 1 });
    for (kind, payload) in [
        ("TYPING_START", &here),
        ("TYPING_STOP", &here),
        ("TYPING_START", &here),
        ("SET_PRESENCE", &json!({ "device": "web" })),
        ("MARK_READ", &read),
        ("UNSUBSCRIBE_CHANNEL", &here),
    ] {
        an.say(json!({ "type": kind, "payload": payload })).await;
    }
    an.expect("CHANNEL_UNSUBSCRIBED").await;

    let positions = json!({ "channels": { id.as_str(): 1 } });
    for (kind, payload) in [
        ("TYPING_START", &here),
        ("SUBSCRIBE_CHANNEL", &here),
        ("RESUME", &positions),
    ] {
        let error = an.ask(kind, payload.clone(), "ERROR").await;
        assert_eq!(error["payload"]["code"], "TOO_MANY_REQUESTS", "{kind}");
        assert!(error["payload"]["details"]["retryAfterMs"].is_u64());
    }
    let ack = json!({ "type": "ACK", "payload": positions });
    an.say(ack).await;
    let auth = json!({ "token": token(3, 1), "resume": positions });
    an.ask("AUTH", auth, "CONNECTED").await;
    let error = an.expect("ERROR").await;
    assert_eq!(error["payload"]["code"], "TOO_MANY_REQUESTS");
    // Their tenant has its calls for what is sent.
    let sent = send(&mut an, channel, "among all", None).await;
    assert_eq!(sent["type"], "MESSAGE_SENT");
    // Who comes back may resume.
    let mut back = gateway.open(1, "&resume=1").await;
    back.expect("CONNECTED").await;
    back.resume(&[(channel, 1)]).await;
    back.expect_seq(channel, 2).await;
    back.expect("RESUMED").await;
}
