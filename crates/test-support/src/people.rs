//! A small world: a database, the use cases over it, and people in channels.

use discuss_app::{App, Context, channels, messages};
use discuss_domain::channels::{ChannelName, NewGroup};
use discuss_domain::messages::{Content, Draft, Message, MessageKind};
use discuss_domain::users::Caller;
use discuss_domain::{ChannelId, TenantId, UserId};
use discuss_storage::redis::Redis;
use uuid::Uuid;

use crate::{TestDatabase, redis_url};

/// A database, the use cases over it, and people in channels.
pub struct World {
    /// The database.
    pub database: TestDatabase,
    /// The use cases.
    pub app: App,
    /// The first part of all keys in Redis.
    pub redis_prefix: String,
}

impl World {
    /// The tenant of everybody who is not said to be of another.
    pub const TENANT: i64 = 3;

    /// An empty world.
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let redis_prefix = format!("test-{}", Uuid::new_v4().simple());
        let redis = Redis::new(&redis_url(), &redis_prefix).expect("REDIS_URL must be read");
        let app = App::start(database.database().clone(), redis);
        Self {
            database,
            app,
            redis_prefix,
        }
    }

    /// A request of somebody.
    #[must_use]
    pub fn person(user: i64) -> Context {
        Self::person_of(Self::TENANT, user)
    }

    /// A request of somebody of another tenant.
    #[must_use]
    pub fn person_of(tenant: i64, user: i64) -> Context {
        Context::of(Caller {
            tenant: TenantId::from(tenant),
            user: UserId::from(user),
            name: Some(format!("Person {user}")),
            email: Some(format!("person{user}@example.com")),
        })
    }

    /// A private group of `owner` with these members.
    pub async fn group(&self, owner: i64, members: &[i64]) -> ChannelId {
        self.group_of(&Self::person(owner), members, true).await
    }

    /// A group of whoever asks, private or public.
    pub async fn group_of(&self, owner: &Context, members: &[i64], is_private: bool) -> ChannelId {
        let group = NewGroup {
            name: ChannelName::parse("Team").expect("the name must be good"),
            description: None,
            is_private,
            members: members.iter().copied().map(UserId::from).collect(),
            metadata: None,
        };
        let seen = channels::create_group(&self.app, owner, &group).await;
        seen.expect("the group must be made").channel.id
    }

    /// What somebody wants to say.
    #[must_use]
    pub fn draft(text: &str) -> Draft {
        Draft {
            content: Content::parse(text.to_owned()).expect("the text must be good"),
            kind: MessageKind::Text,
            mentions: Vec::new(),
            metadata: None,
            client_message_id: None,
        }
    }

    /// Sends a message.
    pub async fn send(&self, user: i64, channel: ChannelId, text: &str) -> Message {
        let sent = messages::send(&self.app, &Self::person(user), channel, Self::draft(text)).await;
        sent.expect("the message must be sent").message
    }
}
