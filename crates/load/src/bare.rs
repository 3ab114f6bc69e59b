//! A tiny server in this process whose sockets only write, and as many clients that read and check like those of all
//! other commands: what deliveries cost on this machine when the server does nothing else.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, accept_async_with_config, client_async_with_config};

use crate::checker::{Inbox, Seen};
use crate::client_ids::RunId;
use crate::faults::Faults;
use crate::frame::{self, Incoming};
use crate::latency::{Recorder, Summary};
use crate::ledger::Ledger;
use crate::processes::own_cpu_seconds;

/// The channel that all frames are of.
const CHANNEL: u64 = 1;
/// Of a message's text, in bytes: its frame is about as long as those of the corpus.
const TEXT: usize = 60;

/// What to do to bare sockets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// How many sockets.
    pub(crate) sockets: u32,
    /// Frames a second to every socket.
    pub(crate) rate: u32,
    /// For how long.
    pub(crate) time: Duration,
}

/// What bare sockets did.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bare {
    /// The sockets.
    pub(crate) sockets: u32,
    /// Deliveries a second.
    pub(crate) deliveries_per_second: f64,
    /// Latency from the time a frame was due, in milliseconds.
    pub(crate) latency: Summary,
    /// CPU for writing and reading one delivery, both ends, in microseconds.
    pub(crate) cpu_micros_per_delivery: f64,
}

/// Loads bare sockets.
pub(crate) async fn measure(load: Load) -> anyhow::Result<Bare> {
    let recorder = Arc::new(Recorder::new()?);
    let ledger = Arc::new(Ledger::new(RunId::from_seed(fastrand::u64(..))));
    let (frames, _) = broadcast::channel::<Utf8Bytes>(1024);
    let (mut writers, mut readers) = (JoinSet::new(), JoinSet::new());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    for lane in 0..load.sockets {
        let (client, accepted) = tokio::join!(
            TcpStream::connect(listener.local_addr()?),
            listener.accept()
        );
        let (client, (server, _)) = (client?, accepted?);
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        writers.spawn(write(server, frames.subscribe()));
        let measures = (Arc::clone(&ledger), Arc::clone(&recorder));
        readers.spawn(read(client, lane.into(), measures));
    }
    // Every socket is past its handshake before the first frame is due.
    sleep(Duration::from_millis(200)).await;
    let (cpu, start) = (own_cpu_seconds(), Instant::now());
    broadcast_at_rate(load, &ledger, &frames).await;
    sleep(Duration::from_millis(200)).await;
    let cpu = own_cpu_seconds() - cpu;
    drop(frames);
    while writers.join_next().await.is_some() {}
    let mut faults = Faults::default();
    while let Some(read) = readers.join_next().await {
        faults.add(read??);
    }
    anyhow::ensure!(faults.is_none(), "bare sockets at fault: {faults:?}");
    let latency = recorder.summary();
    let delivered = f64::from(u32::try_from(latency.count)?);
    Ok(Bare {
        sockets: load.sockets,
        deliveries_per_second: delivered / (start.elapsed().as_secs_f64() - 0.2),
        latency,
        cpu_micros_per_delivery: cpu * 1e6 / delivered.max(1.0),
    })
}

async fn broadcast_at_rate(load: Load, ledger: &Ledger, frames: &broadcast::Sender<Utf8Bytes>) {
    let start = Instant::now();
    let step = Duration::from_secs(1) / load.rate.max(1);
    let text = "x".repeat(TEXT);
    let hash = frame::hash(&text);
    let (mut due, mut number) = (start, 1);
    while due < start + load.time {
        sleep_until(due.into()).await;
        ledger.enter(
            number,
            CHANNEL,
            hash,
            ledger.now().saturating_sub(due.elapsed()),
        );
        // Nobody listens only when no sockets were asked for.
        drop(frames.send(frame_of(ledger.run, number, &text)));
        due += step;
        number += 1;
    }
}

/// The frame of a message, as the gateway writes it.
fn frame_of(run: RunId, number: u64, text: &str) -> Utf8Bytes {
    let at = 1_790_000_000_000_u64 + number;
    let message = json!({
        "id": number, "seq": number, "channelId": CHANNEL, "tenantId": 1, "senderId": 1,
        "sender": { "id": 1, "name": "Person 1" }, "content": text, "messageType": "TEXT", "mentions": [],
        "threadCount": 0, "threadParticipants": [], "reactions": [], "isEdited": false, "isDeleted": false,
        "clientMessageId": run.client_id(number), "createdAt": at, "updatedAt": at,
    });
    let frame = json!({
        "type": "NEW_MESSAGE", "channelId": CHANNEL, "seq": number, "payload": { "message": message }, "timestamp": at,
    });
    Utf8Bytes::from(frame.to_string())
}

async fn write(
    stream: TcpStream,
    mut frames: broadcast::Receiver<Utf8Bytes>,
) -> anyhow::Result<()> {
    let mut socket = accept_async_with_config(stream, Some(small_buffers())).await?;
    while let Ok(frame) = frames.recv().await {
        socket.send(Message::Text(frame)).await?;
    }
    socket.close(None).await?;
    Ok(())
}

/// Reads until the end; what is held against the server.
async fn read(
    stream: TcpStream,
    lane: u64,
    (ledger, recorder): (Arc<Ledger>, Arc<Recorder>),
) -> anyhow::Result<Faults> {
    let handshake = client_async_with_config("ws://127.0.0.1/", stream, Some(small_buffers()));
    let (mut socket, _): (WebSocketStream<TcpStream>, _) = handshake.await?;
    let mut inbox = Inbox::new(lane);
    inbox.connected(&HashMap::from([(CHANNEL, 0)]), false);
    while let Some(Ok(Message::Text(text))) = socket.next().await {
        if let Incoming::Event(event) = frame::parse(&text)?
            && let Seen::Message(since_due) = inbox.apply(&event, &ledger)
        {
            recorder.record(lane, since_due);
        }
    }
    Ok(inbox.faults)
}

fn small_buffers() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_bare_socket_gets_every_frame() {
        let load = Load {
            sockets: 5,
            rate: 100,
            time: Duration::from_millis(100),
        };
        let bare = measure(load).await.unwrap();
        assert_eq!(bare.latency.count, 50);
        assert!(bare.latency.p50 > 0.0);
    }
}
