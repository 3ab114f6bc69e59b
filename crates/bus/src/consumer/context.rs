//! What the client tells beside records: which partitions were taken away, and how far behind it is.

use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::statistics::Statistics;
use tokio::sync::mpsc;

/// A partition's full topic name and its number.
pub(super) type PartitionId = (String, i32);

/// Hears the client out.
pub(super) struct Context {
    pub(super) revoked: mpsc::UnboundedSender<PartitionId>,
}

impl ClientContext for Context {
    fn stats(&self, statistics: Statistics) {
        for (name, topic) in statistics.topics {
            for (number, partition) in topic.partitions {
                // -1 is unknown, as is what another process has.
                if number >= 0 && partition.consumer_lag >= 0 {
                    let labels = [("topic", name.clone()), ("partition", number.to_string())];
                    metrics::gauge!("discuss_kafka_lag_records", &labels).set(f64::from(
                        u32::try_from(partition.consumer_lag).unwrap_or(u32::MAX),
                    ));
                }
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        metrics::counter!("discuss_kafka_client_errors_total").increment(1);
        tracing::debug!(%error, reason, "the kafka client reports an error");
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(partitions) = rebalance else {
            return;
        };
        for partition in partitions.elements() {
            let id = (partition.topic().to_owned(), partition.partition());
            metrics::gauge!("discuss_kafka_lag_records", "topic" => id.0.clone(), "partition" => id.1.to_string())
                .set(0.0);
            if self.revoked.send(id).is_err() {
                tracing::debug!("a partition was revoked after the end");
            }
        }
    }
}
