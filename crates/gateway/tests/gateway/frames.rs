//! Frames that are too large, too many, or never end.

use discuss_test_support::World;

use crate::client::Sent;
use crate::process::Gateway;

/// The header of a text frame that declares so many bytes.
fn header(length: u64) -> Vec<u8> {
    let mut header = vec![0x81, 0xff];
    header.extend(length.to_be_bytes());
    header.extend([0; 4]);
    header
}

#[tokio::test]
async fn a_frame_that_declares_too_much_is_refused_before_it_comes() {
    let world = World::new().await;
    let gateway = Gateway::start(&world).await;
    let mut client = gateway.connect(1).await;
    client.write_raw(&header(300 * 1024 * 1024)).await;
    client.expect_refusal("INVALID_FRAME", 4400).await;
}

#[tokio::test]
async fn what_comes_of_a_refused_frame_is_not_kept_and_its_client_hears_why() {
    let world = World::new().await;
    let gateway = Gateway::start(&world).await;
    let mut client = gateway.connect(1).await;
    client.write_raw(&header(1024 * 1024)).await;
    client.write_raw(&vec![b'x'; 1024 * 1024]).await;
    client.expect_refusal("INVALID_FRAME", 4400).await;
}

#[tokio::test]
async fn who_sends_too_many_frames_is_closed_for_a_while() {
    let world = World::new().await;
    let gateway = Gateway::start_with(&world, &[("RATE_LIMIT_FRAMES", "120")]).await;
    let mut client = gateway.connect(1).await;
    for _ in 0..121 {
        client.say_text(r#"{"type":"PING"}"#).await;
    }
    let error = client.find("ERROR").await;
    assert_eq!(error["payload"]["code"], "CONNECTION_THROTTLED");
    assert_eq!(client.next().await, Sent::Closed(4429));
}

#[tokio::test]
async fn parts_of_a_message_without_end_are_counted_like_frames() {
    let world = World::new().await;
    let gateway = Gateway::start_with(&world, &[("RATE_LIMIT_FRAMES", "120")]).await;
    let mut client = gateway.connect(1).await;
    let mut parts = vec![0x01, 0x80, 0, 0, 0, 0];
    parts.extend([0x00, 0x80, 0, 0, 0, 0].repeat(200));
    client.write_raw(&parts).await;
    client.expect_refusal("CONNECTION_THROTTLED", 4429).await;
}
