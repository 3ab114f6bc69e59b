//! The whole way: from what people do, by PostgreSQL, to what can be read from Kafka.

use std::collections::BTreeMap;

use discuss_app::relay::{Outgoing, TOPICS};
use discuss_bus::Record;
use discuss_domain::ChannelId;
use discuss_test_support::{KafkaServer, TestKafka, World, asyncapi, until};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::*;

/// A relay, as in a process of its own.
struct Running {
    end: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    fn start(world: &World, kafka: &TestKafka) -> Self {
        let end = CancellationToken::new();
        let (app, bus, until) = (world.another_app(), kafka.settings().clone(), end.clone());
        let task = tokio::spawn(async move { run(app, &bus, until).await });
        Self { end, task }
    }

    /// Ends it as SIGTERM does.
    async fn end(self) {
        self.end.cancel();
        self.task.await.unwrap().unwrap();
    }

    /// Ends it as SIGKILL does: nothing is given up.
    async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

async fn prepared() -> (World, TestKafka) {
    let (world, kafka) = (World::new().await, TestKafka::new(4));
    kafka.make(&TOPICS).await;
    (world, kafka)
}

/// How many channels have events that are not relayed yet.
const BEHIND: &str =
    "SELECT count(*) FROM channels c LEFT JOIN relay_heads h ON h.channel_id = c.id
    WHERE c.last_seq > coalesce(h.seq, 0)";

async fn until_relayed(world: &World) {
    until("everything is relayed", async || {
        world.number(BEHIND).await == 0
    })
    .await;
}

/// How many processes hold shards, if each shard is held.
async fn holders(world: &World) -> i64 {
    let sql = "SELECT CASE WHEN bool_and(holder IS NOT NULL) THEN count(DISTINCT holder) ELSE 0 END
        FROM relay_leases";
    world.number(sql).await
}

/// What a record says, which is as asyncapi.yaml says of its type.
fn value(record: &Record) -> Value {
    let value: Value = serde_json::from_slice(record.value.as_ref().unwrap()).unwrap();
    let name = format!("kafka.{}", value["eventType"].as_str().unwrap());
    asyncapi::require_payload(&name, &value);
    value
}

/// The seqs of each key of a topic in their order, without repeats: what a reader keeps.
async fn kept(kafka: &TestKafka, topic: &str) -> BTreeMap<String, Vec<i64>> {
    let mut kept: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for record in kafka.records(topic).await {
        let key = String::from_utf8(record.key.clone().unwrap()).unwrap();
        let seq = value(&record)["seq"].as_i64().unwrap();
        let seqs = kept.entry(key).or_default();
        if seqs.last().is_none_or(|last| seq > *last) {
            seqs.push(seq);
        }
    }
    kept
}

/// Says something in each channel, in turn.
async fn talk(world: &World, channels: &[ChannelId], rounds: usize) {
    for round in 0..rounds {
        for channel in channels {
            world.send(1, *channel, &format!("message {round}")).await;
        }
    }
}

async fn groups(world: &World, count: usize) -> Vec<ChannelId> {
    let mut groups = Vec::new();
    for _ in 0..count {
        groups.push(world.group(1, &[2]).await);
    }
    groups
}

#[tokio::test]
async fn what_people_do_arrives_in_its_topics_with_its_keys_and_headers() {
    let (world, kafka) = prepared().await;
    let before = world.group(1, &[2]).await;
    let relay = Running::start(&world, &kafka);
    until_relayed(&world).await;
    let channel = world.group(1, &[2]).await;
    world.add(1, channel, &[8, 9]).await;
    world.remove(1, channel, 9).await;
    let sent = world.send(2, channel, "hello").await;
    let ids = format!(
        "UPDATE channel_events SET correlation_id = 'r', traceparent = 't' WHERE channel_id = {before};
         DELETE FROM relay_heads WHERE channel_id = {before}"
    );
    until_relayed(&world).await;
    relay.end().await;
    world.execute(&ids).await;
    let relay = Running::start(&world, &kafka);
    until_relayed(&world).await;
    relay.end().await;

    let messages = kafka.records("discuss.message.events").await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].key, Some(channel.to_string().into_bytes()));
    let message = value(&messages[0]);
    assert_eq!(message["eventId"], format!("{channel}-4"));
    assert_eq!(message["eventType"], "MESSAGE_NEW");
    assert_eq!(message["messageId"], sent.id.get());
    assert_eq!(message["content"], "hello");
    let members = kafka.records("discuss.member.events").await;
    let types: Vec<Value> = members
        .iter()
        .map(|r| value(r)["eventType"].clone())
        .collect();
    assert_eq!(types, ["MEMBER_JOINED", "MEMBER_REMOVED"]);
    assert_eq!(value(&members[1])["userId"], 9);
    let made = kafka.records("discuss.channel.events").await;
    assert_eq!(made.len(), 3);
    let again = made
        .iter()
        .rfind(|record| value(record)["channelId"] == before.get());
    let again = again.unwrap();
    assert_eq!(value(again)["eventId"], format!("{before}-1"));
    assert_eq!(again.header("X-Correlation-Id"), Some("r"));
    assert_eq!(again.header("traceparent"), Some("t"));
}

#[tokio::test]
async fn every_event_arrives_and_those_of_a_channel_in_order() {
    let (world, kafka) = prepared().await;
    let relay = Running::start(&world, &kafka);
    let channels = groups(&world, 20).await;
    talk(&world, &channels, 15).await;
    until_relayed(&world).await;
    relay.end().await;
    let kept = kept(&kafka, "discuss.message.events").await;
    assert_eq!(kept.len(), 20);
    let expected: Vec<i64> = (2..=16).collect();
    assert!(kept.values().all(|seqs| *seqs == expected), "{kept:?}");
}

