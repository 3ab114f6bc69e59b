//! The use cases of Discuss: load, decide by the domain, store in one transaction, announce.
//!
//! The API and the gateway call the same functions. It must not know how requests come in: neither HTTP
//! servers nor sockets nor Kafka. Other services of SERP are asked by `services`.

mod cache;
pub mod channels;
mod context;
pub mod deliveries;
pub mod entities;
pub mod erasures;
mod error;
mod events;
pub mod fanout;
mod gatherer;
pub mod identity;
mod limit;
pub mod log;
pub mod members;
mod mentions;
pub mod messages;
mod notes;
pub mod permissions;
pub mod presence;
pub mod rate_limits;
pub mod reactions;
pub mod reads;
pub mod receipts;
pub mod relay;
pub mod retention;
pub mod services;
pub mod stores;
pub mod threads;
pub mod typing;
pub mod users;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use discuss_domain::{MessageId, Seq};
use tokio::task::JoinHandle;
use tokio::time::timeout;

// The binaries open the stores and hand them in, without a word of SQL or Redis of their own.
pub use discuss_storage::redis::{PubSubSink, Redis, Topic};
pub use discuss_storage::{Database, StorageError, migrations};

pub use context::{Context, Passport};
pub use error::AppError;
pub use services::Services;

/// Who ends waits so long for what is under way.
const SETTLE: Duration = Duration::from_secs(3);

/// What the use cases of one process share. Cheap to clone.
#[derive(Clone)]
pub struct App {
    parts: Arc<Parts>,
}

/// A task that works as long as the use cases, and its name.
pub type BackgroundTask = (&'static str, JoinHandle<()>);

struct Parts {
    database: Database,
    redis: Redis,
    fanout: fanout::Fanout,
    writer: writer::Writer,
    reads: gatherer::Gatherer<reads::Place, MessageId>,
    deliveries: gatherer::Gatherer<reads::Place, Seq>,
    presence: presence::Book,
    users: users::Remembered,
    cache: Arc<cache::SpareCache>,
    account: Option<services::Account>,
    access: Arc<permissions::EntityAccess>,
}

impl App {
    /// Starts the use cases on the current runtime, for who does not watch their tasks.
    #[must_use]
    pub fn start(database: Database, redis: Redis) -> Self {
        Self::start_watched(database, redis, Services::none()).0
    }

    /// Starts the use cases and what works for them as long as they are: the writer's lanes, the
    /// publisher and the gatherer of marks. Without one of these nothing works: whoever starts them
    /// watches them.
    #[must_use]
    pub fn start_watched(
        database: Database,
        redis: Redis,
        services: Services,
    ) -> (Self, Vec<BackgroundTask>) {
        let (fanout, publishing) = fanout::Fanout::start(redis.clone());
        let (writer, lanes) = writer::Writer::start(&database, &fanout);
        let (reads, gathering) = reads::start_gathering(&database, &fanout);
        let (deliveries, delivering) = deliveries::start_gathering(&database, &fanout);
        let users = users::Remembered::default();
        let mut tasks = vec![
            ("fan-out", publishing),
            ("read marks", gathering),
            ("delivered marks", delivering),
        ];
        tasks.extend(lanes.into_iter().map(|lane| ("writer lane", lane)));
        let cache = Arc::new(cache::SpareCache::new(redis.clone()));
        let Services { account, records } = services;
        let access = permissions::EntityAccess::new(records, &cache, &database);
        let parts = Arc::new(Parts {
            presence: presence::Book::new(redis.clone()),
            database,
            redis,
            fanout,
            writer,
            reads,
            deliveries,
            users,
            cache,
            account,
            access: Arc::new(access),
        });
        (Self { parts }, tasks)
    }

    /// Whether there are services that can be asked who may see business records.
    #[must_use]
    pub fn asks_services(&self) -> bool {
        !self.parts.access.is_empty()
    }

    /// A request of somebody whose identity was checked, with what it takes to ask others about them.
    #[must_use]
    pub fn context(&self, identity: identity::Identity) -> Context {
        let context = Context::of(identity.caller);
        if !self.asks_services() {
            return context;
        }
        Context {
            passport: identity.passport,
            access: Some(Arc::clone(&self.parts.access)),
            ..context
        }
    }

    /// Waits until the marks that were gathered are written and what was done is published, for who is about to end;
    /// no longer than a few seconds. What is not written then stays as it was, what is not published is read from the
    /// log.
    pub async fn settle(&self) {
        let settled = async {
            self.parts.reads.settle().await;
            self.parts.deliveries.settle().await;
            self.parts.fanout.settle().await;
        };
        if timeout(SETTLE, settled).await.is_err() {
            tracing::warn!("ended before marks were written or the last events published");
        }
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.parts.database
    }

    /// Redis.
    #[must_use]
    pub fn redis(&self) -> &Redis {
        &self.parts.redis
    }

    async fn connection(
        &self,
    ) -> Result<impl std::ops::DerefMut<Target = discuss_storage::Connection>, StorageError> {
        self.parts.database.connection().await
    }
}
