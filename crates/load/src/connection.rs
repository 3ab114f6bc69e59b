//! One person's connection for the whole of a run: connects, checks what it is shown, sends what
//! it is given, and when the socket breaks comes back and resumes like a client.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::checker::{Inbox, Seen};
use crate::dialer::Socket;
use crate::frame::{self, Incoming};
use crate::people::Person;
use crate::reload::fill_gap;
use crate::requests::{Pending, Refused, Request};
use crate::rest::Stored;
use crate::stage::{Signal, Stage};

/// The most seqs that a live socket goes back when told to ask again.
const REWIND: u64 = 20;

/// One person's connection.
pub(crate) struct Connection {
    stage: Arc<Stage>,
    person: Person,
    slot: usize,
    inbox: Inbox,
    pending: Pending,
    phase: Phase,
        heeded: Signal,
    lost_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Was never connected.
    New,
    /// Is away, or is back and waits for what it missed.
    Resuming,
    /// Gets events as they happen.
    Live,
}

/// Why a socket is no more.
enum End {
    Stopped,
    Cut,
    Broken,
    /// Closed with a code after which this client doesn't come back.
    Banned(u16),
}

impl Connection {
    /// A connection of `person`; `slot` spreads connections over gateways and sources.
    pub(crate) fn new(stage: Arc<Stage>, person: Person, slot: usize) -> Self {
        let (inbox, heeded) = (Inbox::new(person.user), *stage.signal.borrow());
        let (pending, phase) = (Pending::default(), Phase::New);
        Self {
            stage,
            person,
            slot,
            inbox,
            pending,
            phase,
            heeded,
            lost_at: None,
        }
    }

    /// Stays connected until the run stops, then tells what was seen.
    pub(crate) async fn run(mut self, mut requests: mpsc::Receiver<Request>) -> Inbox {
        let mut signal = self.stage.signal.subscribe();
        loop {
            let opened = tokio::select! {
                socket = self.open() => Some(socket),
                () = stopped(signal.clone()) => None,
            };
            let Some(mut socket) = opened else { break };
            let end = self.serve(&mut socket, &mut requests, &mut signal).await;
            self.leave();
            match end {
                End::Stopped => break,
                End::Banned(code) => {
                    self.stray(&format!("closed with {code}"));
                    break;
                }
                End::Cut => {}
                End::Broken => sleep(Duration::from_millis(fastrand::u64(10..100))).await,
            }
        }
        self.inbox
    }

    async fn open(&self) -> Socket {
        let mut query = format!("token={}", self.person.token);
        if self.phase != Phase::New {
            query.push_str("&resume=1");
        }
        self.stage.dialer.open_patiently(self.slot, &query).await
    }

    async fn serve(
        &mut self,
        socket: &mut Socket,
        requests: &mut mpsc::Receiver<Request>,
        signal: &mut watch::Receiver<Signal>,
    ) -> End {
        // Requests that nobody can hand in any more must not spin the loop.
        let mut handing_in = true;
        loop {
            let taking = handing_in && self.phase == Phase::Live;
            let served = tokio::select! {
                frame = socket.next() => self.receive(socket, frame).await,
                request = requests.recv(), if taking => {
                    handing_in = request.is_some();
                    self.send(socket, request).await
                }
                _ = signal.changed() => {
                    let told = *signal.borrow_and_update();
                    self.heed(socket, told).await
                }
            };
            if let Err(end) = served {
                return end;
            }
        }
    }

    async fn receive(
        &mut self,
        socket: &mut Socket,
        frame: Option<Result<Message, tungstenite::Error>>,
    ) -> Result<(), End> {
        match frame {
            Some(Ok(Message::Text(text))) => self.read(socket, &text).await,
            Some(Ok(Message::Close(close))) => {
                Err(close.map_or(End::Broken, |close| ending(close.code.into())))
            }
            Some(Ok(_)) => Ok(()),
            Some(Err(_)) | None => Err(End::Broken),
        }
    }

