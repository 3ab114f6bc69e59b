//! A client that does not take its frames.

use std::io;
use std::time::Duration;

use discuss_test_support::{World, token};
use futures_util::SinkExt as _;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, Sent};
use crate::process::Gateway;

/// A connection of somebody for whom the system holds little.
async fn open_narrow(gateway: &Gateway, user: i64, query: &str) -> Client {
    let token = token(World::TENANT, user);
    let path = format!("/ws/discuss?token={token}{query}");
    let mut client = Client::open_narrow(&gateway.address, &path).await;
    client.expect("CONNECTED").await;
    client
}

#[tokio::test]
async fn who_does_not_take_its_frames_is_closed_and_resumes_without_a_loss() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut slow = open_narrow(&gateway, 2, "").await;
    let mut quick = gateway.connect(1).await;

    // More than the connection, the queue and the memory of the hub hold together.
    let text = "x".repeat(10_000);
    let mut sent = 0;
    for _ in 0..6 {
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

/// A connection for which the system holds so many bytes.
async fn connect_holding(address: &str, bytes: u32) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(bytes).unwrap();
    socket.connect(address.parse().unwrap()).await.unwrap()
}

#[tokio::test]
async fn who_reads_slowly_does_not_keep_others_from_reading() {
    let world = World::new().await;
    let people: Vec<i64> = (2..=18).collect();
    let channel = world.group(1, &people).await;
    let text = "x".repeat(10_000);
    for _ in 0..5 {
        futures_util::future::join_all((0..60).map(|_| world.send(1, channel, &text))).await;
    }
    let gateway = Gateway::start(&world).await;
    // As many as read at the same time. They take no more than they may at a time.
    let may_take = watch::Sender::new(4);
    let mut readings = Vec::new();
    for user in 2..18 {
        let mut slow = open_narrow(&gateway, user, "&resume=1").await;
        slow.resume(&[(channel, 1)]).await;
        slow.expect_seq(channel, 2).await;
        let mut may_take = may_take.subscribe();
        readings.push(tokio::spawn(async move {
            for seq in 3..=60 {
                may_take.wait_for(|last| seq <= *last).await.unwrap();
                slow.expect_seq(channel, seq).await;
            }
        }));
    }
    let mut quick = gateway.open(18, "&resume=1").await;
    quick.expect("CONNECTED").await;
    quick.resume(&[(channel, 1)]).await;
    for seq in 2..=301 {
        quick.expect_seq(channel, seq).await;
        may_take.send_replace(4 + seq / 10);
    }
    quick.expect("RESUMED").await;
    // The others have much of it still before them, and nobody was cut to make room.
    may_take.send_replace(60);
    for reading in readings {
        reading.await.unwrap();
    }
}

/// Takes no more than 10 KB a second, but takes it, until the end; answers how much that was, and how it ended.
async fn take_slowly(mut stream: TcpStream) -> (usize, io::Result<usize>) {
    let mut taken = 0;
    let mut some = [0; 2_500];
    loop {
        match stream.read(&mut some).await {
            Ok(count @ 1..) => taken += count,
            end => return (taken, end),
        }
        sleep(Duration::from_millis(250)).await;
    }
}

#[tokio::test]
async fn who_is_closed_and_takes_the_rest_slowly_is_cut() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut quick = gateway.connect(1).await;
    let stream = connect_holding(&gateway.address, 65_536).await;
    let token = token(World::TENANT, 2);
    let url = format!("ws://{}/ws/discuss?token={token}", gateway.address);
    let (mut slow, _) = tokio_tungstenite::client_async(&url, stream).await.unwrap();
    let text = "x".repeat(10_000);
    for seq in 2..=101 {
        world.send(1, channel, &text).await;
        quick.expect_seq(channel, seq).await;
    }
    slow.send(Message::text("no frame")).await.unwrap();
    // What waited is dropped, and what the system holds for the client is not waited for either.
    let (taken, end) = take_slowly(slow.into_inner()).await;
    assert!(taken < 100 * text.len());
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn who_is_in_more_channels_than_may_wait_connects_all_the_same() {
    let world = World::new().await;
    futures_util::future::join_all((0..100).map(|_| world.group(1, &[]))).await;
    let gateway = Gateway::start_with(&world, &[("GATEWAY_QUEUE_BYTES", "600")]).await;
    let mut client = gateway.open(1, "").await;
    let connected = client.expect("CONNECTED").await;
    let channels = connected["payload"]["channels"].as_object().unwrap();
    assert_eq!(channels.len(), 100);
    client.expect_silence().await;
}
