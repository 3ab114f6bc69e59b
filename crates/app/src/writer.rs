//! The writer: sends that arrive while a transaction is under way are committed together in the next
//! one, so that a disk flush and a channel's lock are shared by many.
//!
//! Four lanes, a channel always in the same one, one transaction in flight a lane. No timer: alone, a
//! send goes at once.

mod attempt;
mod lane;
mod memory;
mod plan;

use std::sync::OnceLock;
use std::time::Duration;

use discuss_domain::messages::{Draft, Fingerprint, Message, SendError};
use discuss_domain::users::User;
use discuss_domain::{ChannelId, MessageId, TenantId};
use discuss_storage::Database;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use crate::AppError;
use crate::fanout::Fanout;
use attempt::InDoubt;
use lane::Lane;

/// Lanes of a process.
const LANES: usize = 4;
/// Sends of a group at most.
const GROUP: usize = 256;
/// Sends that wait in a lane at most.
const QUEUE: usize = 4_096;
/// A send is answered after this time at the latest.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something to be sent.
#[derive(Debug)]
pub(crate) struct Send {
    /// The sender's tenant.
    pub(crate) tenant: TenantId,
    /// The channel.
    pub(crate) channel: ChannelId,
    /// Who sends it.
    pub(crate) sender: User,
    /// What they say.
    pub(crate) draft: Draft,
    /// The send, shortened.
    pub(crate) fingerprint: Fingerprint,
    /// The request's correlation id.
    pub(crate) correlation_id: Option<String>,
    /// The request's trace.
    pub(crate) traceparent: Option<String>,
}

/// What became of a send that was accepted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// It was stored, as this message.
    Stored(Box<Message>),
    /// It had been stored before.
    Known(MessageId),
}

/// Why a send was not stored.
#[derive(Debug, Clone, PartialEq)]
enum Failure {
    Refused(SendError),
    Unavailable,
    Internal,
}

/// A send that waits for its answer.
struct Pending {
    send: Send,
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

    /// Hands a send to its lane and waits for what becomes of it.
    pub(crate) async fn send(&self, send: Send) -> Result<Outcome, AppError> {
        let lane = usize::try_from(send.channel.get()).unwrap_or(0) % LANES;
        let queue = self.lanes.get(lane).ok_or(AppError::Internal)?;
        let (reply, answer) = oneshot::channel();
        let pending = Pending {
            send,
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

impl From<Failure> for AppError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error.into(),
            Failure::Unavailable => Self::Busy,
            Failure::Internal => Self::Internal,
        }
    }
}
