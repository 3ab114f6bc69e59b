//! Groups of sends and changes, each one transaction in two round trips.
//!
//! The first carries BEGIN, the statement that locks the channels, and the statement that looks at
//! members and known client ids: three statements, one after the other, so that the look has a
//! snapshot from after the locks. The second carries the write and COMMIT. A group that changes messages
//! or replies to some has one more statement in each: the look at those messages, and their change. On one connection requests
//! are sent in the order in which their futures are first polled, which is what `join!` is for; when
//! the write fails, PostgreSQL makes a ROLLBACK of the COMMIT that is already under way.
//!
//! This path speaks to the driver itself: statements are prepared once a connection, and diesel gives
//! no word on the order of pipelined requests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use discuss_domain::{ChannelId, MessageId, Seq};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use crate::database::answered;
use crate::{Database, StorageError};

mod changes;
mod error;
mod lone;
mod look;
mod statements;
mod targets;
mod write;

pub use changes::{Changes, Kept, NewChange};
pub use error::GroupError;
pub use lone::Lone;
pub use look::{Look, Probe};
pub use write::{Group, NewMessage};

/// A lock that can't be had in this time is somebody else's long transaction: the group is split.
///
/// The other settings hold the plans that were measured: one generic plan for every size of a group,
/// by the indexes, also while the tables are new and small.
const SESSION: &str = "-c lock_timeout=250ms -c plan_cache_mode=force_generic_plan \
     -c enable_seqscan=off -c jit=off";
/// No round trip takes longer, or the connection is given up.
const ROUND_TRIP: Duration = Duration::from_secs(5);

/// A connection that stores groups of sends, one at a time.
pub struct GroupWriter {
    client: Client,
    lock: Statement,
    look: Statement,
    targets: Statement,
    write: Statement,
    change: Statement,
    lone: Statement,
    find_group: Statement,
    /// Something went unanswered: nobody knows in what state the connection is.
    is_suspect: AtomicBool,
}

impl GroupWriter {
    /// Connects and prepares the statements.
    pub async fn connect(database: &Database) -> Result<Self, StorageError> {
        let client = database.client("discuss-writer", SESSION).await?;
        let prepared = async {
            tokio::try_join!(
                client.prepare(statements::LOCK),
                client.prepare(statements::LOOK),
                client.prepare(statements::TARGETS),
                client.prepare(statements::WRITE),
                client.prepare(statements::CHANGE),
                client.prepare(statements::LONE),
                client.prepare(statements::FIND_GROUP),
            )
        };
        let (lock, look, targets, write, change, lone, find_group) = answered(prepared).await?;
        Ok(Self {
            client,
            lock,
            look,
            targets,
            write,
            change,
            lone,
            find_group,
            is_suspect: AtomicBool::new(false),
        })
    }

