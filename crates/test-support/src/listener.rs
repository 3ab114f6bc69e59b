//! Hears what is published on Redis.

use bytes::Bytes;
use discuss_storage::redis::{Redis, Topic};
use futures_util::StreamExt;
use redis::aio::PubSubStream;

use crate::PATIENCE;

/// Hears what is published on some topics, in the order in which Redis has it.
pub struct Listener {
    redis: Redis,
    messages: PubSubStream,
}

impl Listener {
    pub(crate) async fn start(redis: &Redis, topics: &[Topic]) -> Self {
        let mut subscriber = redis.subscriber().await.expect("Redis must be there");
        for topic in topics {
            let subscribed = subscriber.subscribe(redis.name(*topic)).await;
            subscribed.expect("a topic must be subscribed to");
        }
        Self {
            redis: redis.clone(),
            messages: subscriber.into_on_message(),
        }
    }

    /// The next message and its topic.
    pub async fn next(&mut self) -> (Topic, Bytes) {
        let next = tokio::time::timeout(PATIENCE, self.messages.next()).await;
        let message = next.expect("nothing was published").expect("Redis hung up");
        let topic = self.redis.find_topic(message.get_channel_name());
        let bytes = Bytes::copy_from_slice(message.get_payload_bytes());
        (topic.expect("the topic must be one of ours"), bytes)
    }
}
