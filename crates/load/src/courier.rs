//! Carries messages to the server until it says they are stored: by REST or by socket, again and
//! again with the same client message id when an answer stays out.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::future::join_all;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};

use crate::checker::fault_of;
use crate::faults::Fault;
use crate::frame;
use crate::people::Person;
use crate::requests::Request;
use crate::rest::{Rest, RestError, Stored};
use crate::stage::Stage;

/// How long a socket may think about a send; longer than the server's 5 s.
const SOCKET_PATIENCE: Duration = Duration::from_secs(8);
/// The most repeats of a message when repeats are asked for.
const MOST_REPEATS: u64 = 5;
/// Of so many repeated messages one is sent again with another content, which must be refused.
const CONFLICT_EVERY: u64 = 20;

/// By what way messages are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Via {
    /// By REST.
    Rest,
    /// By the sender's own WebSocket.
    Socket,
    /// By every API process and the sender's WebSocket in turn.
    Mixed,
}

/// Whether each message is sent once or several times at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// Once, and again only when no answer came.
    Never,
    /// Up to five more times at once.
    UpToFive,
}

/// A message on its way.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    /// Its number in the run.
    pub(crate) number: u64,
    /// The sender, as an index into the people.
    pub(crate) sender: usize,
    /// The channel's id.
    pub(crate) channel: u64,
    /// Its text.
    pub(crate) content: String,
}

/// Whoever carries the letters.
pub(crate) struct Courier {
    /// The run's shared parts.
    pub(crate) stage: Arc<Stage>,
    /// The way by REST: its connections belong to whoever sends.
    pub(crate) rest: Rest,
    /// Everybody, connected or not.
    pub(crate) people: Vec<Person>,
    /// The sockets of the first of the people.
    pub(crate) sockets: Vec<mpsc::Sender<Request>>,
    /// The way.
    pub(crate) via: Via,
    /// How long a message is tried before it is given up.
    pub(crate) patience: Duration,
    /// Whether messages are repeated.
    pub(crate) repeats: Repeats,
}

/// Why an attempt did not end in a stored message.
struct Failed {
    may_pass: bool,
    conflict: bool,
    retry_after: Option<Duration>,
    words: String,
}

impl Courier {
    /// Sends `letter`, which was due at `due` of the run; `sockets` must each be shown it.
    pub(crate) async fn carry(&self, letter: &Letter, due: Duration, sockets: u64) {
        self.stage.ledger.enter(
            letter.number,
            letter.channel,
            frame::hash(&letter.content),
            due,
        );
        let copies = match self.repeats {
            Repeats::Never => 1,
            Repeats::UpToFive => 1 + fastrand::u64(0..=MOST_REPEATS),
        };
        join_all((0..copies).map(|copy| self.deliver(letter, copy, sockets))).await;
        if self.repeats == Repeats::UpToFive && letter.number.is_multiple_of(CONFLICT_EVERY) {
            self.expect_conflict(letter).await;
        }
    }

    /// Tries until the letter is acknowledged or refused, or patience ends.
    async fn deliver(&self, letter: &Letter, copy: u64, sockets: u64) {
        let end = Instant::now() + self.patience;
        for (attempt, pause) in (copy..).zip(pauses()) {
            match self.attempt(letter, attempt).await {
                Ok(stored) => return self.acknowledged(letter, stored, sockets),
                Err(failed) if !failed.may_pass => {
                    self.stage.note(Fault::WrongAnswer, || {
                        format!("message {}: {}", letter.number, failed.words)
                    });
                    return;
                }
                Err(_) if Instant::now() >= end => break,
                Err(failed) => sleep(failed.retry_after.unwrap_or(pause)).await,
            }
            self.stage.gauges.retries.fetch_add(1, Relaxed);
        }
        self.stage.gauges.given_up.fetch_add(1, Relaxed);
    }

    fn acknowledged(&self, letter: &Letter, stored: Stored, sockets: u64) {
        match self
            .stage
            .ledger
            .acknowledge(letter.number, stored.id, stored.seq)
        {
            Ok(Some(since_due)) => {
                self.stage.gauges.expected.fetch_add(sockets, Relaxed);
                self.stage.latencies.ack.record(letter.number, since_due);
            }
            Ok(None) => {}
            Err(contradiction) => {
                let words = || format!("the answer to message {} {contradiction}", letter.number);
                self.stage.note(fault_of(contradiction), words);
            }
        }
    }

