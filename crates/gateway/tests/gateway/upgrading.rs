//! What the upgrade asks for, and what it is answered.

use discuss_test_support::{World, token};

use crate::client::Client;
use crate::process::{Gateway, PATIENT};

#[tokio::test]
async fn the_protocol_that_is_answered_is_the_one_that_is_spoken() {
    let world = World::new().await;
    let gateway = Gateway::start(&world).await;
    let url = format!(
        "ws://{}/ws/discuss?token={}",
        gateway.address,
        token(World::TENANT, 1)
    );
    let headers = [("Sec-WebSocket-Protocol", "v12.stomp, discuss.v1")];
    let mut client = Client::open(&url, &headers).await.unwrap();
    assert_eq!(
        client.upgrade.headers()["Sec-WebSocket-Protocol"],
        "discuss.v1"
    );
    client.expect("CONNECTED").await;
}

#[tokio::test]
async fn what_the_url_says_twice_is_taken_as_it_says_it_first() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start_with(&world, &PATIENT).await;
    let mut live = gateway.connect(2).await;
    let mut client = gateway.open(2, "&resume=1&resume=0&token=x").await;
    client.expect("CONNECTED").await;
    world.send(1, channel, "not before the resume").await;
    live.expect_seq(channel, 2).await;
    client.expect_silence().await;
}
