//! What the consumer is told by its environment.

use discuss_bus::Settings;
use discuss_runtime::config::{
    DatabaseConfig, KafkaConfig, ListenConfig, LogConfig, RedisConfig, ShutdownConfig,
};

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
