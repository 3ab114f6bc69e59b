//! What the client tells beside records: which partitions come and go, and how far behind it is.

use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::statistics::{Partition, Statistics};
use tokio::sync::mpsc;

use crate::BusError;

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
                if let Some(lag) = lag(&partition) {
                    let labels = [("topic", name.clone()), ("partition", number.to_string())];
                    metrics::gauge!("discuss_kafka_lag_records", &labels).set(lag);
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
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(partitions) = rebalance else {
            return;
        };
        // The client would remember a pause until the partition comes back; we don't.
        if let Err(error) = consumer.resume(partitions) {
            tracing::error!(%error, "partitions that are given back can't be resumed");
        }
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

/// How many records are not committed yet; nothing where that is unknown, or another process's.
fn lag(partition: &Partition) -> Option<f64> {
    if partition.partition < 0 || !partition.desired || partition.hi_offset < 0 {
        return None;
    }
    let start = partition.committed_offset.max(partition.lo_offset).max(0);
    let lag = u32::try_from(partition.hi_offset.saturating_sub(start).max(0));
    Some(f64::from(lag.unwrap_or(u32::MAX)))
}

/// Most errors pass by themselves when the brokers are back.
pub(super) fn judge(error: KafkaError) -> Result<(), BusError> {
    let is_refused = matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::GroupAuthorizationFailed
        )
    );
    if is_refused || matches!(error, KafkaError::MessageConsumptionFatal(_)) {
        return Err(error.into());
    }
    tracing::debug!(%error, "kafka brings no records for now");
    Ok(())
}
