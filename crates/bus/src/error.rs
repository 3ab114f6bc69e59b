//! What can go wrong with Kafka.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// What can go wrong with Kafka.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The client refused its settings, or a call.
    #[error("kafka: {0}")]
    Kafka(#[from] KafkaError),
    /// A topic could not be made.
    #[error("topic {topic} can't be made: {code}")]
    Topic {
        /// Its full name.
        topic: String,
        /// What the broker said.
        code: RDKafkaErrorCode,
    },
    /// A topic that is not there.
    #[error("there is no topic {0}")]
    NoTopic(String),
    /// A topic whose records are no dead letters.
    #[error("{0} is no topic of dead letters: their names end in .dlt")]
    NotDeadLetters(String),
    /// A record is larger than its topic takes; sending it again does not help.
    #[error("a record of {bytes} bytes is larger than topic {topic} takes")]
    TooLarge {
        /// The topic.
        topic: String,
        /// The value's length.
        bytes: usize,
    },
    /// The producer had to be made anew; what was under way may or may not have arrived, and is to be
    /// sent again.
    #[error("the producer was started anew: {0}")]
    Restarted(String),
    /// Our own code failed.
    #[error("broken: {0}")]
    Broken(String),
}
