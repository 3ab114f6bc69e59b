//! What the consumer is told by its environment.

use discuss_bus::Settings;
use discuss_runtime::config::{
    ConfigError, DatabaseConfig, KafkaConfig, ListenConfig, LogConfig, RedisConfig, ShutdownConfig,
};

use crate::sources;

/// The configuration of the consumer.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Address to listen on.
    #[command(flatten)]
    pub listen: ListenConfig,
    /// Port for health and metrics; 0 takes any that is free.
    #[arg(long, env, default_value_t = 9195)]
    pub consumer_admin_port: u16,
    /// Kafka.
    #[command(flatten)]
    pub kafka: KafkaConfig,
    /// PostgreSQL.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// Redis.
    #[command(flatten)]
    pub redis: RedisConfig,
    /// The log.
    #[command(flatten)]
    pub log: LogConfig,
    /// The end.
    #[command(flatten)]
    pub shutdown: ShutdownConfig,
}

impl Config {
    /// Checks what no single variable can know. A topic that nobody can read would be consumed, and what
    /// it says lost.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let mut topics = self.kafka.kafka_entity_topics.iter();
        let unknown = topics.find(|topic| !sources::topics().any(|known| known == topic.as_str()));
        unknown.map_or(Ok(()), |unknown| {
            let known: Vec<&str> = sources::topics().collect();
            let reason = format!("{unknown:?} can't be read; known are {}", known.join(", "));
            Err(ConfigError::new("KAFKA_ENTITY_TOPICS", reason))
        })
    }

    /// What the Kafka clients are told.
    pub(crate) fn bus(&self) -> Settings {
        Settings {
            brokers: self.kafka.kafka_brokers.clone(),
            prefix: self.kafka.kafka_topic_prefix.clone(),
            group: self.kafka.kafka_group_id.clone(),
            client_id: "discuss-consumer".to_owned(),
            partitions: self.kafka.kafka_topic_partitions,
            replication: self.kafka.kafka_topic_replication,
        }
    }
}

#[cfg(test)]
mod tests {
    use discuss_runtime::config::from_lookup;

    use super::*;

    #[test]
    fn a_topic_that_nobody_can_read_is_refused_with_those_that_are_known() {
        let check = |topics: Option<&str>| {
            let config: Config = from_lookup(|name| {
                let topics = topics.filter(|_| name == "KAFKA_ENTITY_TOPICS");
                topics.map(Into::into)
            })
            .unwrap();
            config.check().map_err(|error| error.to_string())
        };
        assert_eq!(check(None), Ok(()));
        assert_eq!(check(Some("serp.ptm.task.events")), Ok(()));
        let why = "KAFKA_ENTITY_TOPICS: \"crm.lead\" can't be read; \
                   known are ENTITY_EVENTS, serp.ptm.task.events";
        assert_eq!(check(Some("ENTITY_EVENTS,crm.lead")), Err(why.to_owned()));
    }
}
