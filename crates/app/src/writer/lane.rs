//! A lane: gathers commands into groups, and sees each of them through to an answer.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use discuss_domain::ChannelId;
use discuss_storage::messages::group::{GroupError, GroupWriter};
use discuss_storage::{Database, StorageError};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::attempt::{Attempt, Done};
use super::memory::Memory;
use super::{Failure, GROUP, Outcome, Pending, QUEUE};
use crate::events;
use crate::fanout::Fanout;

/// How long the commands of a locked channel stand aside before it is tried again.
const ASIDE: Duration = Duration::from_millis(100);
/// Between two tries to reach the database.
const PAUSE: Duration = Duration::from_millis(100);
/// A group that was in somebody's way so often is done one by one.
const TRIES: u32 = 5;

/// A lane of the writer.
pub(super) struct Lane {
    database: Database,
    fanout: Fanout,
    writer: Option<GroupWriter>,
    memory: Memory,
    /// Sends to channels whose lock could not be had.
    aside: Vec<Pending>,
}

/// Sends that are to be committed together.
struct Batch {
    pendings: Vec<Pending>,
    tries: u32,
}

impl Batch {
    const fn new(pendings: Vec<Pending>) -> Self {
        Self { pendings, tries: 0 }
    }
}

impl Lane {
    pub(super) fn new(database: Database, fanout: Fanout) -> Self {
        Self {
            database,
            fanout,
            writer: None,
            memory: Memory::default(),
            aside: Vec::new(),
        }
    }

    /// Works until the queue is closed.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Pending>) {
        let mut look_aside_at = Instant::now();
        loop {
            let first = if self.aside.is_empty() {
                match queue.recv().await {
                    Some(first) => Some(first),
                    None => return,
                }
            } else if queue.is_closed() && queue.is_empty() {
                sleep(ASIDE).await;
                None
            } else {
                timeout(ASIDE, queue.recv()).await.ok().flatten()
            };
            let mut batches = self.gather(first, &mut queue);
            let looks_aside = Instant::now() >= look_aside_at;
            if looks_aside {
                batches.extend(by_channel(std::mem::take(&mut self.aside)));
            }
            self.settle(batches).await;
            if looks_aside {
                // From now, not from before the wait for the locks: the others have their turn between.
                look_aside_at = Instant::now() + ASIDE;
            }
        }
    }

    /// What waits, up to a group; commands to channels that stand aside join them there.
    fn gather(
        &mut self,
        first: Option<Pending>,
        queue: &mut mpsc::Receiver<Pending>,
    ) -> VecDeque<Batch> {
        let mut pendings: Vec<Pending> = first.into_iter().collect();
        while pendings.len() < GROUP {
            let Ok(next) = queue.try_recv() else { break };
            pendings.push(next);
        }
        if self.aside.is_empty() {
            return VecDeque::from([Batch::new(pendings)]);
        }
        let (aside, pendings): (Vec<_>, Vec<_>) = pendings
            .into_iter()
            .partition(|pending| self.is_aside(pending));
        self.put_aside(Some(Batch::new(aside)));
        VecDeque::from([Batch::new(pendings)])
    }

    /// Do others of its channel stand aside?
    fn is_aside(&self, pending: &Pending) -> bool {
        let channel = pending.command.channel();
        self.aside
            .iter()
            .any(|other| other.command.channel() == channel)
    }

    /// Sees every batch through; what is split goes on as several.
    async fn settle(&mut self, mut batches: VecDeque<Batch>) {
        while let Some(mut batch) = batches.pop_front() {
            batch.pendings = expire(batch.pendings);
            if batch.pendings.is_empty() {
                continue;
            }
            // An earlier batch of its channel was just locked out.
            if batch.pendings.iter().all(|pending| self.is_aside(pending)) {
                self.put_aside(Some(batch));
                continue;
            }
            match self.commit(&batch.pendings).await {
                Ok(done) => self.answer(batch.pendings, done),
                Err(error) => {
                    for rest in self.after(error, batch).await.into_iter().rev() {
                        batches.push_front(rest);
                    }
                }
            }
        }
    }

    async fn commit(&mut self, pendings: &[Pending]) -> Result<Done, GroupError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => GroupWriter::connect(&self.database).await?,
        };
        let started = Instant::now();
        let deadline = pendings
            .iter()
            .map(|pending| pending.deadline)
            .max()
            .unwrap_or(started);
        let attempt = Attempt {
            database: &self.database,
            writer: &writer,
            memory: &mut self.memory,
            deadline,
        };
        let done = attempt.commit(pendings).await;
        if !writer.is_closed() {
            self.writer = Some(writer);
        }
        metrics::histogram!("discuss_writer_group_seconds").record(started.elapsed());
        let size = f64::from(u32::try_from(pendings.len()).unwrap_or(u32::MAX));
        metrics::histogram!("discuss_writer_group_sends").record(size);
        done
    }

    /// Answers first, then tells the gateways.
    fn answer(&self, pendings: Vec<Pending>, done: Done) {
        let _announced = self.fanout.announce();
        for (pending, answer) in pendings.into_iter().zip(done.answers) {
            reply(pending, answer.map_err(Failure::Refused));
        }
        let publications = done.events.iter().flat_map(events::publication);
        self.fanout.publish(publications.collect());
    }

    /// Lets the commands of a locked channel stand aside, as many as may wait in a lane.
    fn put_aside(&mut self, batch: Option<Batch>) {
        let pendings = batch.into_iter().flat_map(|batch| batch.pendings);
        let room = QUEUE.saturating_sub(self.aside.len());
        let (stay, too_many): (Vec<_>, Vec<_>) =
            pendings.enumerate().partition(|(place, _)| *place < room);
        self.aside
            .extend(stay.into_iter().map(|(_, pending)| pending));
        fail(
            too_many.into_iter().map(|(_, pending)| pending).collect(),
            &Failure::Unavailable,
        );
    }

    /// What is left to do after a batch could not be committed.
    async fn after(&mut self, error: GroupError, mut batch: Batch) -> Vec<Batch> {
        match error {
            GroupError::Locked => {
                let mut channels = by_channel(batch.pendings);
                if channels.len() == 1 {
                    self.put_aside(channels.pop());
                }
                channels
            }
            // A commit that never came about is no fault of the batch: until its time is over.
            GroupError::Again(error) if error.is_unavailable() => vec![batch],
            GroupError::Again(_) if batch.tries < TRIES => {
                batch.tries = batch.tries.saturating_add(1);
                vec![batch]
            }
            GroupError::Again(error) | GroupError::Data(error) => one_by_one(batch, &error),
            GroupError::Unknown => {
                fail(batch.pendings, &Failure::Unavailable);
                Vec::new()
            }
            GroupError::Storage(error) if error.is_unavailable() => {
                metrics::counter!("discuss_writer_outages_total").increment(1);
                sleep(PAUSE).await;
                vec![batch]
            }
            GroupError::Storage(error) => {
                tracing::error!(error = ?error, commands = batch.pendings.len(), "a group failed");
                fail(batch.pendings, &Failure::Internal);
                Vec::new()
            }
        }
    }
}

