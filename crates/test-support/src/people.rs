//! A small world: a database, the use cases over it, and people in channels.

use std::collections::BTreeSet;

use discuss_app::identity::Identity;
use discuss_app::messages::Sent;
use discuss_app::services::ServiceSettings;
use discuss_app::{App, AppError, Context, Passport, Services, channels, members, messages};
use discuss_domain::channels::{ChannelName, NewGroup};
use discuss_domain::entities::RecordRef;
use discuss_domain::members::Role;
use discuss_domain::messages::{Content, Draft, Message, MessageKind};
use discuss_domain::users::Caller;
use discuss_domain::{ChannelId, Seq, TenantId, UserId};
use discuss_storage::Connection;
use discuss_storage::redis::{Cache, Redis, Topic};
use uuid::Uuid;

use crate::{Listener, TestDatabase, redis_url};

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

    /// An empty world, without any other service.
    pub async fn new() -> Self {
        Self::with_services(&ServiceSettings::default()).await
    }

    /// An empty world beside these services.
    pub async fn with_services(services: &ServiceSettings) -> Self {
        let database = TestDatabase::new().await;
        let redis_prefix = format!("test-{}", Uuid::new_v4().simple());
        let app = app_beside(&database, &redis_prefix, services);
        Self {
            database,
            app,
            redis_prefix,
        }
    }

    /// The use cases a second time, as in another process.
    #[must_use]
    pub fn another_app(&self) -> App {
        app(&self.database, &self.redis_prefix)
    }

    /// A connection of the pool.
    pub async fn connection(&self) -> impl std::ops::DerefMut<Target = Connection> + use<> {
        let connection = self.database.database().connection().await;
        connection.expect("the database must be there")
    }

    /// Runs SQL that no use case has.
    pub async fn execute(&self, sql: &str) {
        let client = self.database.client().await;
        let done = client.batch_execute(sql).await;
        done.expect("the SQL must be run");
    }

    /// The one number that some SQL brings.
    pub async fn number(&self, sql: &str) -> i64 {
        let client = self.database.client().await;
        let row = client.query_one(sql, &[]).await;
        row.expect("the SQL must bring a row").get(0)
    }

    /// Listens to what is published from now on, but for events that are in the log already.
    pub async fn listen(&self, topics: &[Topic]) -> Listener {
        let client = self.database.client().await;
        let heads = client
            .query("SELECT id, last_seq FROM channels", &[])
            .await
            .expect("the database must be there");
        let heads = heads.iter().map(|row| {
            let (channel, head) = (row.get::<_, i64>(0), row.get::<_, i64>(1));
            (ChannelId::from(channel), Seq::from(head))
        });
        Listener::start(self.app.redis(), topics, heads.collect()).await
    }

    /// What is kept of who may see a record counts no more.
    pub async fn forget_access(&self, record: &RecordRef) {
        let cache = Cache::new(self.app.redis().clone());
        let forgotten = cache.forget_access(&[record]).await;
        forgotten.expect("Redis must be there");
    }

    /// Keeps somebody's name, as a request of theirs does.
    pub async fn remember(&self, user: i64) {
        discuss_app::users::remember(&self.app, &Self::person(user).caller).await;
    }

    /// A request of somebody.
    #[must_use]
    pub fn person(user: i64) -> Context {
        Self::person_of(Self::TENANT, user)
    }

    /// A request of somebody with a token, "token-of-{user}", so that other services can be asked.
    #[must_use]
    pub fn bearer(&self, user: i64) -> Context {
        self.app.context(Identity {
            caller: Self::person(user).caller,
            roles: BTreeSet::new(),
            client: None,
            expires_at: Some(i64::MAX),
            passport: Passport::Token(format!("token-of-{user}").into()),
        })
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

    /// The direct channel of two.
    pub async fn direct(&self, one: i64, other: i64) -> ChannelId {
        let (one, other) = (Self::person(one), UserId::from(other));
        let made = channels::get_or_create_direct(&self.app, &one, other).await;
        made.expect("the channel must be made").0.channel.id
    }

    /// What somebody wants to say.
    #[must_use]
    pub fn draft(text: &str) -> Draft {
        Draft {
            content: Content::parse(text.to_owned()).expect("the text must be good"),
            kind: MessageKind::Text,
            mentions: Vec::new(),
            parent_id: None,
            metadata: None,
            client_message_id: None,
        }
    }

    /// Adds people to a channel as members.
    pub async fn add(&self, by: i64, channel: ChannelId, users: &[i64]) {
        let users: Vec<UserId> = users.iter().copied().map(UserId::from).collect();
        let by = Self::person(by);
        let added = members::add(&self.app, &by, channel, &users, Role::Member).await;
        added.expect("people must be added");
    }

    /// Removes somebody from a channel.
    pub async fn remove(&self, by: i64, channel: ChannelId, user: i64) {
        let by = Self::person(by);
        let removed = members::remove(&self.app, &by, channel, UserId::from(user)).await;
        removed.expect("a member must be removed");
    }

    /// Tries to send.
    pub async fn try_send(
        &self,
        user: i64,
        channel: ChannelId,
        draft: Draft,
    ) -> Result<Sent, AppError> {
        messages::send(&self.app, &Self::person(user), channel, draft).await
    }

    /// Sends a message.
    pub async fn send(&self, user: i64, channel: ChannelId, text: &str) -> Message {
        let sent = self.try_send(user, channel, Self::draft(text)).await;
        sent.expect("the message must be sent").message
    }
}

fn app(database: &TestDatabase, redis_prefix: &str) -> App {
    app_beside(database, redis_prefix, &ServiceSettings::default())
}

fn app_beside(database: &TestDatabase, redis_prefix: &str, services: &ServiceSettings) -> App {
    let redis = Redis::new(&redis_url(), redis_prefix).expect("REDIS_URL must be read");
    let services = Services::new(services).expect("the services' URLs must be good");
    App::start_watched(database.database().clone(), redis, services).0
}
