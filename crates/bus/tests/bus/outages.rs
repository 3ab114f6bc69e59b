//! Kafka killed and started again.

use std::sync::Arc;
use std::time::Duration;

use discuss_bus::Producer;
use discuss_test_support::{KafkaServer, TestKafka};

use crate::script::{LETTERS, SHORT, Script, TOPIC, order, texts, until};

/// A broker that was killed takes some seconds to start, and its group some more.
const RECOVERY: Duration = Duration::from_secs(90);
const KEYS: [&str; 4] = ["a", "b", "c", "d"];
const EACH: usize = 400;
/// Between two batches of a key: the kills come in the middle of it.
const PACE: Duration = Duration::from_millis(100);

/// Sends all of a key, a few at a time, each batch until it is taken.
async fn produce(producer: Arc<Producer>, key: &'static str) {
    let all = texts(key, EACH);
    for texts in all.chunks(10) {
        let batch: Vec<_> = texts.iter().map(|text| order(key, text.as_str())).collect();
        while let Err(error) = producer.send_all(&batch).await {
            eprintln!("{key}: sent again: {error}");
        }
        tokio::time::sleep(PACE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_arrive_in_order_while_the_broker_is_killed_again_and_again() {
    let server = KafkaServer::start().await;
    let kafka = TestKafka::at(&server.brokers(), 3);
    kafka.make(&[TOPIC, LETTERS]).await;
    let script = Script::easy();
    let running = script.run(&kafka, SHORT);
    let producer = Arc::new(Producer::new(kafka.settings()).unwrap());
    let producing: Vec<_> = KEYS
        .into_iter()
        .map(|key| tokio::spawn(produce(Arc::clone(&producer), key)))
        .collect();
    for part in 1..=3 {
        let wanted = EACH * KEYS.len() * part / 8;
        let some = until("some are done", async || script.count() > wanted);
        tokio::time::timeout(RECOVERY, some).await.unwrap();
        server.kill().await;
        server.revive().await;
    }
    for task in producing {
        tokio::time::timeout(RECOVERY, task).await.unwrap().unwrap();
    }
    until("all are done", async || {
        KEYS.iter().all(|key| script.firsts(key).len() == EACH)
    })
    .await;
    for key in KEYS {
        assert_eq!(script.firsts(key), texts(key, EACH));
    }
    let stored = kafka.records(TOPIC).await;
    println!("{} stored, {} done", stored.len(), script.count());

    // Away for good: leaving does not wait for the brokers, as the client by itself would, for a minute.
    server.kill().await;
    let sending = tokio::spawn(async move { producer.send_all(&[order("a", "late")]).await });
    let stopped = tokio::time::timeout(RECOVERY / 3, running.stop());
    stopped.await.unwrap();
    assert!(!sending.is_finished(), "nobody was there to take it");
    sending.abort();
    server.revive().await;
}
