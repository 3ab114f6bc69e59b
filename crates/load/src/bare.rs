//! A tiny server in this process whose sockets only write, and as many clients that only read:
//! what deliveries cost on this machine when nothing else is done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, accept_async_with_config, client_async_with_config};

use crate::latency::{Recorder, Summary};
use crate::processes::own_cpu_seconds;

/// About the size of a message's frame.
const PADDING: usize = 380;

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
    let (frames, _) = broadcast::channel::<Utf8Bytes>(1024);
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    for lane in 0..load.sockets {
        let (client, accepted) = tokio::join!(
            TcpStream::connect(listener.local_addr()?),
            listener.accept()
        );
        let (client, (server, _)) = (client?, accepted?);
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        tasks.spawn(write(server, frames.subscribe()));
        tasks.spawn(read(client, began, (Arc::clone(&recorder), lane)));
    }
    // Every socket is past its handshake before the first frame is due.
    sleep(Duration::from_millis(200)).await;
    let (cpu, start) = (own_cpu_seconds(), Instant::now());
    broadcast_at_rate(load, began, &frames).await;
    sleep(Duration::from_millis(200)).await;
    let cpu = own_cpu_seconds() - cpu;
    drop(frames);
    while tasks.join_next().await.is_some() {}
    let latency = recorder.summary();
    let delivered = f64::from(u32::try_from(latency.count)?);
    Ok(Bare {
        sockets: load.sockets,
        deliveries_per_second: delivered / (start.elapsed().as_secs_f64() - 0.2),
        latency,
        cpu_micros_per_delivery: cpu * 1e6 / delivered.max(1.0),
    })
}

async fn broadcast_at_rate(load: Load, began: Instant, frames: &broadcast::Sender<Utf8Bytes>) {
    let start = Instant::now();
    let step = Duration::from_secs(1) / load.rate.max(1);
    let padding = "x".repeat(PADDING);
    let mut due = start;
    while due < start + load.time {
        sleep_until(due.into()).await;
        let micros = (due - began).as_micros();
        // Nobody listens only when no sockets were asked for.
        drop(frames.send(Utf8Bytes::from(format!("{micros} {padding}"))));
        due += step;
    }
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

async fn read(
    stream: TcpStream,
    began: Instant,
    (recorder, lane): (Arc<Recorder>, u32),
) -> anyhow::Result<()> {
    let handshake = client_async_with_config("ws://127.0.0.1/", stream, Some(small_buffers()));
    let (mut socket, _): (WebSocketStream<TcpStream>, _) = handshake.await?;
    while let Some(Ok(Message::Text(text))) = socket.next().await {
        let due = text
            .split_once(' ')
            .and_then(|(micros, _)| micros.parse().ok())
            .map(Duration::from_micros);
        recorder.record(
            u64::from(lane),
            began.elapsed().saturating_sub(due.unwrap_or_default()),
        );
    }
    Ok(())
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
