//! A client that does not take its frames.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use discuss_test_support::{World, token};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::net::TcpSocket;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;

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

/// Resumes the channel, and takes of it no more than 160 KB a second: what the system holds for it is little. `most` is
/// how many frames anybody has taken so; what `begun` counts has been given some.
async fn resume_slowly(
    (address, channel): (String, String),
    user: i64,
    (begun, most): (Arc<Semaphore>, Arc<AtomicUsize>),
) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let token = token(World::TENANT, user);
    let url = format!("ws://{address}/ws/discuss?token={token}&resume=1");
    let (mut client, _) = tokio_tungstenite::client_async(&url, stream).await.unwrap();
    let resume = json!({ "type": "RESUME", "payload": { "channels": { channel: 1 } } });
    let resume = Message::text(resume.to_string());
    client.send(resume).await.unwrap();
    let mut taken = 0;
    while let Some(Ok(frame)) = client.next().await {
        taken += 1;
        if taken == 3 {
            begun.add_permits(1);
        }
        most.fetch_max(taken, Ordering::Relaxed);
        sleep(Duration::from_millis(
            u64::try_from(frame.len()).unwrap() / 160,
        ))
        .await;
    }
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
    let (begun, most) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    // As many as read at the same time, for longer than a turn lasts.
    for user in 2..18 {
        let place = (gateway.address.clone(), channel.to_string());
        let counts = (Arc::clone(&begun), Arc::clone(&most));
        tokio::spawn(resume_slowly(place, user, counts));
    }
    begun.acquire_many(16).await.unwrap().forget();
    let mut quick = gateway.open(18, "&resume=1").await;
    quick.expect("CONNECTED").await;
    quick.resume(&[(channel, 1)]).await;
    for seq in 2..=301 {
        quick.expect_seq(channel, seq).await;
    }
    quick.expect("RESUMED").await;
    // The others have much of it still before them.
    assert!(most.load(Ordering::Relaxed) < 150);
}
