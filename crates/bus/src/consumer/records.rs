//! The records of a group's topics: taken, handed to work, committed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::error::KafkaResult;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::context::{Context, PartitionId, Troubles};
use super::leave::leave;
use super::partitions::Partition;
use super::work::{Ours, Outcome, Worker, count};
use super::{Handler, Reading};
use crate::dead_letters::{self, CUT_FROM, GivenUp, MAX_VALUE_BYTES};
use crate::{BusError, Record, Settings};

/// A record and what it asks for.
struct Job<W> {
    record: Record,
    key: String,
    what: What<W>,
}

enum What<W> {
    Work(W),
    GiveUp(GivenUp),
}

/// A partition, as long as it is ours without a break.
struct Assigned<W> {
    /// Tells it from the same partition, ours before.
    term: u64,
    /// Has its jobs end with it.
    until: DropGuard,
    jobs: Partition<Job<W>>,
    is_paused: bool,
}

/// A job that ended.
struct Done {
    partition: PartitionId,
    term: u64,
    offset: i64,
    key: String,
    outcome: Outcome,
}

/// The consumer, and what it has under way.
pub(super) struct Records<H: Handler> {
    settings: Settings,
    consumer: Arc<StreamConsumer<Context>>,
    revoked: mpsc::UnboundedReceiver<PartitionId>,
    worker: Arc<Worker<H>>,
    partitions: HashMap<PartitionId, Assigned<H::Work>>,
    running: JoinSet<Done>,
    troubles: Troubles,
    terms: u64,
}