    /// Sends the letter's id with another content; only a refusal will do.
    async fn expect_conflict(&self, letter: &Letter) {
        let other = Letter {
            content: format!("{} (changed)", letter.content),
            ..letter.clone()
        };
        let end = Instant::now() + self.patience;
        for (attempt, pause) in (letter.number..).zip(pauses()) {
            match self.attempt(&other, attempt).await {
                Err(failed) if failed.conflict => {
                    self.stage.gauges.conflicts.fetch_add(1, Relaxed);
                    return;
                }
                Err(failed) if failed.may_pass && Instant::now() < end => {
                    sleep(failed.retry_after.unwrap_or(pause)).await;
                }
                Err(failed) => return self.note_missing_conflict(letter, &failed.words),
                Ok(_) => return self.note_missing_conflict(letter, "it was accepted"),
            }
        }
    }

    fn note_missing_conflict(&self, letter: &Letter, words: &str) {
        let number = letter.number;
        self.stage.note(Fault::WrongAnswer, || {
            format!("message {number} with another content: no conflict, {words}")
        });
    }

    async fn attempt(&self, letter: &Letter, attempt: u64) -> Result<Stored, Failed> {
        match self.socket_for(letter, attempt) {
            Some(socket) => self.by_socket(socket, letter).await,
            None => self.by_rest(letter).await,
        }
    }

    /// The socket that this attempt goes by, if it goes by one.
    fn socket_for(&self, letter: &Letter, attempt: u64) -> Option<&mpsc::Sender<Request>> {
        let ways = u64::try_from(self.rest.processes() + 1).unwrap_or(u64::MAX);
        let by_socket = match self.via {
            Via::Rest => false,
            Via::Socket => true,
            Via::Mixed => (letter.number + attempt).is_multiple_of(ways),
        };
        self.sockets.get(letter.sender).filter(|_| by_socket)
    }

    async fn by_rest(&self, letter: &Letter) -> Result<Stored, Failed> {
        let Some(sender) = self.people.get(letter.sender) else {
            return Err(Failed::lasting("no such sender"));
        };
        let client_id = self.stage.ledger.run.client_id(letter.number);
        let answer = self
            .rest
            .send(sender, letter.channel, (&letter.content, client_id))
            .await;
        answer.map_err(|error| Failed {
            may_pass: error.may_pass(),
            conflict: matches!(&error, RestError::Refused { status, .. } if status.as_u16() == 409),
            retry_after: error.retry_after(),
            words: error.to_string(),
        })
    }

    async fn by_socket(
        &self,
        socket: &mpsc::Sender<Request>,
        letter: &Letter,
    ) -> Result<Stored, Failed> {
        let (reply, answer) = oneshot::channel();
        let request = Request {
            channel: letter.channel,
            content: letter.content.clone(),
            client_id: self.stage.ledger.run.client_id(letter.number),
            reply,
        };
        if socket.send(request).await.is_err() {
            return Err(Failed::lasting("the sender's connection is over"));
        }
        match timeout(SOCKET_PATIENCE, answer).await {
            Ok(Ok(Ok(stored))) => Ok(stored),
            Ok(Ok(Err(refused))) => Err(Failed {
                may_pass: matches!(
                    refused.code.as_str(),
                    "SERVICE_UNAVAILABLE" | "TOO_MANY_REQUESTS" | "INTERNAL_ERROR"
                ),
                conflict: refused.code == "CONFLICT",
                retry_after: refused.retry_after,
                words: refused.code,
            }),
            Ok(Err(_)) => Err(Failed::passing("the socket broke")),
            Err(_) => Err(Failed::passing("no answer by the socket")),
        }
    }
}

impl Failed {
    fn passing(words: &str) -> Self {
        Self {
            may_pass: true,
            conflict: false,
            retry_after: None,
            words: words.to_owned(),
        }
    }

    fn lasting(words: &str) -> Self {
        Self {
            may_pass: false,
            ..Self::passing(words)
        }
    }
}

/// Growing pauses without an end.
fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(20))
        .with_max_delay(Duration::from_secs(1))
        .with_jitter()
        .without_max_times()
        .build()
}

#[cfg(test)]
mod tests;
