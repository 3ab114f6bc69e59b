//! Records come whatever their producer compresses them with.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};

use crate::script::{SHORT, Script, TOPIC, committed, kafka, texts};

/// What Kafka knows.
const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];

#[tokio::test(flavor = "multi_thread")]
async fn records_come_by_every_compression_that_kafka_knows() {
    let kafka = kafka(1).await;
    let script = Script::easy();
    let running = script.run(&kafka, SHORT);
    let topic = kafka.settings().full_name(TOPIC);
    for codec in CODECS {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &kafka.settings().brokers)
            .set("compression.type", codec);
        let producer: FutureProducer = config.create().unwrap();
        for text in texts(codec, 20) {
            let record = FutureRecord::to(&topic).key(codec).payload(&text);
            let sent = producer.send(record, Duration::from_secs(30)).await;
            sent.unwrap();
        }
    }
    committed(&kafka, 100).await;

    for codec in CODECS {
        assert_eq!(script.done(codec), texts(codec, 20), "{codec}");
    }
    running.stop().await;
}
