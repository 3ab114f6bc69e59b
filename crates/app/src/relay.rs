//! The relay: the log's events as records for Kafka, each at least once and those of a channel in order.
//!
//! Whoever sends takes a batch, sends it, and says so; only then do the heads move on. What a process
//! relays is what it holds leases for ([`Leases`]). It must not know Kafka.

use std::collections::BTreeMap;

use discuss_domain::ChannelId;
use discuss_storage::relay::{Advance, RelayLog};

use crate::log::{ChannelNews, Follower, tail::Tail};
use crate::{App, AppError};

mod batch;
mod leases;
mod outgoing;
mod shares;

pub use discuss_storage::relay::{Epoch, Shard};
pub use discuss_wire::records::TOPICS;
pub use leases::Leases;
pub use outgoing::Outgoing;

use batch::Page;

/// The shards that a process holds, each with the epoch of its lease.
pub type Held = BTreeMap<Shard, Epoch>;

/// Ids of channels whose heads are compared in one statement.
const WINDOW: i64 = 100_000;
/// Channels behind, after which a comparison goes on only when they were relayed.
const MOST_BEHIND: usize = 50_000;

/// Reads what is to be relayed.
///
/// Heads are those of the table: they are read when a channel is first heard of, and all anew when the
/// held shards change, after every failure, and once a minute.
#[derive(Default)]
pub struct Relay {
    held: Held,
    log: Option<RelayLog>,
    follower: Follower,
    tail: Tail,
    /// Heads and what is behind them are to be read anew.
    is_stale: bool,
    /// The comparison left off, having found enough to do.
    is_cut: bool,
    /// Where the next page starts, so that no channel waits for ever.
    turn: Option<ChannelId>,
}

/// Records to be sent, and how far the heads move on when that is done.
#[derive(Debug, Default)]
pub struct Batch {
    /// The records, those of a channel in the order of their seqs.
    pub records: Vec<Outgoing>,
    /// Events that were pruned before they were relayed: how many are missing.
    pub missing: u64,
    steps: Vec<Advance>,
}

/// Whether to go on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advanced {
    /// There is more to read already.
    More,
    /// Everything that was learned of is relayed.
    All,
    /// Some heads did not move: somebody else has the lease, or relayed there before. What they are
    /// about may come again.
    Contested,
}

impl Relay {
    /// The next records of the held shards; `None` if there is nothing to relay. A batch that was taken
    /// and not advanced comes again.
    pub async fn next(&mut self, app: &App, held: &Held) -> Result<Option<Batch>, AppError> {
        if *held != self.held {
            self.held.clone_from(held);
            self.is_stale = true;
        }
        if held.is_empty() {
            // News that nobody reads would pile up behind the last pass.
            *self = Self::default();
            return Ok(None);
        }
        let was_stale = std::mem::replace(&mut self.is_stale, true);
        let batch = self.read(app, was_stale).await;
        // After a failure all is read anew, and so it is after a batch that is not advanced.
        self.is_stale = !matches!(batch, Ok(None));
        if batch.is_err() {
            self.log = None;
        }
        batch
    }

    /// Takes note that a batch was sent.
    pub async fn advance(&mut self, app: &App, batch: &Batch) -> Result<Advanced, AppError> {
        let log = self.connected(app).await?;
        let advanced = log.advance(&batch.steps).await;
        if advanced.is_err() {
            self.log = None;
        }
        // Where a head did not move, the table is right.
        self.is_stale = advanced?.len() < batch.steps.len();
        if self.is_stale {
            return Ok(Advanced::Contested);
        }
        Ok(match self.tail.behind().next() {
            Some(_) => Advanced::More,
            None => Advanced::All,
        })
    }

    async fn read(&mut self, app: &App, is_stale: bool) -> Result<Option<Batch>, AppError> {
        let news = self.follower.pass(app).await?;
        let is_drained = self.is_cut && self.tail.behind().next().is_none();
        if is_stale || is_drained || self.follower.must_compare() {
            self.compare(app).await?;
            self.follower.compared();
        } else {
            self.learn(app, &news).await?;
        }
        let start = self.turn.unwrap_or(ChannelId::from(0));
        let wanted = batch::plan(&self.tail, start);
        let Some(last) = wanted.last() else {
            return Ok(None);
        };
        self.turn = Some(ChannelId::from(last.channel.get().saturating_add(1)));
        let events = self.connected(app).await?.list_events(&wanted).await?;
        let page = Page {
            wanted: &wanted,
            events,
        };
        Ok(Some(page.into_batch(&mut self.tail, &self.held)))
    }

    /// Learns the news of the held shards; the head of a channel not heard of yet is in the table.
    async fn learn(&mut self, app: &App, news: &[ChannelNews]) -> Result<(), AppError> {
        let is_held = |news: &&ChannelNews| self.held.contains_key(&Shard::of(news.channel));
        let news: Vec<&ChannelNews> = news.iter().filter(is_held).collect();
        let unknown = news.iter().filter(|news| !self.tail.knows(news.channel));
        let unknown: Vec<ChannelId> = unknown.map(|news| news.channel).collect();
        if !unknown.is_empty() {
            let heads = self.connected(app).await?.list_heads(&unknown).await?;
            for (channel, head) in heads {
                self.tail.start_at(channel, head);
            }
        }
        for news in news {
            self.tail.learn(news.channel, news.last_seq);
        }
        Ok(())
    }

    /// Forgets all heads, and finds the channels that are behind.
    async fn compare(&mut self, app: &App) -> Result<(), AppError> {
        let shards: Vec<Shard> = self.held.keys().copied().collect();
        let log = self.connected(app).await?;
        let last = log.last_channel().await?;
        let (mut tail, mut known, mut from) = (Tail::default(), 0_usize, 0);
        while from < last && known < MOST_BEHIND {
            let to = last.min(from.saturating_add(WINDOW));
            for behind in log.list_behind(&shards, (from, to)).await? {
                tail.start_at(behind.channel, behind.head);
                tail.learn(behind.channel, behind.last_seq);
                known = known.saturating_add(1);
            }
            from = to;
        }
        self.tail = tail;
        self.is_cut = from < last;
        Ok(())
    }

    async fn connected(&mut self, app: &App) -> Result<&RelayLog, AppError> {
        let log = match self.log.take() {
            Some(log) => log,
            None => RelayLog::connect(app.database()).await?,
        };
        Ok(self.log.insert(log))
    }
}
