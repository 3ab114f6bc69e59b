//! Topics of a test's own on a real Kafka.

use std::time::{Duration, Instant};

use discuss_bus::{Record, Settings, topics};
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::metadata::{MetadataPartition, MetadataTopic};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use uuid::Uuid;

use crate::PATIENCE;

/// Names of topics and groups that no other test has, on the Kafka of `KAFKA_BROKERS`. The topics are
/// deleted when this goes out of scope.
pub struct TestKafka {
    settings: Settings,
}

impl TestKafka {
    /// On the Kafka of `KAFKA_BROKERS`, with so many partitions a topic.
    #[must_use]
    pub fn new(partitions: i32) -> Self {
        let brokers =
            std::env::var("KAFKA_BROKERS").unwrap_or_else(|_| "127.0.0.1:9092".to_owned());
        Self::at(&brokers, partitions)
    }

    /// The same on another Kafka.
    #[must_use]
    pub fn at(brokers: &str, partitions: i32) -> Self {
        let settings = Settings {
            brokers: brokers.to_owned(),
            prefix: format!("test-{}-", Uuid::new_v4().simple()),
            group: "group".to_owned(),
            client_id: "test".to_owned(),
            partitions,
            replication: 1,
        };
        Self { settings }
    }

    /// What a client is told.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Makes topics.
    pub async fn make(&self, names: &[&str]) {
        let made = topics::create_missing(&self.settings, names).await;
        made.expect("Kafka must be there: KAFKA_BROKERS");
    }

    /// Everything in a topic by now, each partition in its order.
    pub async fn records(&self, topic: &str) -> Vec<Record> {
        let (settings, topic) = (self.settings.clone(), topic.to_owned());
        let read = tokio::task::spawn_blocking(move || read(&settings, &topic));
        read.await.expect("a topic must be read")
    }

    /// What the group has committed, of all partitions of a topic together.
    pub async fn committed(&self, topic: &str) -> i64 {
        let (settings, topic) = (self.settings.clone(), topic.to_owned());
        let read = tokio::task::spawn_blocking(move || committed(&settings, &topic));
        read.await.expect("offsets must be read")
    }
}

impl Drop for TestKafka {
    fn drop(&mut self) {
        let settings = self.settings.clone();
        let deleted = std::thread::spawn(move || delete_all(&settings)).join();
        if !matches!(deleted, Ok(Some(()))) {
            eprintln!("the topics {}* were not deleted", self.settings.prefix);
        }
    }
}

fn client(settings: &Settings) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.brokers)
        .set("group.id", settings.full_name(&settings.group))
        .set("enable.auto.commit", "false");
    config
}

fn partitions(consumer: &BaseConsumer, name: &str) -> Vec<i32> {
    let metadata = consumer.fetch_metadata(Some(name), PATIENCE);
    let metadata = metadata.expect("Kafka must be there");
    let topics = metadata.topics().iter();
    let partitions = topics.flat_map(|topic| topic.partitions().iter());
    partitions.map(MetadataPartition::id).collect()
}

/// Where a partition begins and ends. One that was just made may not have its leader yet.
fn watermarks(consumer: &BaseConsumer, name: &str, partition: i32) -> (i64, i64) {
    let end = Instant::now() + PATIENCE;
    loop {
        let found = consumer.fetch_watermarks(name, partition, PATIENCE);
        if found.is_ok() || Instant::now() >= end {
            return found.expect("a partition must have an end");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn read(settings: &Settings, topic: &str) -> Vec<Record> {
    let name = settings.full_name(topic);
    let consumer: BaseConsumer = client(settings).create().expect("a client must be made");
    let (mut starts, mut count) = (TopicPartitionList::new(), 0);
    for partition in partitions(&consumer, &name) {
        let (low, high) = watermarks(&consumer, &name, partition);
        count += high - low;
        starts
            .add_partition_offset(&name, partition, Offset::Beginning)
            .expect("a partition must be named");
    }
    consumer
        .assign(&starts)
        .expect("partitions must be assigned");
    let mut records = Vec::new();
    let end = Instant::now() + PATIENCE;
    while i64::try_from(records.len()).expect("few records") < count {
        match consumer.poll(PATIENCE).expect("a record must come") {
            Ok(message) => records.push(Record::of(&message, settings)),
            Err(error) => {
                assert!(Instant::now() < end, "reading {name}: {error}");
                eprintln!("reading {name}: {error}");
            }
        }
    }
    records.sort_by_key(|record| (record.partition, record.offset));
    records
}

fn committed(settings: &Settings, topic: &str) -> i64 {
    let name = settings.full_name(topic);
    let consumer: BaseConsumer = client(settings).create().expect("a client must be made");
    let mut list = TopicPartitionList::new();
    for partition in partitions(&consumer, &name) {
        list.add_partition(&name, partition);
    }
    // The group's coordinator may just be coming up.
    let Ok(committed) = consumer.committed_offsets(list, PATIENCE) else {
        return 0;
    };
    let offsets = committed.elements().into_iter().map(|one| one.offset());
    offsets
        .filter_map(Offset::to_raw)
        .filter(|offset| *offset > 0)
        .sum()
}

fn delete_all(settings: &Settings) -> Option<()> {
    let limit = Duration::from_secs(5);
    let consumer: BaseConsumer = client(settings).create().ok()?;
    let metadata = consumer.fetch_metadata(None, limit).ok()?;
    let names = metadata.topics().iter().map(MetadataTopic::name);
    let ours = names.filter(|name| name.starts_with(&settings.prefix));
    let ours: Vec<&str> = ours.collect();
    if ours.is_empty() {
        return Some(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.ok()?.block_on(async {
        let admin: AdminClient<DefaultClientContext> = client(settings).create().ok()?;
        let options = AdminOptions::new().request_timeout(Some(limit));
        admin.delete_topics(&ours, &options).await.ok().map(drop)
    })
}
