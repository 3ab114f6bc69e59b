//! Somebody with a socket, who remembers every frame.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::stream::SplitSink;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::dialer::{Dialer, Socket};
use crate::people::Person;

/// How long anything may take to be seen.
const PATIENCE: Duration = Duration::from_secs(15);

/// A frame, and when it came.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) at: Instant,
    pub(super) value: Value,
}

/// Somebody with a socket.
pub(super) struct Onlooker {
    pub(super) name: &'static str,
    pub(super) person: Person,
    frames: Arc<Mutex<Vec<Frame>>>,
    arrivals: watch::Sender<usize>,
    connection: Option<Connection>,
}

struct Connection {
    sink: SplitSink<Socket, Message>,
    reading: JoinHandle<()>,
}

impl Onlooker {
    pub(super) fn new(name: &'static str, person: Person) -> Self {
        Self {
            name,
            person,
            frames: Arc::default(),
            arrivals: watch::Sender::new(0),
            connection: None,
        }
    }

    /// Opens a socket; who had one before takes up where it broke off.
    pub(super) async fn connect(&mut self, dialer: &Dialer) -> anyhow::Result<()> {
        let seen = self.positions();
        let resume = if seen.is_empty() { "" } else { "&resume=1" };
        let query = format!("token={}{resume}", self.person.token);
        let (sink, mut stream) = dialer.open(0, 0, &query).await?.split();
        let (frames, arrivals) = (Arc::clone(&self.frames), self.arrivals.clone());
        let reading = tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                let Message::Text(text) = message else {
                    continue;
                };
                let Ok(value) = serde_json::from_str(&text) else {
                    continue;
                };
                let at = Instant::now();
                lock(&frames).push(Frame { at, value });
                arrivals.send_modify(|count| *count += 1);
            }
        });
        self.connection = Some(Connection { sink, reading });
        if !seen.is_empty() {
            self.say(&json!({ "type": "RESUME", "payload": { "channels": seen } }))
                .await?;
        }
        Ok(())
    }

    /// Loses the connection, without a word.
    pub(super) fn lose_connection(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.reading.abort();
        }
    }

    /// Sends a frame.
    pub(super) async fn say(&mut self, frame: &Value) -> anyhow::Result<()> {
        if let Some(connection) = &mut self.connection {
            connection
                .sink
                .send(Message::text(frame.to_string()))
                .await?;
        }
        Ok(())
    }

    /// The first frame that `is_it`; waits for it a while.
    pub(super) async fn find(&self, is_it: impl Fn(&Value) -> bool) -> Option<Frame> {
        let mut arrivals = self.arrivals.subscribe();
        let looking = async {
            loop {
                arrivals.mark_unchanged();
                let found = lock(&self.frames)
                    .iter()
                    .find(|frame| is_it(&frame.value))
                    .cloned();
                if found.is_some() {
                    return found;
                }
                arrivals.changed().await.ok()?;
            }
        };
        timeout(PATIENCE, looking).await.ok().flatten()
    }

    /// The frames so far that `is_it`.
    pub(super) fn all(&self, is_it: impl Fn(&Value) -> bool) -> Vec<Frame> {
        let frames = lock(&self.frames);
        frames
            .iter()
            .filter(|frame| is_it(&frame.value))
            .cloned()
            .collect()
    }

    /// The last seq of each channel that something was heard of.
    fn positions(&self) -> HashMap<String, u64> {
        let mut positions = HashMap::new();
        for frame in lock(&self.frames).iter() {
            let place = |member| frame.value.get(member).and_then(Value::as_u64);
            if let (Some(channel), Some(seq)) = (place("channelId"), place("seq")) {
                let last = positions.entry(channel.to_string()).or_insert(seq);
                *last = seq.max(*last);
            }
        }
        positions
    }
}

fn lock(frames: &Mutex<Vec<Frame>>) -> MutexGuard<'_, Vec<Frame>> {
    frames.lock().unwrap_or_else(PoisonError::into_inner)
}
