//! Putting dead letters back where they came from.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::metadata::MetadataTopic;
use rdkafka::topic_partition_list::Offset;

use crate::producer::Producer;
use crate::{BusError, NewRecord, Record, Settings, dead_letters};

/// How long the brokers have to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait for the next letter before looking again.
const POLL: Duration = Duration::from_millis(500);
/// So many looks in vain, and it is asked whether the letters are there at all.
const IN_VAIN: u32 = 10;
/// Letters that are put back together, and their bytes.
const BATCH: (usize, usize) = (500, 8 * 1024 * 1024);

/// Puts back the letters of `topic` (such as `orders.dlt`, without the prefix) that were not put back
/// yet and were there when this began; answers how many. What fails again becomes a letter again, and is
/// put back by the next call.
pub async fn replay(settings: &Settings, topic: &str) -> Result<usize, BusError> {
    if !dead_letters::is_topic(topic) {
        return Err(BusError::NotDeadLetters(topic.to_owned()));
    }
    let (settings, topic) = (settings.clone(), topic.to_owned());
    let producer = Producer::new(&settings)?;
    let mut letters = blocking(move || Letters::open(settings, &topic)).await?;
    let mut count = 0;
    loop {
        let read = move || letters.next_batch().map(|batch| (letters, batch));
        let (back, batch) = blocking(read).await?;
        letters = back;
        if batch.is_empty() {
            return Ok(count);
        }
        let originals: Vec<NewRecord> = batch.iter().map(dead_letters::original).collect();
        producer.send_all(&originals).await?;
        count += batch.len();
        letters = blocking(move || letters.commit(&batch).map(|()| letters)).await?;
    }
}

/// What the client does while it blocks.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BusError> + Send + 'static,
) -> Result<T, BusError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(BusError::Broken(error.to_string())),
    }
}

/// The letters of a topic from where the last replay stopped to its end.
struct Letters {
    settings: Settings,
    topic: String,
    consumer: BaseConsumer,
    /// The offset to read next and the one to stop at, per partition.
    rest: HashMap<i32, (i64, i64)>,
}

impl Letters {
    fn open(settings: Settings, topic: &str) -> Result<Self, BusError> {
        let name = settings.full_name(topic);
        let mut config = settings.client();
        config
            .set(
                "group.id",
                format!("{}.replay", settings.full_name(&settings.group)),
            )
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest");
        let consumer: BaseConsumer = config.create()?;
        let list = partitions(&consumer, &name)?;
        if list.count() == 0 {
            return Err(BusError::NoTopic(name));
        }
        let committed = consumer.committed_offsets(list, TIMEOUT)?;
        let (mut rest, mut starts) = (HashMap::new(), TopicPartitionList::new());
        for partition in committed.elements() {
            let id = partition.partition();
            let (low, high) = consumer.fetch_watermarks(&name, id, TIMEOUT)?;
            let start = match partition.offset() {
                Offset::Offset(offset) => offset.max(low),
                _ => low,
            };
            if start < high {
                rest.insert(id, (start, high));
                starts.add_partition_offset(&name, id, Offset::Offset(start))?;
            }
        }
        consumer.assign(&starts)?;
        Ok(Self {
            settings,
            topic: name,
            consumer,
            rest,
        })
    }

    /// The next letters; none when all were read.
    fn next_batch(&mut self) -> Result<Vec<Record>, BusError> {
        let (mut batch, mut bytes, mut in_vain) = (Vec::new(), 0, 0_u32);
        while batch.len() < BATCH.0 && bytes < BATCH.1 && !self.rest.is_empty() {
            match self.consumer.poll(POLL) {
                Some(Ok(message)) => {
                    let letter = Record::of(&message, &self.settings);
                    if self.is_awaited(letter.partition, letter.offset) {
                        bytes += letter.weight();
                        batch.push(letter);
                    }
                }
                Some(Err(error)) => return Err(error.into()),
                None if !batch.is_empty() => break,
                None => in_vain = in_vain.saturating_add(1),
            }
            if in_vain >= IN_VAIN {
                self.forget_deleted()?;
                in_vain = 0;
            }
        }
        Ok(batch)
    }

    /// Waits no longer for letters that were deleted meanwhile. Fails where no broker answers.
    fn forget_deleted(&mut self) -> Result<(), BusError> {
        let partitions: Vec<i32> = self.rest.keys().copied().collect();
        for partition in partitions {
            let ends = self
                .consumer
                .fetch_watermarks(&self.topic, partition, TIMEOUT);
            let (low, _) = ends?;
            if self
                .rest
                .get(&partition)
                .is_some_and(|(_, stop)| low >= *stop)
            {
                self.rest.remove(&partition);
            }
        }
        Ok(())
    }

    /// Notes a letter as read; says whether it was there when this began.
    fn is_awaited(&mut self, partition: i32, offset: i64) -> bool {
        let Some((next, stop)) = self.rest.get_mut(&partition) else {
            return false;
        };
        let is_awaited = offset < *stop;
        *next = offset.saturating_add(1);
        if *next >= *stop {
            self.rest.remove(&partition);
        }
        is_awaited
    }

    fn commit(&self, batch: &[Record]) -> Result<(), BusError> {
        let mut after: HashMap<(&str, i32), i64> = HashMap::new();
        for letter in batch {
            let next = after.entry((&letter.topic, letter.partition)).or_default();
            *next = letter.offset.saturating_add(1).max(*next);
        }
        let mut list = TopicPartitionList::new();
        for ((topic, partition), next) in after {
            let name = self.settings.full_name(topic);
            list.add_partition_offset(&name, partition, Offset::Offset(next))?;
        }
        self.consumer.commit(&list, CommitMode::Sync)?;
        Ok(())
    }
}

/// A topic's partitions; none if there is no such topic.
fn partitions(consumer: &BaseConsumer, topic: &str) -> Result<TopicPartitionList, BusError> {
    let metadata = consumer.fetch_metadata(Some(topic), TIMEOUT)?;
    let mut list = TopicPartitionList::new();
    for partition in metadata.topics().iter().flat_map(MetadataTopic::partitions) {
        list.add_partition(topic, partition.id());
    }
    Ok(list)
}
