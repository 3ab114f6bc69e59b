//! Delivered marks: they take no channel lock and no seq, and only ever move forward.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Timestamptz};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};

use crate::{Connection, StorageError};

/// All events of a channel up to a seq have come to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveredMark {
    /// Their tenant.
    pub tenant: TenantId,
    /// The channel.
    pub channel: ChannelId,
    /// To whom.
    pub user: UserId,
    /// The newest seq.
    pub seq: Seq,
}

/// A mark that moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovedDelivery {
    /// The mark, no further than the channel's log.
    pub mark: DeliveredMark,
    /// The newest message up to it.
    pub message: Option<MessageId>,
    /// The other one, where the channel is a direct one.
    pub other: Option<UserId>,
}

#[derive(QueryableByName)]
struct MovedRow {
    #[diesel(sql_type = BigInt)]
    tenant_id: i64,
    #[diesel(sql_type = BigInt)]
    channel_id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    message_id: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    other_id: Option<i64>,
}

/// Moves marks, one of each person and channel, in channels of at most `members`; answers those that moved.
///
/// Their rows are locked in order first, as those of read marks. Marks may be lost in a crash: their
/// commits are not waited for.
pub async fn move_delivered_marks(
    connection: &mut Connection,
    marks: &[DeliveredMark],
    members: i32,
    at: DateTime<Utc>,
) -> Result<Vec<MovedDelivery>, StorageError> {
    let channels: Vec<i64> = marks.iter().map(|mark| mark.channel.get()).collect();
    let users: Vec<i64> = marks.iter().map(|mark| mark.user.get()).collect();
    let seqs: Vec<i64> = marks.iter().map(|mark| mark.seq.get()).collect();
    let tenants: Vec<i64> = marks.iter().map(|mark| mark.tenant.get()).collect();
    let rows: Vec<MovedRow> = connection
        .transaction(async |connection| {
            connection
                .batch_execute("SET LOCAL synchronous_commit = off")
                .await?;
            diesel::sql_query(MOVE)
                .bind::<Array<BigInt>, _>(channels)
                .bind::<Array<BigInt>, _>(users)
                .bind::<Array<BigInt>, _>(seqs)
                .bind::<Array<BigInt>, _>(tenants)
                .bind::<Integer, _>(members)
                .bind::<Timestamptz, _>(at)
                .load(connection)
                .await
        })
        .await?;
    Ok(rows.iter().map(moved).collect())
}

const MOVE: &str = "
WITH locked AS MATERIALIZED (
    SELECT m.channel_id, m.user_id, least(w.seq, c.last_seq) AS seq, c.kind
      FROM unnest($1, $2, $3, $4) AS w (channel_id, user_id, seq, tenant_id)
      JOIN channels c ON c.id = w.channel_id AND c.tenant_id = w.tenant_id AND c.member_count <= $5
      JOIN channel_members m ON m.channel_id = w.channel_id AND m.user_id = w.user_id
                            AND m.status IN ('ACTIVE', 'MUTED') AND m.last_delivered_seq < least(w.seq, c.last_seq)
     ORDER BY m.channel_id, m.user_id
       FOR NO KEY UPDATE OF m
), moved AS (
    UPDATE channel_members m
       SET last_delivered_seq = l.seq, last_delivered_at = $6
      FROM locked l
     WHERE m.channel_id = l.channel_id AND m.user_id = l.user_id AND m.last_delivered_seq < l.seq
    RETURNING m.tenant_id, m.channel_id, m.user_id, l.seq, l.kind
)
SELECT v.tenant_id, v.channel_id, v.user_id, v.seq, other.user_id AS other_id,
       (SELECT n.id FROM messages n WHERE n.channel_id = v.channel_id AND n.seq <= v.seq
         ORDER BY n.seq DESC LIMIT 1) AS message_id
  FROM moved v
  LEFT JOIN channel_members other ON v.kind = 'DIRECT' AND other.channel_id = v.channel_id
                                 AND other.user_id <> v.user_id";

fn moved(row: &MovedRow) -> MovedDelivery {
    let mark = DeliveredMark {
        tenant: TenantId::from(row.tenant_id),
        channel: ChannelId::from(row.channel_id),
        user: UserId::from(row.user_id),
        seq: Seq::from(row.seq),
    };
    MovedDelivery {
        mark,
        message: row.message_id.map(MessageId::from),
        other: row.other_id.map(UserId::from),
    }
}