/// Finds out which command it is that can't be stored; one that is alone already is given up.
fn one_by_one(batch: Batch, error: &StorageError) -> Vec<Batch> {
    if batch.pendings.len() > 1 {
        return batch
            .pendings
            .into_iter()
            .map(|pending| Batch::new(vec![pending]))
            .collect();
    }
    tracing::error!(?error, "a command was refused by the database");
    fail(batch.pendings, &Failure::Internal);
    Vec::new()
}

/// Batches of one channel each, in the order in which the commands came.
fn by_channel(pendings: Vec<Pending>) -> Vec<Batch> {
    let mut places: HashMap<ChannelId, usize> = HashMap::new();
    let mut batches: Vec<Batch> = Vec::new();
    for pending in pendings {
        let place = *places
            .entry(pending.command.channel())
            .or_insert(batches.len());
        match batches.get_mut(place) {
            Some(batch) if batch.pendings.len() < GROUP => batch.pendings.push(pending),
            _ => {
                places.insert(pending.command.channel(), batches.len());
                batches.push(Batch::new(vec![pending]));
            }
        }
    }
    batches
}

/// Answers those whose time is over, and keeps the others.
fn expire(pendings: Vec<Pending>) -> Vec<Pending> {
    let now = Instant::now();
    let (over, others): (Vec<_>, Vec<_>) = pendings
        .into_iter()
        .partition(|pending| pending.deadline <= now);
    fail(over, &Failure::Unavailable);
    others
}

fn fail(pendings: Vec<Pending>, failure: &Failure) {
    for pending in pendings {
        reply(pending, Err(failure.clone()));
    }
}

/// Whoever no longer waits for the answer finds the message by its client id.
fn reply(pending: Pending, answer: Result<Outcome, Failure>) {
    if pending.reply.send(answer).is_err() {
        tracing::debug!("nobody waits for the answer to a command");
    }
}
