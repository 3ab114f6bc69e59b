//! One try at committing a group.

use std::time::Duration;

use discuss_domain::messages::SendError;
use discuss_domain::{ChannelId, MessageId, Seq};
use discuss_storage::messages::group::{GroupError, GroupWriter, Lone};
use discuss_storage::{Database, StorageError};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::memory::Memory;
use super::plan::{message, plan, probe};
use super::{Outcome, Send};
use crate::channels::now;

/// Between two questions about a group whose commit went unanswered.
const PAUSE: Duration = Duration::from_millis(100);

/// What the sends of a group are answered, in their order.
pub(super) type Answers = Vec<Result<Outcome, SendError>>;

/// The connection of a lane, and what it remembers.
pub(super) struct Attempt<'a> {
    pub(super) database: &'a Database,
    pub(super) writer: &'a GroupWriter,
    pub(super) memory: &'a mut Memory,
    /// Until when to ask what became of a commit that went unanswered.
    pub(super) deadline: Instant,
}

impl Attempt<'_> {
    /// Commits a group; one that is a lone send in a channel where nothing else happened by one
    /// statement.
    ///
    /// [`GroupError::Unknown`] means that until the deadline nobody could say whether it was committed:
    /// then it must not be done again.
    pub(super) async fn commit(mut self, sends: &[&Send]) -> Result<Answers, GroupError> {
        if let [send] = sends
            && let Some(stored) = self.commit_lone(send).await?
        {
            return Ok(vec![Ok(stored)]);
        }
        self.commit_group(sends).await
    }

    /// Locks, looks, decides, writes and commits.
    async fn commit_group(self, sends: &[&Send]) -> Result<Answers, GroupError> {
        let look = self.writer.begin(&probe(sends.iter().copied())).await?;
        let plan = plan(sends.iter().copied(), &look, Uuid::new_v4(), now());
        let Some(first) = plan.first() else {
            self.writer.rollback().await?;
            return Ok(plan.answers);
        };
        match self.writer.commit(&plan.group).await {
            Ok(()) => {
                self.memory.keep(look, &plan);
                Ok(plan.answers)
            }
            Err(GroupError::Unknown) => {
                let channels: Vec<ChannelId> = plan.group.channels.keys().copied().collect();
                self.resolve(plan.group.id, &channels, first).await?;
                Ok(plan.answers)
            }
            Err(error) => Err(error),
        }
    }

    /// Stores a lone send by what is remembered; `None` when that is not enough, or no longer true.
    async fn commit_lone(&mut self, send: &Send) -> Result<Option<Outcome>, GroupError> {
        let Some(state) = self.memory.find(send) else {
            return Ok(None);
        };
        let lone = Lone {
            id: Uuid::new_v4(),
            at: now(),
            channel: send.channel,
            known_seq: state.counters.last_seq,
            tenant: send.tenant,
            sender: send.sender.id,
            draft: &send.draft,
            fingerprint: send.fingerprint,
            correlation_id: send.correlation_id.as_deref(),
            traceparent: send.traceparent.as_deref(),
        };
        let counters = state.counters.after_message();
        let id = match self.writer.store_lone(&lone).await {
            Ok(Some(id)) => id,
            // The facts are old, or the client id is known: look under the lock.
            Ok(None) | Err(GroupError::Again(_)) => {
                self.memory.forget(send.channel);
                return Ok(None);
            }
            Err(GroupError::Unknown) => {
                self.memory.forget(send.channel);
                let first = (send.channel, counters.last_seq);
                self.resolve(lone.id, &[send.channel], first).await?
            }
            Err(error) => return Err(error),
        };
        self.memory.count_message(send.channel);
        let place = (id, counters.last_seq, counters.numbers());
        let message = message(send, place, Vec::new(), lone.at);
        Ok(Some(Outcome::Stored(Box::new(message))))
    }

    /// Asks, on new connections, what became of a group whose commit went unanswered; answers the
    /// message of its first event.
    async fn resolve(
        &self,
        group: Uuid,
        channels: &[ChannelId],
        first: (ChannelId, Seq),
    ) -> Result<MessageId, GroupError> {
        loop {
            let asked = async {
                let writer = GroupWriter::connect(self.database).await?;
                writer.find_group(group, channels, first).await
            };
            match asked.await {
                Ok(Some(id)) => return Ok(id),
                Ok(None) => {
                    let error = StorageError::Unavailable("the commit did not happen".into());
                    return Err(GroupError::Again(error));
                }
                Err(error) if Instant::now() >= self.deadline => {
                    tracing::error!(%error, %group, "it is unknown whether a group was stored");
                    return Err(GroupError::Unknown);
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }
}