#[tokio::test]
async fn when_one_of_two_relays_is_killed_the_other_takes_over_and_nothing_is_lost() {
    let (world, kafka) = prepared().await;
    let (one, other) = (
        Running::start(&world, &kafka),
        Running::start(&world, &kafka),
    );
    until("both hold shards", async || holders(&world).await == 2).await;
    let each = "SELECT min(count) FROM
        (SELECT count(*) FROM relay_leases WHERE holder IS NOT NULL GROUP BY holder) AS c";
    until("each holds half", async || world.number(each).await == 8).await;
    let channels = groups(&world, 20).await;
    let ((), ()) = tokio::join!(
        async {
            until("something is relayed", async || {
                world.number("SELECT count(*) FROM relay_heads").await > 5
            })
            .await;
            one.kill().await;
        },
        talk(&world, &channels, 15),
    );
    until_relayed(&world).await;
    assert_eq!(holders(&world).await, 1);
    other.end().await;
    assert_eq!(holders(&world).await, 0);
    let kept = kept(&kafka, "discuss.message.events").await;
    let expected: Vec<i64> = (2..=16).collect();
    assert_eq!(kept.len(), 20);
    assert!(kept.values().all(|seqs| *seqs == expected), "{kept:?}");
}

#[tokio::test]
async fn a_relay_that_ends_well_leaves_its_shards_to_the_next_at_once() {
    let (world, kafka) = prepared().await;
    let first = Running::start(&world, &kafka);
    until("all shards are held", async || holders(&world).await == 1).await;
    first.end().await;
    let free = "SELECT count(*) FROM relay_leases WHERE holder IS NULL AND epoch = 1";
    assert_eq!(world.number(free).await, 16);
    assert_eq!(
        world.number("SELECT count(*) FROM relay_processes").await,
        0
    );
}

#[tokio::test]
async fn while_kafka_is_away_the_shards_are_kept_and_afterwards_everything_arrives() {
    let (world, server) = (World::new().await, KafkaServer::start().await);
    let kafka = TestKafka::at(&server.brokers(), 2);
    kafka.make(&TOPICS).await;
    let relay = Running::start(&world, &kafka);
    let channels = groups(&world, 5).await;
    talk(&world, &channels, 2).await;
    until_relayed(&world).await;
    server.kill().await;
    talk(&world, &channels, 2).await;
    let renewed = "SELECT count(*) FROM relay_leases
        WHERE epoch = 1 AND expires_at > (SELECT max(created_at) FROM channel_events) + interval '7 s'";
    until("leases are renewed", async || {
        world.number(renewed).await == 16
    })
    .await;
    let heads = "SELECT count(*) FROM relay_heads WHERE seq = 3";
    assert_eq!(world.number(heads).await, 5);
    server.revive().await;
    until_relayed(&world).await;
    relay.end().await;
    let kept = kept(&kafka, "discuss.message.events").await;
    assert_eq!(kept.len(), 5);
    assert!(kept.values().all(|seqs| *seqs == [2, 3, 4, 5]), "{kept:?}");
}

#[tokio::test]
async fn after_its_connections_are_lost_the_relay_goes_on() {
    let (world, kafka) = prepared().await;
    let relay = Running::start(&world, &kafka);
    let channels = groups(&world, 5).await;
    talk(&world, &channels, 2).await;
    until_relayed(&world).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name IN ('discuss-news', 'discuss-relay') AND datname = current_database()";
    world.execute(cut).await;
    talk(&world, &channels, 2).await;
    until_relayed(&world).await;
    relay.end().await;
    let kept = kept(&kafka, "discuss.message.events").await;
    assert_eq!(kept.len(), 5);
    assert!(kept.values().all(|seqs| *seqs == [2, 3, 4, 5]), "{kept:?}");
}

#[tokio::test]
async fn a_record_that_no_topic_takes_is_skipped_and_its_neighbours_are_sent() {
    let kafka = TestKafka::new(1);
    kafka.make(&TOPICS).await;
    let producer = Producer::new(kafka.settings()).unwrap();
    let sender = Sender::new(producer, CancellationToken::new());
    let outgoing = |value: &[u8]| Outgoing {
        topic: "discuss.message.events",
        channel: ChannelId::from(7),
        value: value.to_vec(),
        at: Utc::now(),
        correlation_id: None,
        traceparent: None,
    };
    let large = vec![b'x'; 5 * 1024 * 1024];
    let records = vec![outgoing(b"1"), outgoing(&large), outgoing(b"2")];
    assert!(sender.send(records).await);
    let stored = kafka.records("discuss.message.events").await;
    let mut values: Vec<_> = stored.into_iter().filter_map(|one| one.value).collect();
    values.dedup();
    assert_eq!(values, [b"1", b"2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_reach_kafka_leaves_the_shards_to_who_does() {
    let (world, kafka) = prepared().await;
    let away = TestKafka::at("127.0.0.1:1", 4);
    let cut_off = Running::start(&world, &away);
    until("it has all shards", async || holders(&world).await == 1).await;
    world.group(1, &[2]).await;
    let other = Running::start(&world, &kafka);
    let relayed = tokio::time::timeout(Duration::from_mins(1), until_all_relayed(&world));
    relayed.await.unwrap();
    other.end().await;
    cut_off.kill().await;
}

/// As [`until_relayed`], however long that takes.
async fn until_all_relayed(world: &World) {
    while world.number(BEHIND).await > 0 {
        sleep(Duration::from_millis(50)).await;
    }
}
