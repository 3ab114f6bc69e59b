//! The log as the relay reads it, and its heads: few statements, each for many channels, on a connection
//! of its own.

use discuss_domain::{ChannelId, Seq};
use tokio_postgres::{Client, Statement};

use super::rows;
use super::{Advance, Behind, RelayedEvent, Shard, Wanted};
use crate::database::answered;
use crate::{Database, StorageError};

/// Heads need not be durable: one that a crash takes back makes the relay send again what it has sent.
/// A pruned event's head is durable all the same, as its commit comes later in the same WAL.
///
/// The plans are those that were measured, by the indexes, also while the tables are new and small.
const SESSION: &str = "-c synchronous_commit=off -c plan_cache_mode=force_generic_plan \
     -c enable_seqscan=off -c enable_hashjoin=off -c jit=off -c max_parallel_workers_per_gather=0";

const LAST_CHANNEL: &str = "SELECT coalesce(max(id), 0) FROM channels";

const BEHIND: &str = "
SELECT c.id, coalesce(h.seq, 0), c.last_seq
  FROM channels c
  LEFT JOIN relay_heads h ON h.channel_id = c.id
 WHERE c.id > $1 AND c.id <= $2 AND c.id % 16 = ANY($3) AND c.last_seq > coalesce(h.seq, 0)";

const HEADS: &str = "
SELECT a.channel_id, coalesce(h.seq, 0)
  FROM unnest($1::bigint[]) AS a (channel_id)
  LEFT JOIN relay_heads h ON h.channel_id = a.channel_id";

/// The limit of each channel is what keeps the planner from another plan than a walk along the index.
/// Most events are messages: those look up neither channel nor members.
const EVENTS: &str = r"
SELECT e.channel_id, e.seq, e.tenant_id, e.kind, e.actor_id, e.created_at, e.correlation_id,
       e.traceparent, e.payload -> 'userIds' AS users, e.payload ->> 'emoji' AS emoji,
       m.id AS message_id, m.sender_id, m.content, m.kind AS message_kind, m.parent_id, m.mentions,
       m.deleted_at IS NOT NULL AS is_deleted,
       c.kind AS channel_kind, c.name, c.created_by, c.archived_at IS NOT NULL AS is_archived,
       CASE WHEN e.kind LIKE 'member\_%' THEN (
         SELECT jsonb_agg(jsonb_build_array(user_id, role, status) ORDER BY user_id)
           FROM channel_members
          WHERE channel_id = e.channel_id AND user_id IN (
            SELECT value::bigint FROM jsonb_array_elements_text(e.payload -> 'userIds'))
       ) END AS members
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS a (channel_id, head, wanted)
 CROSS JOIN LATERAL (
    SELECT * FROM channel_events
     WHERE channel_id = a.channel_id AND seq > a.head ORDER BY seq LIMIT a.wanted) e
  LEFT JOIN messages m ON m.id = e.message_id
  LEFT JOIN channels c ON c.id = CASE WHEN e.kind LIKE 'channel\_%' THEN e.channel_id END";

/// Compares with the head that was relayed from, and with the epoch of the lease. A later head or epoch
/// that comes between is not overwritten either.
const ADVANCE: &str = "
INSERT INTO relay_heads AS h (channel_id, seq, epoch)
SELECT a.channel_id, a.new_seq, a.epoch
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
       AS a (channel_id, old_seq, new_seq, epoch)
  JOIN relay_leases l ON l.shard = (a.channel_id % 16)::smallint AND l.epoch = a.epoch
  LEFT JOIN relay_heads o ON o.channel_id = a.channel_id
 WHERE coalesce(o.seq, 0) = a.old_seq AND coalesce(o.epoch, 0) <= a.epoch
 ORDER BY a.channel_id
    ON CONFLICT (channel_id) DO UPDATE SET seq = excluded.seq, epoch = excluded.epoch
 WHERE h.seq <= excluded.seq AND h.epoch <= excluded.epoch
RETURNING channel_id";

