//! A client that does not take its frames.

use discuss_test_support::World;

use crate::client::Sent;
use crate::process::Gateway;

#[tokio::test]
async fn who_does_not_take_its_frames_is_closed_and_resumes_without_a_loss() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let (mut slow, mut quick) = (gateway.connect(2).await, gateway.connect(1).await);

    // More than the socket's buffers and the queue hold together.
    let text = "x".repeat(10_000);
    let mut sent = 0;
    for _ in 0..40 {
        futures_util::future::join_all((0..50).map(|_| world.send(1, channel, &text))).await;
        for _ in 0..50 {
            sent += 1;
            quick.expect_seq(channel, 1 + sent).await;
        }
    }

    let mut had = 1;
    let closed = loop {
        match slow.next().await {
            Sent::Frame(frame) if frame["seq"].is_null() => {}
            Sent::Frame(frame) => {
                had += 1;
                assert_eq!(frame["seq"], had);
            }
            Sent::Closed(code) => break code,
        }
    };
    assert_eq!(closed, 4008);
    assert!(had < 1 + sent, "nothing was held back");
    let mut back = gateway.open(2, "&resume=1").await;
    back.expect("CONNECTED").await;
    back.resume(&[(channel, had)]).await;
    for seq in had + 1..=1 + sent {
        back.expect_seq(channel, seq).await;
    }
    back.expect("RESUMED").await;
}
