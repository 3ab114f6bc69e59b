//! How sockets end.

use discuss_test_support::{PATIENCE, World, token, until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::process::Gateway;

/// A socket, by no client of WebSockets: that would answer pings and closes by itself.
async fn connect_bare(gateway: &Gateway) -> TcpStream {
    let mut stream = TcpStream::connect(&gateway.address).await.unwrap();
    let upgrade = format!(
        "GET /ws/discuss?token={} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        token(World::TENANT, 1),
        gateway.address
    );
    stream.write_all(upgrade.as_bytes()).await.unwrap();
    stream
}

/// Whether a close frame of this code is among the bytes.
fn closes(bytes: &[u8], code: u16) -> bool {
    let is_close = |bytes: &[u8]| bytes[0] == 0x88 && bytes[2..] == code.to_be_bytes();
    bytes.windows(4).any(is_close)
}

#[tokio::test]
async fn who_is_silent_for_too_long_is_closed() {
    let world = World::new().await;
    let settings = [("GATEWAY_PING_MS", "50"), ("GATEWAY_SILENCE_MS", "100")];
    let gateway = Gateway::start_with(&world, &settings).await;
    let mut silent = connect_bare(&gateway).await;
    let mut read = Vec::new();
    while !closes(&read, 4002) {
        let more = timeout(PATIENCE, silent.read_buf(&mut read)).await;
        assert_ne!(more.expect("nothing was sent").unwrap(), 0, "no close");
    }
}

#[tokio::test]
async fn who_says_that_they_go_is_let_go_at_once() {
    let world = World::new().await;
    // Less than a client has to answer a close frame.
    let settings = [("GATEWAY_FIRST_FRAME_MS", "2500")];
    let gateway = Gateway::start_with(&world, &settings).await;
    let mut leaving = connect_bare(&gateway).await;
    let (mut some, mut read) = ([0; 1], Vec::new());
    leaving.read_exact(&mut some).await.unwrap();
    let mut silent = gateway.open_at("/ws/discuss").await;
    // 1000, masked with nothing.
    let close = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
    leaving.write_all(&close).await.unwrap();
    tokio::select! {
        biased;
        () = silent.expect_refusal("UNAUTHORIZED", 4401) => panic!("the other took longer"),
        end = leaving.read_to_end(&mut read) => drop(end.unwrap()),
    }
    assert!(closes(&read, 1000));
}

#[tokio::test]
async fn a_connection_that_is_lost_is_no_broken_frame() {
    let world = World::new().await;
    let gateway = Gateway::start(&world).await;
    drop(gateway.connect(1).await);
    until("the end is counted", async || {
        gateway.metrics().await.contains("closes_total{reason=")
    })
    .await;
    let metrics = gateway.metrics().await;
    let lost = "closes_total{reason=\"normal\"} 1";
    assert!(metrics.contains(lost), "{metrics}");
}
