//! What a client of STOMP may do, and for how long it may be silent.

use discuss_test_support::{World, token};
use discuss_wire::stomp::{Version, encode};

use crate::process::Gateway;
use crate::stomp_client::Stomp;

#[tokio::test]
async fn frames_count_alike_in_one_message_and_in_many() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start_with(&world, &[("RATE_LIMIT_FRAMES", "20")]).await;
    let mut an = Stomp::subscribed(&gateway, 1).await;
    let destination = format!("/app/channels/{channel}/typing");
    let headers = [("destination", &*destination)];
    let typing = encode("SEND", &headers, br#"{"isTyping":true}"#, Version::V12);
    let many = typing.repeat(21);
    an.client
        .say_text(std::str::from_utf8(&many).unwrap())
        .await;
    an.expect_refusal(4429).await;
}

#[tokio::test]
async fn who_only_listens_stays_as_long_as_their_program_is_there() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let settings = [("GATEWAY_PING_MS", "100"), ("GATEWAY_SILENCE_MS", "1000")];
    let gateway = Gateway::start_with(&world, &settings).await;
    let mut an = Stomp::open(&gateway, "v12.stomp").await;
    let bearer = format!("Bearer {}", token(World::TENANT, 1));
    let headers = [
        ("accept-version", "1.2"),
        ("heart-beat", "0,10000"),
        ("Authorization", &bearer),
    ];
    an.send("CONNECT", &headers, "").await;
    assert_eq!(an.next().await.command, "CONNECTED");
    let headers = [("id", "sub-0"), ("destination", "/user/queue/events")];
    an.send("SUBSCRIBE", &headers, "").await;
    // Each beat is an answered ping: together they are longer than the silence that is borne.
    let mut beats = 0;
    while beats < 15 {
        beats += usize::from(an.client.next_text().await.unwrap() == "\n");
    }
    world.send(2, channel, "still here?").await;
    an.expect("MESSAGE_NEW").await;
}

#[tokio::test]
async fn the_id_of_a_subscription_is_bounded() {
    let world = World::new().await;
    let gateway = Gateway::start(&world).await;
    let mut an = Stomp::connected(&gateway, 1).await;
    let long = "x".repeat(129);
    let headers = [("id", &*long), ("destination", "/user/queue/events")];
    an.send("SUBSCRIBE", &headers, "").await;
    an.expect_refusal(4400).await;
}