    /// Is the connection of no more use: ended, or did it once not answer in time?
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.client.is_closed() || self.is_suspect.load(Ordering::Relaxed)
    }

    /// What comes of a round trip, unless that takes too long: then the connection is given up.
    async fn answered<T>(&self, round_trip: impl Future<Output = T>) -> Option<T> {
        let answered = timeout(ROUND_TRIP, round_trip).await.ok();
        if answered.is_none() {
            self.is_suspect.store(true, Ordering::Relaxed);
        }
        answered
    }

    /// Begins the transaction, locks the channels in the order of their ids, and looks.
    ///
    /// After an error the transaction is rolled back already.
    pub async fn begin(&self, probe: &Probe) -> Result<Look, GroupError> {
        let looked = self.answered(self.lock_and_look(probe)).await;
        let looked = looked.unwrap_or(Err(GroupError::outage("no answer to the look")));
        if looked.is_err() && !self.is_closed() {
            self.rollback().await?;
        }
        looked
    }

    async fn lock_and_look(&self, probe: &Probe) -> Result<Look, GroupError> {
        let channels = probe.channel_ids();
        let lock_parameters: [&(dyn ToSql + Sync); 1] = [&channels];
        let look_parameters = probe.parameters();
        let (begun, locked, looked, targets) = tokio::join!(
            biased;
            self.client.batch_execute("BEGIN"),
            self.client.query(&self.lock, &lock_parameters),
            self.client.query(&self.look, &look_parameters),
            self.look_at_targets(probe, &channels),
        );
        begun?;
        Look::read(probe, (&locked?, &looked?, &targets?))
    }

    /// Sends nothing when no message is asked for.
    async fn look_at_targets(
        &self,
        probe: &Probe,
        channels: &Vec<i64>,
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let ids = probe.target_ids();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.client.query(&self.targets, &[&ids, channels]).await
    }

    /// Writes the group and commits.
    ///
    /// [`GroupError::Unknown`] means that the answer was lost: ask [`Self::find_group`] on a new
    /// connection. After any other error nothing was stored.
    pub async fn commit(&self, group: &Group<'_>) -> Result<(), GroupError> {
        let arrays = group.arrays();
        let parameters = arrays.parameters();
        let both = async {
            tokio::join!(
                biased;
                self.client.execute(&self.write, &parameters),
                self.change(group),
                self.client.batch_execute("COMMIT"),
            )
        };
        let Some((written, changed, committed)) = self.answered(both).await else {
            return Err(GroupError::Unknown);
        };
        match written.and(changed) {
            // The server said no: it has rolled back.
            Err(error) if error.code().is_some() => Err(error.into()),
            // The connection broke: COMMIT may have been done all the same.
            Err(_) => Err(GroupError::Unknown),
            Ok(_) => committed.map_err(|error| {
                tracing::warn!(%error, "the answer to a commit was lost");
                GroupError::Unknown
            }),
        }
    }

    /// Sends nothing when the group has only sends.
    async fn change(&self, group: &Group<'_>) -> Result<u64, tokio_postgres::Error> {
        if group.changes.is_empty() {
            return Ok(0);
        }
        let arrays = group.changes.arrays(group.id, group.at);
        self.client
            .execute(&self.change, &arrays.parameters())
            .await
    }

    /// Ends the transaction without a trace.
    pub async fn rollback(&self) -> Result<(), GroupError> {
        match self.answered(self.client.batch_execute("ROLLBACK")).await {
            Some(done) => Ok(done?),
            None => Err(GroupError::outage("no answer to a rollback")),
        }
    }

    /// The message of a group's first event, which was to be `first`, asked within the transaction that
    /// was begun: nobody can store it meanwhile, nor later if it is stored with another.
    ///
    /// After an error the transaction is rolled back already.
    pub async fn find_locked(
        &self,
        group_id: Uuid,
        first: (ChannelId, Seq),
    ) -> Result<Option<MessageId>, GroupError> {
        let (channel, seq) = (first.0.get(), first.1.get());
        let parameters: [&(dyn ToSql + Sync); 3] = [&channel, &seq, &group_id];
        let found = self.client.query_opt(&self.find_group, &parameters);
        match self.answered(found).await {
            Some(Ok(row)) => {
                let id: Option<i64> = row.map(|row| row.try_get(0)).transpose()?;
                Ok(id.map(MessageId::from))
            }
            Some(Err(error)) => {
                if !self.is_closed() {
                    self.rollback().await?;
                }
                Err(error.into())
            }
            None => Err(GroupError::outage("no answer about a group")),
        }
    }

    /// The message of a group's first event, which was to be `first`; `None` when the group was not
    /// committed.
    ///
    /// Locks the group's channels, which waits out a commit that is still under way. A lone send that
    /// holds no lock yet may be done afterwards: see [`Self::find_locked`].
    pub async fn find_group(
        &self,
        group_id: Uuid,
        channels: &[ChannelId],
        first: (ChannelId, Seq),
    ) -> Result<Option<MessageId>, GroupError> {
        let ids: Vec<i64> = channels.iter().map(|id| id.get()).collect();
        let (channel, seq) = (first.0.get(), first.1.get());
        let lock_parameters: [&(dyn ToSql + Sync); 1] = [&ids];
        let find_parameters: [&(dyn ToSql + Sync); 3] = [&channel, &seq, &group_id];
        let asked = async {
            tokio::join!(
                biased;
                self.client.batch_execute("BEGIN"),
                self.client.query(&self.lock, &lock_parameters),
                self.client.query(&self.find_group, &find_parameters),
                self.client.batch_execute("ROLLBACK"),
            )
        };
        let Some((begun, locked, found, ended)) = self.answered(asked).await else {
            return Err(GroupError::outage("no answer about a group"));
        };
        begun?;
        locked?;
        let found = found?;
        ended?;
        let id = found
            .first()
            .map(|row| row.try_get::<_, i64>(0))
            .transpose()?;
        Ok(id.map(MessageId::from))
    }
}
