//! What the client tells beside records: which partitions come and go, and how far behind it is.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::statistics::{Partition, Statistics};
use tokio::sync::mpsc;

use crate::BusError;

/// How often the same error is told.
const TELL_EVERY: Duration = Duration::from_mins(1);

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

/// The errors that came instead of records, and when each was last told: one that does not pass stops its
/// partition, and is to be seen without filling the log.
#[derive(Default)]
pub(super) struct Troubles {
    told: HashMap<String, Instant>,
}

impl Troubles {
    /// Most errors pass by themselves when the brokers are back; these are counted, and told once a minute.
    pub(super) fn judge(&mut self, error: KafkaError) -> Result<(), BusError> {
        use RDKafkaErrorCode::{GroupAuthorizationFailed, TopicAuthorizationFailed, Unknown};
        let code = error.rdkafka_error_code().unwrap_or(Unknown);
        let is_refused = matches!(code, TopicAuthorizationFailed | GroupAuthorizationFailed);
        if is_refused || matches!(error, KafkaError::MessageConsumptionFatal(_)) {
            return Err(error.into());
        }
        let code = format!("{code:?}");
        metrics::counter!("discuss_kafka_consume_errors_total", "code" => code.clone())
            .increment(1);
        if self.is_to_be_told(code, Instant::now()) {
            tracing::warn!(%error, "kafka brings no records for now");
        }
        Ok(())
    }

    fn is_to_be_told(&mut self, code: String, now: Instant) -> bool {
        let last = self.told.get(&code);
        let is_due = last.is_none_or(|last| now.duration_since(*last) >= TELL_EVERY);
        if is_due {
            self.told.insert(code, now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_again_after_a_minute_each_for_itself() {
        let (mut troubles, start) = (Troubles::default(), Instant::now());
        let (one, other) = (|| "one".to_owned(), || "other".to_owned());
        assert!(troubles.is_to_be_told(one(), start));
        assert!(!troubles.is_to_be_told(one(), start + TELL_EVERY / 2));
        assert!(troubles.is_to_be_told(other(), start + TELL_EVERY / 2));
        assert!(troubles.is_to_be_told(one(), start + TELL_EVERY));
        assert!(!troubles.is_to_be_told(other(), start + TELL_EVERY));
    }

    #[test]
    fn only_a_refusal_ends_the_consumer() {
        let mut troubles = Troubles::default();
        let passes = KafkaError::MessageConsumption(RDKafkaErrorCode::BadCompression);
        assert!(troubles.judge(passes).is_ok());
        let refused = KafkaError::MessageConsumption(RDKafkaErrorCode::TopicAuthorizationFailed);
        assert!(troubles.judge(refused).is_err());
    }
}
