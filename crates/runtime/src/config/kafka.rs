//! Where Kafka is, and how its topics are named and made.

use std::time::Duration;

use clap::Args;

/// Where Kafka is, and how its topics are named and made.
#[derive(Debug, Clone, Args)]
pub struct KafkaConfig {
    /// Brokers of Kafka, separated by commas.
    #[arg(long, env, default_value = "localhost:9092")]
    pub kafka_brokers: String,
    /// The consumer group.
    #[arg(long, env, default_value = "discuss_service")]
    pub kafka_group_id: String,
    /// First part of the name of every topic and group, for a Kafka that is shared.
    #[arg(long, env, default_value = "")]
    pub kafka_topic_prefix: String,
    /// Partitions of a topic that is made at start.
    #[arg(long, env, default_value_t = 12, value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub kafka_topic_partitions: i32,
    /// Copies of each partition of a topic that is made at start.
    #[arg(long, env, default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=15))]
    pub kafka_topic_replication: i32,
    /// Topics of business events that are consumed, separated by commas.
    #[arg(
        long,
        env,
        value_delimiter = ',',
        default_value = "ENTITY_EVENTS,serp.ptm.task.events"
    )]
    pub kafka_entity_topics: Vec<String>,
    /// Seconds for which a record that fails is tried again before it is a dead letter.
    #[arg(long, env, default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub kafka_retry_seconds: u64,
}

impl KafkaConfig {
    /// For how long a record that fails is tried again.
    #[must_use]
    pub fn retry(&self) -> Duration {
        Duration::from_secs(self.kafka_retry_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_lookup;

    #[test]
    fn topics_are_separated_by_commas() {
        let read = from_lookup::<KafkaConfig>(|_| None).unwrap();
        assert_eq!(
            read.kafka_entity_topics,
            ["ENTITY_EVENTS", "serp.ptm.task.events"]
        );
        assert_eq!(read.kafka_topic_prefix, "");
        assert_eq!(read.retry(), Duration::from_secs(30));
        let read = from_lookup::<KafkaConfig>(|name| {
            (name == "KAFKA_ENTITY_TOPICS").then(|| "crm.lead".into())
        });
        assert_eq!(read.unwrap().kafka_entity_topics, ["crm.lead"]);
    }

    #[test]
    fn a_topic_has_at_least_one_partition() {
        let error = from_lookup::<KafkaConfig>(|name| {
            (name == "KAFKA_TOPIC_PARTITIONS").then(|| "0".into())
        });
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("KAFKA_TOPIC_PARTITIONS: "), "{error}");
    }
}