/// The log and the heads, on a connection of their own. After a failure it is of no more use.
pub struct RelayLog {
    client: Client,
    behind: Statement,
    heads: Statement,
    events: Statement,
    advance: Statement,
}

impl RelayLog {
    /// Connects and prepares the statements.
    pub async fn connect(database: &Database) -> Result<Self, StorageError> {
        let client = database.client("discuss-relay", SESSION).await?;
        let (behind, heads, events, advance) = answered(async {
            tokio::try_join!(
                client.prepare(BEHIND),
                client.prepare(HEADS),
                client.prepare(EVENTS),
                client.prepare(ADVANCE),
            )
        })
        .await?;
        Ok(Self {
            client,
            behind,
            heads,
            events,
            advance,
        })
    }

    /// The highest id of a channel; zero if there is none.
    pub async fn last_channel(&self) -> Result<i64, StorageError> {
        Ok(answered(self.client.query_one(LAST_CHANNEL, &[]))
            .await?
            .try_get(0)?)
    }

    /// The channels of some shards whose log goes on after their head, of those with ids above `after`
    /// up to `to`.
    pub async fn list_behind(
        &self,
        shards: &[Shard],
        (after, to): (i64, i64),
    ) -> Result<Vec<Behind>, StorageError> {
        let shards: Vec<i64> = shards.iter().map(|shard| shard.get().into()).collect();
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&after, &to, &shards];
        let rows = answered(self.client.query(&self.behind, &parameters)).await?;
        let behind = rows.iter().map(|row| {
            Ok(Behind {
                channel: ChannelId::from(row.try_get::<_, i64>(0)?),
                head: Seq::from(row.try_get::<_, i64>(1)?),
                last_seq: Seq::from(row.try_get::<_, i64>(2)?),
            })
        });
        behind.collect()
    }

    /// The heads of these channels; zero where nothing was relayed.
    pub async fn list_heads(
        &self,
        channels: &[ChannelId],
    ) -> Result<Vec<(ChannelId, Seq)>, StorageError> {
        let ids: Vec<i64> = channels.iter().map(|channel| channel.get()).collect();
        let rows = answered(self.client.query(&self.heads, &[&ids])).await?;
        let heads = rows.iter().map(|row| {
            let head = Seq::from(row.try_get::<_, i64>(1)?);
            Ok((ChannelId::from(row.try_get::<_, i64>(0)?), head))
        });
        heads.collect()
    }

    /// The first events of each of these channels after what was handled, ordered by channel and seq.
    /// Look whether each starts where it should: what is older may be gone.
    pub async fn list_events(&self, wanted: &[Wanted]) -> Result<Vec<RelayedEvent>, StorageError> {
        let channels: Vec<i64> = wanted.iter().map(|wanted| wanted.channel.get()).collect();
        let after: Vec<i64> = wanted.iter().map(|wanted| wanted.after.get()).collect();
        let limits: Vec<i64> = wanted.iter().map(|wanted| wanted.limit).collect();
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&channels, &after, &limits];
        let rows = answered(self.client.query(&self.events, &parameters)).await?;
        let events: Result<Vec<RelayedEvent>, StorageError> =
            rows.iter().map(rows::event).collect();
        let mut events = events?;
        events.sort_unstable_by_key(|event| (event.channel, event.seq));
        Ok(events)
    }

    /// Moves heads on; answers the channels in which that was done. In the others the head is not where
    /// it was relayed from, or the lease has changed hands: nothing is changed there.
    pub async fn advance(&self, steps: &[Advance]) -> Result<Vec<ChannelId>, StorageError> {
        let column = |of: fn(&Advance) -> i64| steps.iter().map(of).collect::<Vec<i64>>();
        let channels = column(|step| step.channel.get());
        let from = column(|step| step.from.get());
        let to = column(|step| step.to.get());
        let epochs = column(|step| step.epoch);
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&channels, &from, &to, &epochs];
        let rows = answered(self.client.query(&self.advance, &parameters)).await?;
        let advanced = rows
            .iter()
            .map(|row| Ok(ChannelId::from(row.try_get::<_, i64>(0)?)));
        advanced.collect()
    }
}
