//! Where Kafka is, and how its topics are named and made.

use rdkafka::ClientConfig;

/// Largest record that our topics take, in bytes of its key and value.
pub const MAX_RECORD_BYTES: usize = 4 * 1024 * 1024;
/// What a record may weigh beside them, by its headers; a topic takes as much again for the frame of a batch.
pub(crate) const FRAME_BYTES: usize = 64 * 1024;

/// Where Kafka is, and how its topics are named and made.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `host:port`, comma-separated.
    pub brokers: String,
    /// First part of the name of every topic and group; empty in production.
    pub prefix: String,
    /// The consumer group, without the prefix.
    pub group: String,
    /// How this process calls itself.
    pub client_id: String,
    /// Partitions of a topic that is made here.
    pub partitions: i32,
    /// Copies of each of them.
    pub replication: i32,
}

impl Settings {
    /// A topic's name on the broker.
    #[must_use]
    pub fn full_name(&self, topic: &str) -> String {
        format!("{}{topic}", self.prefix)
    }

    /// A topic's own name, without the prefix.
    #[must_use]
    pub fn own_name<'t>(&self, full_name: &'t str) -> &'t str {
        full_name.strip_prefix(&self.prefix).unwrap_or(full_name)
    }

    /// What every client is told.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", &self.client_id)
            .set("socket.keepalive.enable", "true")
            .set("socket.nagle.disable", "true")
            .set("reconnect.backoff.ms", "100")
            .set("reconnect.backoff.max.ms", "2000")
            .set("allow.auto.create.topics", "false")
            // New topics and moved leaders are seen soon.
            .set("topic.metadata.refresh.interval.ms", "10000")
            .set(
                "message.max.bytes",
                (MAX_RECORD_BYTES + FRAME_BYTES).to_string(),
            );
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_put_before_a_topic_and_taken_off_again() {
        let settings = Settings {
            brokers: "b:1".to_owned(),
            prefix: "test-".to_owned(),
            group: "g".to_owned(),
            client_id: "c".to_owned(),
            partitions: 1,
            replication: 1,
        };
        assert_eq!(settings.full_name("orders"), "test-orders");
        assert_eq!(settings.own_name("test-orders"), "orders");
        assert_eq!(settings.own_name("orders"), "orders");
    }
}
