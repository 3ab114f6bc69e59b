//! The end of a gateway.

use discuss_test_support::{PATIENCE, World};
use serde_json::json;
use tokio::process::Command;
use tokio::time::timeout;

use crate::client::Sent;
use crate::process::Gateway;

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

    let pid = gateway.child.id().unwrap().to_string();
    Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .await
        .unwrap();

    assert_eq!(second.expect("RECONNECT").await["payload"]["afterMs"], 700);
    assert_eq!(second.next().await, Sent::Closed(4001));
    drop(second);
    while first.next().await != Sent::Closed(4001) {}
    drop(first);
    let status = timeout(PATIENCE, gateway.child.wait())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(status.code(), Some(0));
}