impl<H: Handler> Records<H> {
    pub(super) fn subscribe(
        settings: &Settings,
        topics: &[&str],
        worker: Worker<H>,
    ) -> Result<Self, BusError> {
        let (sender, revoked) = mpsc::unbounded_channel();
        let mut config = settings.client();
        config
            .set("group.id", settings.full_name(&settings.group))
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("auto.offset.reset", "earliest")
            // What is stored is committed once a second, and when a partition is given back.
            .set("enable.auto.offset.store", "false")
            .set("enable.auto.commit", "true")
            .set("auto.commit.interval.ms", "1000")
            .set("session.timeout.ms", "10000")
            // Members hear of a rebalance by their heartbeats.
            .set("heartbeat.interval.ms", "1000")
            .set("fetch.wait.max.ms", "100")
            .set("queued.max.messages.kbytes", "8192")
            .set("statistics.interval.ms", "5000");
        let consumer: StreamConsumer<Context> =
            config.create_with_context(Context { revoked: sender })?;
        let names: Vec<String> = topics
            .iter()
            .map(|topic| settings.full_name(topic))
            .collect();
        consumer.subscribe(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        Ok(Self {
            settings: settings.clone(),
            consumer: Arc::new(consumer),
            revoked,
            worker: Arc::new(worker),
            partitions: HashMap::new(),
            running: JoinSet::new(),
            troubles: Troubles::default(),
            terms: 0,
        })
    }

    /// Takes records until `end`.
    pub(super) async fn consume(&mut self, end: &CancellationToken) -> Result<(), BusError> {
        let consumer = Arc::clone(&self.consumer);
        loop {
            tokio::select! {
                () = end.cancelled() => return Ok(()),
                Some(done) = self.running.join_next() => match done {
                    Ok(done) => self.finish(&done),
                    // Its partition would stay where it is.
                    Err(error) => return Err(BusError::Broken(error.to_string())),
                },
                Some(partition) = self.revoked.recv() => self.forget(&partition),
                message = consumer.recv() => {
                    let record = message.map(|message| Record::of(&message, &self.settings));
                    self.forget_revoked();
                    match record {
                        Ok(record) => self.take(record),
                        Err(error) => self.troubles.judge(error)?,
                    }
                }
            }
        }
    }

    /// Finishes what is being worked on, commits, and leaves the group.
    pub(super) async fn leave(mut self) {
        // After an error nobody else says so, and what waits for something away would go on for ever.
        self.worker.end();
        while let Some(done) = self.running.join_next().await {
            if let Ok(done) = done {
                self.finish(&done);
            }
        }
        leave(self.consumer).await;
    }

    fn forget_revoked(&mut self) {
        while let Ok(partition) = self.revoked.try_recv() {
            self.forget(&partition);
        }
    }

    fn forget(&mut self, partition: &PartitionId) {
        if self
            .partitions
            .remove(partition)
            .is_some_and(|gone| gone.is_paused)
        {
            self.tell_paused();
        }
    }

    fn take(&mut self, record: Record) {
        let id = (self.settings.full_name(&record.topic), record.partition);
        let (key, what) = match self.read(&record) {
            Reading::Work { key, work } => (key, What::Work(work)),
            // Nothing waits for what can't be understood.
            Reading::Unreadable(cause) => (
                format!("unreadable {}", record.offset),
                What::GiveUp(GivenUp::Unreadable(cause)),
            ),
            Reading::Skip => {
                count(&record, "skipped");
                self.assigned(id.clone()).jobs.pass(record.offset);
                return self.store(&id);
            }
        };
        let (place, job_key) = ((record.offset, record.weight()), key.clone());
        let job = Job { record, key, what };
        if let Some(job) = self.assigned(id.clone()).jobs.take(place, &job_key, job) {
            self.start(id.clone(), job);
        }
        self.balance(&id);
    }

    fn read(&self, record: &Record) -> Reading<H::Work> {
        let length = record.value.as_ref().map_or(0, Vec::len);
        if length > MAX_VALUE_BYTES {
            return Reading::Unreadable(format!("a value of {length} bytes is too large"));
        }
        // Who reads letters themselves reads what is left of them.
        if !dead_letters::is_topic(&record.topic)
            && let Some(cut_from) = record.header(CUT_FROM)
        {
            return Reading::Unreadable(format!("its value was cut, from {cut_from} bytes"));
        }
        let handler = AssertUnwindSafe(&self.worker.handler);
        catch_unwind(|| handler.read(record))
            .unwrap_or_else(|_panic| Reading::Unreadable("reading it panicked".to_owned()))
    }

    fn assigned(&mut self, id: PartitionId) -> &mut Assigned<H::Work> {
        match self.partitions.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                self.terms += 1;
                new.insert(Assigned {
                    term: self.terms,
                    until: self.worker.term().drop_guard(),
                    jobs: Partition::default(),
                    is_paused: false,
                })
            }
        }
    }

    fn start(&mut self, partition: PartitionId, job: Job<H::Work>) {
        let Some(assigned) = self.partitions.get(&partition) else {
            return;
        };
        let (term, until) = (assigned.term, assigned.until.token().clone());
        let worker = Arc::clone(&self.worker);
        self.running.spawn(async move {
            let Job { record, key, what } = job;
            let ours = Ours {
                record: &record,
                until: &until,
            };
            let outcome = match what {
                What::Work(work) => worker.work(&ours, &work).await,
                What::GiveUp(why) => worker.give_up(&ours, why).await,
            };
            Done {
                partition,
                term,
                offset: record.offset,
                key,
                outcome,
            }
        });
    }

    fn finish(&mut self, done: &Done) {
        self.forget_revoked();
        let Some(assigned) = self.partitions.get_mut(&done.partition) else {
            return;
        };
        if assigned.term != done.term || done.outcome == Outcome::Abandoned {
            return;
        }
        let next = assigned.jobs.done(done.offset, &done.key);
        if let Some(next) = next.filter(|_| !self.worker.is_ending()) {
            self.start(done.partition.clone(), next);
        }
        self.store(&done.partition);
        self.balance(&done.partition);
    }

    /// Notes how far the partition may be committed.
    fn store(&self, id: &PartitionId) {
        let next = self
            .partitions
            .get(id)
            .and_then(|assigned| assigned.jobs.committable());
        // The client wants the last offset that is done.
        let Some(last) = next
            .map(|next| next.saturating_sub(1))
            .filter(|last| *last >= 0)
        else {
            return;
        };
        if let Err(error) = self.consumer.store_offset(&id.0, id.1, last) {
            // It was taken away a moment ago: whoever has it now does it again.
            tracing::debug!(%error, "an offset is not stored");
        }
    }

    /// Pauses a partition that is full, and lets one that is light again go on.
    fn balance(&mut self, id: &PartitionId) {
        let Some(assigned) = self.partitions.get_mut(id) else {
            return;
        };
        let change: fn(&StreamConsumer<Context>, &TopicPartitionList) -> KafkaResult<()> =
            match assigned.is_paused {
                false if assigned.jobs.is_full() => |consumer, list| consumer.pause(list),
                true if assigned.jobs.is_light() => |consumer, list| consumer.resume(list),
                _ => return,
            };
        let mut list = TopicPartitionList::new();
        list.add_partition(&id.0, id.1);
        match change(&self.consumer, &list) {
            Ok(()) => assigned.is_paused = !assigned.is_paused,
            Err(error) => tracing::warn!(%error, "a partition can't be paused or resumed"),
        }
        self.tell_paused();
    }

    /// Tells how many partitions bring nothing for now: their lag stands still meanwhile.
    fn tell_paused(&self) {
        let paused = self.partitions.values().filter(|one| one.is_paused).count();
        let paused = u32::try_from(paused).unwrap_or(u32::MAX);
        metrics::gauge!("discuss_kafka_paused_partitions").set(paused);
    }
}
