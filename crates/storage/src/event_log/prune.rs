//! Letting old events go.
//!
//! An event goes when it is older than the log is kept, not among the newest of its channel, and
//! relayed to Kafka. Only a prefix goes, up to the event before the first that must stay, so that what
//! is left has no hole.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::RunQueryDsl;
use discuss_domain::ChannelId;

use crate::{Connection, StorageError};

/// Which events stay.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// Those from this time on.
    pub since: DateTime<Utc>,
    /// The newest of each channel, so many of them.
    pub newest: i64,
}

/// The channels after `after`, in the order of their ids, whose oldest event may go; at most `limit`.
pub async fn list_prunable(
    connection: &mut Connection,
    after: Option<ChannelId>,
    keep: Keep,
    limit: i64,
) -> Result<Vec<ChannelId>, StorageError> {
    let rows: Vec<Prunable> = diesel::sql_query(PRUNABLE)
        .bind::<BigInt, _>(after.map_or(0, ChannelId::get))
        .bind::<BigInt, _>(keep.newest)
        .bind::<Timestamptz, _>(keep.since)
        .bind::<BigInt, _>(limit)
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| ChannelId::from(row.channel_id))
        .collect())
}

/// Deletes at most `limit` of the oldest events of a channel; answers how many went.
pub async fn prune(
    connection: &mut Connection,
    channel: ChannelId,
    keep: Keep,
    limit: i64,
) -> Result<usize, StorageError> {
    let gone = diesel::sql_query(PRUNE)
        .bind::<BigInt, _>(channel.get())
        .bind::<BigInt, _>(keep.newest)
        .bind::<Timestamptz, _>(keep.since)
        .bind::<BigInt, _>(limit)
        .execute(connection)
        .await?;
    Ok(gone)
}

#[derive(diesel::QueryableByName)]
struct Prunable {
    #[diesel(sql_type = BigInt)]
    channel_id: i64,
}

const PRUNABLE: &str = "
SELECT c.id AS channel_id
  FROM channels c
  JOIN relay_heads h ON h.channel_id = c.id
 CROSS JOIN LATERAL (SELECT seq, created_at FROM channel_events
                      WHERE channel_id = c.id ORDER BY seq LIMIT 1) AS oldest
 WHERE c.id > $1 AND oldest.seq <= c.last_seq - $2 AND oldest.seq <= h.seq
   AND oldest.created_at < $3
 ORDER BY c.id
 LIMIT $4";

/// `stay` is the first event that must stay because of its age, though a later one be older.
const PRUNE: &str = "
WITH bounds AS (
    SELECT least(c.last_seq - $2, h.seq) AS newest
      FROM channels c
      JOIN relay_heads h ON h.channel_id = c.id
     WHERE c.id = $1
), oldest AS (
    SELECT e.seq, e.created_at
      FROM channel_events e
     WHERE e.channel_id = $1 AND e.seq <= (SELECT newest FROM bounds)
     ORDER BY e.seq
     LIMIT $4
)
DELETE FROM channel_events
 WHERE channel_id = $1
   AND seq IN (SELECT seq FROM oldest
                WHERE seq < coalesce((SELECT min(seq) FROM oldest WHERE created_at >= $3),
                                     9223372036854775807))";