    async fn read(&mut self, socket: &mut Socket, text: &str) -> Result<(), End> {
        match frame::parse(text) {
            Ok(Incoming::Event(event)) => {
                if let Seen::Message(since_due) = self.inbox.apply(&event, &self.stage.ledger) {
                    self.count(since_due);
                }
            }
            Ok(Incoming::Batch(events)) => {
                for event in events {
                    Box::pin(self.read(socket, event.get())).await?;
                }
            }
            Ok(Incoming::Connected(channels)) => return self.greeted(socket, &channels).await,
            Ok(Incoming::Resumed) => self.resumed(),
            Ok(Incoming::Gap { channel, to }) => {
                fill_gap(&self.stage, &self.person, &mut self.inbox, (channel, to)).await;
            }
            Ok(Incoming::Sent { request, id, seq }) => {
                self.pending.answer(request, Ok(Stored { id, seq }));
            }
            Ok(Incoming::Refused {
                request: Some(request),
                code,
                retry_after_ms,
            }) => {
                let retry_after = retry_after_ms.map(Duration::from_millis);
                self.pending.answer(
                    request,
                    Err(Refused {
                        code: code.to_owned(),
                        retry_after,
                    }),
                );
            }
            // The database is away while this connection asks for its channels.
            Ok(Incoming::Refused {
                code: "SERVICE_UNAVAILABLE",
                ..
            }) => return Err(End::Broken),
            Ok(Incoming::Refused { code, .. }) => self.stray(&format!("ERROR {code}")),
            Ok(Incoming::Other) => {}
            Err(error) => self.stray(&error.to_string()),
        }
        Ok(())
    }

    async fn greeted(
        &mut self,
        socket: &mut Socket,
        channels: &HashMap<u64, u64>,
    ) -> Result<(), End> {
        let back = self.phase != Phase::New;
        self.inbox.connected(channels, back);
        if back {
            return self.resume(socket, None).await;
        }
        self.go_live();
        Ok(())
    }

    async fn resume(&mut self, socket: &mut Socket, rewind: Option<u64>) -> Result<(), End> {
        let frame =
            json!({ "type": "RESUME", "payload": { "channels": self.inbox.positions(rewind) } });
        say(socket, frame.to_string()).await
    }

    fn resumed(&mut self) {
        self.inbox.resumed();
        if self.phase == Phase::Resuming {
            self.stage.gauges.reconnects.fetch_add(1, Relaxed);
            if let Some(lost_at) = self.lost_at.take() {
                self.stage
                    .latencies
                    .back
                    .record(self.person.user, lost_at.elapsed());
            }
            self.go_live();
        }
    }

    fn go_live(&mut self) {
        self.phase = Phase::Live;
        self.stage.gauges.live.fetch_add(1, Relaxed);
    }

    fn leave(&mut self) {
        self.pending.forget();
        if self.phase == Phase::Live {
            self.stage.gauges.live.fetch_sub(1, Relaxed);
            self.lost_at = Some(Instant::now());
            self.phase = Phase::Resuming;
        }
    }

    async fn heed(&mut self, socket: &mut Socket, signal: Signal) -> Result<(), End> {
        let before = std::mem::replace(&mut self.heeded, signal);
        if signal.stop {
            return Err(End::Stopped);
        }
        if signal.cuts != before.cuts {
            return Err(End::Cut);
        }
        if signal.rewinds != before.rewinds && self.phase == Phase::Live && !self.inbox.is_rewound()
        {
            return self.resume(socket, Some(fastrand::u64(1..=REWIND))).await;
        }
        Ok(())
    }

    async fn send(&mut self, socket: &mut Socket, request: Option<Request>) -> Result<(), End> {
        match request.and_then(|request| self.pending.enter(request)) {
            Some(frame) => say(socket, frame).await,
            None => Ok(()),
        }
    }

    fn count(&self, since_due: Duration) {
        let latencies = &self.stage.latencies;
        let recorder = if self.phase == Phase::Live {
            &latencies.delivery
        } else {
            &latencies.replay
        };
        recorder.record(self.person.user, since_due);
        self.stage.count_delivery();
    }

    fn stray(&mut self, words: &str) {
        self.inbox
            .stray(format!("user {}: {words}", self.person.user));
    }
}

async fn say(socket: &mut Socket, frame: String) -> Result<(), End> {
    socket
        .send(Message::text(frame))
        .await
        .map_err(|_broken| End::Broken)
}

async fn stopped(mut signal: watch::Receiver<Signal>) {
    // The sender lives as long as the stage, which every connection holds.
    drop(signal.wait_for(|signal| signal.stop).await);
}

/// What a close code asks of this client; to be throttled (4429) spoils a run, so it is told.
fn ending(code: u16) -> End {
    match code {
        4400 | 4403 | 4404 | 4429 => End::Banned(code),
        _ => End::Broken,
    }
}
