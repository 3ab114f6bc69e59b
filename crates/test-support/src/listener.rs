//! Hears what is published on Redis.

use std::collections::HashMap;

use bytes::Bytes;
use discuss_domain::{ChannelId, Seq};
use discuss_storage::redis::{Redis, Topic};
use discuss_wire::fanout::Fanout;
use futures_util::StreamExt;
use redis::aio::PubSubStream;

use crate::PATIENCE;

/// Hears what is published on some topics, in the order in which Redis has it, but no event that was committed
/// before: publishing follows the answer, so that such an event may come late.
pub struct Listener {
    redis: Redis,
    messages: PubSubStream,
    heads: HashMap<ChannelId, Seq>,
}

impl Listener {
    /// Subscribes; `heads` are the newest seqs of the channels.
    pub(crate) async fn start(
        redis: &Redis,
        topics: &[Topic],
        heads: HashMap<ChannelId, Seq>,
    ) -> Self {
        let mut subscriber = redis.subscriber().await.expect("Redis must be there");
        for topic in topics {
            let subscribed = subscriber.subscribe(redis.name(*topic)).await;
            subscribed.expect("a topic must be subscribed to");
        }
        Self {
            redis: redis.clone(),
            messages: subscriber.into_on_message(),
            heads,
        }
    }

    /// The next message and its topic.
    pub async fn next(&mut self) -> (Topic, Bytes) {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.messages.next()).await;
            let message = next.expect("nothing was published").expect("Redis hung up");
            let topic = self.redis.find_topic(message.get_channel_name());
            let bytes = Bytes::copy_from_slice(message.get_payload_bytes());
            if !self.is_old(&bytes) {
                return (topic.expect("the topic must be one of ours"), bytes);
            }
        }
    }

    fn is_old(&self, bytes: &Bytes) -> bool {
        let Ok(Fanout::Event(event)) = Fanout::decode(bytes) else {
            return false;
        };
        let head = self.heads.get(&event.channel);
        head.is_some_and(|head| event.seq <= *head)
    }
}
