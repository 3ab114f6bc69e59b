//! Readers at work, and what they cost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use discuss_app::{App, Context, Redis, messages as use_case};
use discuss_domain::channels::Counters;
use discuss_domain::messages::history::{Cursor, Scope, Stretch};
use discuss_domain::permissions::require_current;
use discuss_domain::{ChannelId, Seq};
use discuss_storage::messages::{self, history::find_outlook};
use discuss_storage::{Connection, Database};
use tokio::task::JoinSet;

use super::cache::Cache;
use super::cpu;
use crate::figures::{float, ms, percentile};
use crate::servers::Servers;
use crate::stage::person;

/// Connections: one for every reader, and one more for each to look at the channel with.
const POOL: usize = 40;
/// The messages that are told: all.
const SCOPE: Scope = Scope::WithReplies;
/// The member who reads.
const READER: i64 = 5;

/// A way to read a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The statement that reads the messages, alone.
    Statement,
    /// The page of the cache, as bytes.
    Bytes,
    /// The page of the cache, decoded and checked.
    Cached,
    /// A page of the cache that is an old one: the statement after all, and the page is put there anew.
    Missed,
    /// The use case: a look at the channel, and the statement.
    Whole,
    /// The use case as it would be: the same look, and the page of the cache.
    WholeCached,
}

impl Reading {
    /// All of them.
    pub(super) const ALL: [Self; 6] = [
        Self::Statement,
        Self::Bytes,
        Self::Cached,
        Self::Missed,
        Self::Whole,
        Self::WholeCached,
    ];

    /// In words.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Statement => "the statement",
            Self::Bytes => "GET alone",
            Self::Cached => "GET, decoded and checked",
            Self::Missed => "GET of an old page, statement, SET",
            Self::Whole => "the use case",
            Self::WholeCached => "the use case with the cache",
        }
    }
}

/// What a read cost in a turn, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) own_cpu: f64,
    pub(super) server_cpu: f64,
}

/// What is read, and from where.
pub(super) struct Bench {
    database: Database,
    cache: Cache,
    channel: ChannelId,
    counters: Counters,
    app: App,
    reader: Context,
    client: tokio_postgres::Client,
}

impl Bench {
    /// Connects.
    pub(super) async fn open(
        servers: &Servers,
        (channel, counters): (ChannelId, Counters),
    ) -> anyhow::Result<Self> {
        let database = Database::new(&servers.database_url, POOL)?;
        let redis = Redis::new(&servers.redis_url, "discuss-proof")?;
        Ok(Self {
            app: App::start(database.clone(), redis),
            database,
            cache: Cache::open(&servers.redis_url).await?,
            channel,
            counters,
            reader: person(READER.into()),
            client: servers.client().await?,
        })
    }

    /// Puts the newest page into the cache, and looks whether it comes back as the statement reads it;
    /// answers its bytes.
    pub(super) async fn fill(&self, size: i64) -> anyhow::Result<usize> {
        let mut connection = self.database.connection().await?;
        let stretch = Stretch::of_page(0, size, SCOPE.count(self.counters));
        let page = messages::list(&mut connection, self.channel, SCOPE, stretch).await?;
        let (mut cache, seq) = (self.cache.clone(), self.counters.last_seq);
        let bytes = cache.put(self.channel, seq, &page).await?;
        let kept = cache.get(self.channel, seq).await?;
        anyhow::ensure!(kept == Some(page), "the cache changes messages");
        Ok(bytes)
    }

    /// Lets so many read in this way for so long.
    pub(super) async fn turn(
        self: &Arc<Self>,
        reading: Reading,
        size: i64,
        (readers, time): (usize, Duration),
    ) -> anyhow::Result<Turn> {
        let servers = self.servers().await?;
        let own = [i32::try_from(std::process::id())?];
        let before = (cpu::used(&own)?, cpu::used(&servers)?);
        let end = Instant::now() + time;
        let mut at_work = JoinSet::new();
        for _ in 0..readers {
            at_work.spawn(Arc::clone(self).read_until(end, reading, size));
        }
        let latencies = at_work.join_all().await.into_iter();
        let latencies = latencies.collect::<anyhow::Result<Vec<_>>>()?.concat();
        let after = (cpu::used(&own)?, cpu::used(&servers)?);
        let count = float(u64::try_from(latencies.len())?);
        let a_read =
            |before: Duration, after: Duration| ms(after.saturating_sub(before)) * 1_000.0 / count;
        Ok(Turn {
            p50: percentile(&latencies, 50),
            p95: percentile(&latencies, 95),
            own_cpu: a_read(before.0, after.0),
            server_cpu: a_read(before.1, after.1),
        })
    }

    /// The processes of Redis and of the sessions in PostgreSQL.
    async fn servers(&self) -> anyhow::Result<Vec<i32>> {
        let sessions = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()";
        let rows = self.client.query(sessions, &[]).await?;
        let mut pids: Vec<i32> = rows
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>()?;
        pids.push(self.cache.clone().server().await?);
        Ok(pids)
    }

    async fn read_until(
        self: Arc<Self>,
        end: Instant,
        reading: Reading,
        size: i64,
    ) -> anyhow::Result<Vec<f64>> {
        let mut connection = self.database.connection().await?;
        let mut cache = self.cache.clone();
        let stretch = Stretch::of_page(0, size, SCOPE.count(self.counters));
        let mut latencies = Vec::new();
        while Instant::now() < end {
            let started = Instant::now();
            let read = match reading {
                Reading::Statement => messages::list(&mut connection, self.channel, SCOPE, stretch)
                    .await?
                    .len(),
                Reading::Bytes => cache.get_bytes(self.channel).await?.len(),
                Reading::Cached => self.cached(&mut cache, self.counters.last_seq).await?,
                Reading::Missed => self.missed((&mut connection, &mut cache), stretch).await?,
                Reading::Whole => self.whole(size).await?,
                Reading::WholeCached => {
                    let seq = self.look().await?;
                    self.cached(&mut cache, seq).await?
                }
            };
            anyhow::ensure!(read > 0, "nothing was read");
            latencies.push(ms(started.elapsed()) * 1_000.0);
        }
        Ok(latencies)
    }

    async fn cached(&self, cache: &mut Cache, seq: Seq) -> anyhow::Result<usize> {
        let page = cache.get(self.channel, seq).await?;
        Ok(page.context("the page in the cache is an old one")?.len())
    }

    async fn missed(
        &self,
        (connection, cache): (&mut Connection, &mut Cache),
        stretch: Stretch,
    ) -> anyhow::Result<usize> {
        let old = Seq::from(0);
        anyhow::ensure!(cache.get(self.channel, old).await?.is_none());
        let page = messages::list(connection, self.channel, SCOPE, stretch).await?;
        cache.put(self.channel, self.counters.last_seq, &page).await
    }

    async fn whole(&self, size: i64) -> anyhow::Result<usize> {
        let newest = (Cursor::Newest, size);
        let read = use_case::list(&self.app, &self.reader, self.channel, SCOPE, newest).await?;
        Ok(read.messages.len())
    }

    /// What the use case does before it reads messages; the seq is checked against the cache's.
    async fn look(&self) -> anyhow::Result<Seq> {
        let reader = (self.reader.tenant(), self.reader.user());
        let mut connection = self.database.connection().await?;
        let outlook = find_outlook(&mut connection, reader, self.channel, None).await?;
        let outlook = outlook.context("the channel is gone")?;
        require_current(outlook.kind, outlook.is_private, outlook.membership)?;
        Ok(outlook.counters.last_seq)
    }
}
