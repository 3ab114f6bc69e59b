//! One try at committing a group.

use std::time::Duration;

use chrono::{DateTime, Utc};
use discuss_domain::channels::Counters;
use discuss_domain::messages::{KnownSend, Message};
use discuss_domain::{ChannelId, MessageId, Seq};
use discuss_storage::event_log::LoggedEvent;
use discuss_storage::messages::group::{GroupError, GroupWriter, Lone, Look};
use discuss_storage::{Database, StorageError};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::memory::Memory;
use super::plan::{Plan, message, plan, probe};
use super::{Command, Outcome, Pending, Refusal, Send};
use crate::channels::now;

/// Between two questions about a group whose commit went unanswered.
const PAUSE: Duration = Duration::from_millis(100);

/// What became of a group.
pub(super) struct Done {
    /// What its commands are answered, in their order.
    pub(super) answers: Vec<Result<Outcome, Refusal>>,
    /// The events to tell of, those of a channel in the order of their seqs.
    pub(super) events: Vec<LoggedEvent>,
}

/// The connection of a lane, and what it remembers.
pub(super) struct Attempt<'a> {
    pub(super) database: &'a Database,
    pub(super) writer: &'a GroupWriter,
    pub(super) memory: &'a mut Memory,
    /// Until when to ask what became of a commit that went unanswered.
    pub(super) deadline: Instant,
}

/// A lone send whose answer was lost, and which was not there when it was looked for.
///
/// Its statement may still be on its way: it will be done if nothing else takes the seq first.
#[derive(Debug)]
pub(super) struct InDoubt {
    group: Uuid,
    at: DateTime<Utc>,
    /// What its channel has given out if it is done.
    counters: Counters,
}

impl InDoubt {
    fn stored(&self, send: &Send, id: MessageId) -> Message {
        let place = (id, self.counters.last_seq, self.counters.numbers());
        message(send, place, Vec::new(), self.at)
    }
}

impl Attempt<'_> {
    /// Commits a group; one that is a lone send in a channel where nothing else happened by one
    /// statement.
    ///
    /// [`GroupError::Unknown`] means that until the deadline nobody could say whether it was committed:
    /// then it must not be done again.
    pub(super) async fn commit(mut self, pendings: &[Pending]) -> Result<Done, GroupError> {
        if let [pending] = pendings
            && let Command::Send(send) = &pending.command
            && let Some(stored) = self.commit_lone(pending, send).await?
        {
            let events = vec![LoggedEvent::message_created(stored.clone())];
            let answers = vec![Ok(Outcome::Stored(Box::new(stored)))];
            return Ok(Done { answers, events });
        }
        self.commit_group(pendings).await
    }

    /// Locks, looks, decides, writes and commits.
    async fn commit_group(self, pendings: &[Pending]) -> Result<Done, GroupError> {
        let commands = pendings.iter().map(|pending| pending.command.borrowed());
        let mut look = self.writer.begin(&probe(commands.clone())).await?;
        let locked = Instant::now();
        let found = self.find_done(pendings, &mut look).await?;
        let plan = plan(commands, &look, Uuid::new_v4(), now());
        let Some(first) = plan.first else {
            self.writer.rollback().await?;
            return Ok(done(plan, found));
        };
        match self.writer.commit(&plan.group).await {
            Ok(()) => {
                metrics::histogram!("discuss_writer_locked_seconds").record(locked.elapsed());
                self.memory.keep(look, &plan);
                Ok(done(plan, found))
            }
            Err(GroupError::Unknown) => {
                let channels: Vec<ChannelId> = plan.group.channels.keys().copied().collect();
                self.resolve(plan.group.id, &channels, first).await?;
                Ok(done(plan, found))
            }
            Err(error) => Err(error),
        }
    }

    /// The sends in doubt that were done after all, by their places. Under the locks that is certain;
    /// the look is told, so that they are not stored again.
    async fn find_done(
        &self,
        pendings: &[Pending],
        look: &mut Look,
    ) -> Result<Vec<(usize, Message)>, GroupError> {
        let mut done = Vec::new();
        let sends = pendings.iter().enumerate().filter_map(as_send);
        for ((place, pending, send), known) in sends.zip(&mut look.known) {
            let Some(in_doubt) = pending.in_doubt.get() else {
                continue;
            };
            let first = (send.channel, in_doubt.counters.last_seq);
            if let Some(id) = self.writer.find_locked(in_doubt.group, first).await? {
                let fingerprint = send.fingerprint;
                *known = Some(KnownSend { id, fingerprint });
                done.push((place, in_doubt.stored(send, id)));
            }
        }
        Ok(done)
    }

    /// Stores a lone send by what is remembered; `None` when that is not enough, or no longer true.
    async fn commit_lone(
        &mut self,
        pending: &Pending,
        send: &Send,
    ) -> Result<Option<Message>, GroupError> {
        let Some(state) = self.memory.find(send) else {
            return Ok(None);
        };
        if pending.in_doubt.get().is_some() {
            return Ok(None);
        }
        let in_doubt = InDoubt {
            group: Uuid::new_v4(),
            at: now(),
            counters: state.counters.after_message(),
        };
        let lone = Lone {
            id: in_doubt.group,
            at: in_doubt.at,
            channel: send.channel,
            known_seq: state.counters.last_seq,
            tenant: send.tenant,
            sender: send.sender.id,
            draft: &send.draft,
            fingerprint: send.fingerprint,
            correlation_id: send.correlation_id.as_deref(),
            traceparent: send.traceparent.as_deref(),
        };
        let id = match self.writer.store_lone(&lone).await {
            Ok(Some(id)) => id,
            // The facts are old, or the client id is known: look under the lock.
            Ok(None) | Err(GroupError::Again(_)) => {
                self.memory.forget(send.channel);
                return Ok(None);
            }
            Err(GroupError::Unknown) => {
                let stored = self.resolve_lone((pending, send), in_doubt).await;
                return stored.map(Some);
            }
            Err(error) => return Err(error),
        };
        self.memory.count_message(send.channel);
        Ok(Some(in_doubt.stored(send, id)))
    }

    /// What became of a lone send whose answer was lost; if nothing yet, it stays in doubt.
    async fn resolve_lone(
        &mut self,
        (pending, send): (&Pending, &Send),
        in_doubt: InDoubt,
    ) -> Result<Message, GroupError> {
        let channel = send.channel;
        self.memory.forget(channel);
        let first = (channel, in_doubt.counters.last_seq);
        match self.resolve(in_doubt.group, &[channel], first).await {
            Ok(id) => Ok(in_doubt.stored(send, id)),
            Err(error) => {
                pending.in_doubt.get_or_init(|| in_doubt);
                Err(error)
            }
        }
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

fn as_send((place, pending): (usize, &Pending)) -> Option<(usize, &Pending, &Send)> {
    match &pending.command {
        Command::Send(send) => Some((place, pending, send)),
        Command::Change(_) => None,
    }
}

/// What became of the group, with the sends that had been done before it.
fn done(plan: Plan<'_>, found: Vec<(usize, Message)>) -> Done {
    let mut done = Done {
        answers: plan.answers,
        events: Vec::new(),
    };
    for (place, message) in found {
        done.events
            .push(LoggedEvent::message_created(message.clone()));
        if let Some(answer) = done.answers.get_mut(place) {
            *answer = Ok(Outcome::Stored(Box::new(message)));
        }
    }
    done.events.extend(plan.events);
    done
}
