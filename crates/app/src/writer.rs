//! The writer: sends, edits, deletions and reactions that arrive while a transaction is under way are
//! committed together in the next one, so that a disk flush and a channel's lock are shared by many.
//!
//! Four lanes, a channel always in the same one, one transaction in flight a lane. No timer: alone, a
//! send goes at once.

mod attempt;
mod command;
mod lane;
mod memory;
mod plan;

use std::sync::OnceLock;
use std::time::Duration;

use discuss_domain::MessageId;
use discuss_domain::messages::change::ChangeError;
use discuss_domain::messages::{Message, SendError};
use discuss_storage::Database;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use crate::AppError;
use crate::fanout::Fanout;
use attempt::InDoubt;
pub(crate) use command::{Command, MessageChange, Send};
use lane::Lane;

/// Lanes of a process.
const LANES: usize = 4;
/// Commands of a group at most.
const GROUP: usize = 256;
/// Commands that wait in a lane at most.
const QUEUE: usize = 4_096;
/// A command is answered after this time at the latest.
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of a command that was not refused.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// It was stored, as this message.
    Stored(Box<Message>),
    /// It had been stored before.
    Known(MessageId),
    /// The message is this one now.
    Changed(Box<Message>),
    /// The message was like that already.
    Unchanged(Box<Message>),
}

/// Why a command was refused.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Refusal {
    Send(SendError),
    Change(ChangeError),
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq)]
enum Failure {
    Refused(Refusal),
    Unavailable,
    Internal,
}

/// A command that waits for its answer.
struct Pending {
    command: Command,
    deadline: Instant,
    in_doubt: OnceLock<InDoubt>,
    reply: oneshot::Sender<Result<Outcome, Failure>>,
}

/// The writer of a process.
pub(crate) struct Writer {
    lanes: Vec<mpsc::Sender<Pending>>,
}

impl Writer {
    /// Starts the lanes.
    pub(crate) fn start(database: &Database, fanout: &Fanout) -> (Self, Vec<JoinHandle<()>>) {
        let start = |_| {
            let (queue, sends) = mpsc::channel(QUEUE);
            let lane = Lane::new(database.clone(), fanout.clone());
            (queue, tokio::spawn(lane.run(sends)))
        };
        let (lanes, running) = (0..LANES).map(start).unzip();
        (Self { lanes }, running)
    }

    /// Hands a command to its lane and waits for what becomes of it.
    pub(crate) async fn carry_out(&self, command: Command) -> Result<Outcome, AppError> {
        let lane = usize::try_from(command.channel().get()).unwrap_or(0) % LANES;
        let queue = self.lanes.get(lane).ok_or(AppError::Internal)?;
        let (reply, answer) = oneshot::channel();
        let pending = Pending {
            command,
            deadline: Instant::now() + PATIENCE,
            in_doubt: OnceLock::new(),
            reply,
        };
        if queue.try_send(pending).is_err() {
            metrics::counter!("discuss_writer_refused_total").increment(1);
            return Err(AppError::Busy);
        }
        let answer = answer.instrument(tracing::debug_span!("write"));
        match timeout(PATIENCE, answer).await {
            Ok(Ok(answered)) => answered.map_err(AppError::from),
            Ok(Err(_gone)) => Err(AppError::Internal),
            Err(_elapsed) => Err(AppError::Busy),
        }
    }
}

impl From<SendError> for Refusal {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl From<ChangeError> for Refusal {
    fn from(error: ChangeError) -> Self {
        Self::Change(error)
    }
}

impl From<Failure> for AppError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(Refusal::Send(error)) => error.into(),
            Failure::Refused(Refusal::Change(error)) => error.into(),
            Failure::Unavailable => Self::Busy,
            Failure::Internal => Self::Internal,
        }
    }
}
