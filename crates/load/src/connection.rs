//! One person's connection for the whole of a run: connects, checks what it is shown, sends what
//! it is given, and when the socket breaks comes back and resumes like a client.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;

use crate::checker::Inbox;
use crate::dialer::Socket;
use crate::people::Person;
use crate::requests::{Pending, Request};
use crate::stage::{Signal, Stage};

mod incoming;

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
    /// It ceases to read for a while, and is counted apart.
    is_slow: bool,
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
        let is_slow = stage.deaf.is_some_and(|deaf| deaf.includes(slot));
        Self {
            stage,
            person,
            slot,
            inbox,
            pending,
            phase,
            heeded,
            lost_at: None,
            is_slow,
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
                End::Cut => self.stay_away().await,
                End::Broken => sleep(Duration::from_millis(fastrand::u64(10..100))).await,
            }
        }
        self.inbox
    }

    /// The time away is no part of the time to come back.
    async fn stay_away(&mut self) {
        let away = self.heeded.away;
        if !away.is_zero() {
            sleep(away).await;
            self.lost_at = Some(Instant::now());
        }
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
                    self.be_deaf(signal).await;
                    let told = *signal.borrow_and_update();
                    self.heed(socket, told).await
                }
            };
            if let Err(end) = served {
                return end;
            }
        }
    }

    /// Reads nothing for as long as it is told so.
    async fn be_deaf(&mut self, signal: &mut watch::Receiver<Signal>) {
        if self.is_slow {
            // The sender lives as long as the stage.
            drop(signal.wait_for(|told| told.stop || !told.deaf).await);
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

#[cfg(test)]
mod tests;
