//! Redis: what processes tell each other, and only for the moment. Whatever it loses is read from the
//! log.

use std::time::Duration;

use bytes::Bytes;
use discuss_domain::{ChannelId, TenantId, UserId};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError};

pub mod presence;
mod rate_limits;

pub use self::rate_limits::{Counted, RateCounters};
pub use redis::aio::PubSubSink;

mod cache;

pub use cache::{Cache, CachedAccess};

/// No answer takes longer, or Redis counts as away.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Where something is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// For everybody in a channel.
    Channel(TenantId, ChannelId),
    /// For every connection of one person.
    User(TenantId, UserId),
    /// Who of a tenant is there and who is not.
    Presence(TenantId),
}

/// The Redis of one installation: its address, and the first part of all its keys.
#[derive(Debug, Clone)]
pub struct Redis {
    client: Client,
    prefix: String,
}

impl Redis {
    /// Prepares for the server of `url`; connects when it is used.
    pub fn new(url: &str, prefix: &str) -> Result<Self, RedisError> {
        Ok(Self {
            client: Client::open(url)?,
            prefix: prefix.to_owned(),
        })
    }

    /// The name of a topic: `{prefix}:c:{tenant}:{channel}`, `{prefix}:u:{tenant}:{user}`,
    /// `{prefix}:p:{tenant}`.
    #[must_use]
    pub fn name(&self, topic: Topic) -> String {
        match topic {
            Topic::Channel(tenant, channel) => format!("{}:c:{tenant}:{channel}", self.prefix),
            Topic::User(tenant, user) => format!("{}:u:{tenant}:{user}", self.prefix),
            Topic::Presence(tenant) => format!("{}:p:{tenant}", self.prefix),
        }
    }

    /// The topic of that name.
    #[must_use]
    pub fn find_topic(&self, name: &str) -> Option<Topic> {
        let mut parts = name
            .strip_prefix(&self.prefix)?
            .strip_prefix(':')?
            .split(':');
        let kind = parts.next()?;
        let tenant = TenantId::from(parts.next()?.parse::<i64>().ok()?);
        let mut id = || parts.next()?.parse::<i64>().ok();
        match kind {
            "c" => Some(Topic::Channel(tenant, ChannelId::from(id()?))),
            "u" => Some(Topic::User(tenant, UserId::from(id()?))),
            "p" => Some(Topic::Presence(tenant)),
            _ => None,
        }
    }

    /// A connection that publishes; it comes back by itself.
    pub async fn publisher(&self) -> Result<Publisher, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT))
            .set_number_of_retries(0);
        let manager = ConnectionManager::new_with_config(self.client.clone(), config).await?;
        Ok(Publisher {
            manager,
            redis: self.clone(),
        })
    }

    /// A connection that subscribes; when it ends, somebody must connect again and subscribe anew.
    pub async fn subscriber(&self) -> Result<redis::aio::PubSub, RedisError> {
        match tokio::time::timeout(TIMEOUT, self.client.get_async_pubsub()).await {
            Ok(connected) => connected,
            Err(_elapsed) => Err(RedisError::from((
                redis::ErrorKind::Io,
                "no answer to connect",
            ))),
        }
    }

    /// Does Redis answer?
    pub async fn ping(&self) -> Result<(), RedisError> {
        let mut manager = self.publisher().await?.manager;
        redis::cmd("PING").query_async(&mut manager).await
    }
}

/// Publishes.
#[derive(Clone)]
pub struct Publisher {
    manager: ConnectionManager,
    redis: Redis,
}

impl Publisher {
    /// Publishes all of it, in order, in one round trip.
    pub async fn publish(&mut self, messages: &[(Topic, Bytes)]) -> Result<(), RedisError> {
        let mut pipeline = redis::pipe();
        for (topic, bytes) in messages {
            pipeline
                .publish(self.redis.name(*topic), bytes.as_ref())
                .ignore();
        }
        pipeline.query_async(&mut self.manager).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_found_by_its_name() {
        let redis = Redis::new("redis://127.0.0.1:1", "test").unwrap();
        let topics = [
            Topic::Channel(TenantId::from(3), ChannelId::from(7)),
            Topic::User(TenantId::from(3), UserId::from(9)),
            Topic::Presence(TenantId::from(3)),
        ];
        for topic in topics {
            assert_eq!(redis.find_topic(&redis.name(topic)), Some(topic));
        }
        assert_eq!(redis.find_topic("other:c:3:7"), None);
        assert_eq!(redis.find_topic("test:c:3"), None);
    }
}
