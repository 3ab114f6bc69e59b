//! Read marks: they take no channel lock and no seq, and only ever move forward.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Timestamptz};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};

use crate::{Connection, StorageError};

/// Somebody has read up to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The tenant of who has read.
    pub tenant: TenantId,
    /// The channel.
    pub channel: ChannelId,
    /// Who has read.
    pub user: UserId,
    /// The newest message read.
    pub message: MessageId,
}

/// A mark that moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovedMark {
    /// The mark.
    pub mark: Mark,
    /// The message's seq.
    pub seq: Seq,
    /// What is unread after it.
    pub unread: i64,
    /// How many are in the channel.
    pub member_count: i32,
}

#[derive(QueryableByName)]
struct MovedRow {
    #[diesel(sql_type = BigInt)]
    tenant_id: i64,
    #[diesel(sql_type = BigInt)]
    channel_id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    last_read_message_id: Option<i64>,
    #[diesel(sql_type = BigInt)]
    last_read_seq: i64,
    #[diesel(sql_type = BigInt)]
    unread: i64,
    #[diesel(sql_type = diesel::sql_types::Integer)]
    member_count: i32,
}

/// Moves one mark; `None` when it was as far already, or they are not in the channel.
pub async fn move_read_mark(
    connection: &mut Connection,
    mark: Mark,
    at: DateTime<Utc>,
) -> Result<Option<MovedMark>, StorageError> {
    Ok(move_read_marks(connection, &[mark], at)
        .await?
        .into_iter()
        .next())
}

/// Moves marks, the newest of each person and channel; answers those that moved.
///
/// Their rows are locked in order first, so that two batches that share people don't wait for each
/// other in a ring. Marks may be lost in a crash: their commits are not waited for.
pub async fn move_read_marks(
    connection: &mut Connection,
    marks: &[Mark],
    at: DateTime<Utc>,
) -> Result<Vec<MovedMark>, StorageError> {
    let channels: Vec<i64> = marks.iter().map(|mark| mark.channel.get()).collect();
    let users: Vec<i64> = marks.iter().map(|mark| mark.user.get()).collect();
    let messages: Vec<i64> = marks.iter().map(|mark| mark.message.get()).collect();
    let tenants: Vec<i64> = marks.iter().map(|mark| mark.tenant.get()).collect();
    let rows: Vec<MovedRow> = connection
        .transaction(async |connection| {
            connection
                .batch_execute("SET LOCAL synchronous_commit = off")
                .await?;
            diesel::sql_query(MOVE)
                .bind::<Array<BigInt>, _>(channels)
                .bind::<Array<BigInt>, _>(users)
                .bind::<Array<BigInt>, _>(messages)
                .bind::<Timestamptz, _>(at)
                .bind::<Array<BigInt>, _>(tenants)
                .load(connection)
                .await
        })
        .await?;
    Ok(rows.iter().filter_map(moved).collect())
}

const MOVE: &str = "
WITH marks AS (
    SELECT DISTINCT ON (w.channel_id, w.user_id)
           w.channel_id, w.user_id, m.id AS message_id, m.seq, m.unread_no
      FROM unnest($1, $2, $3, $5) AS w (channel_id, user_id, message_id, tenant_id)
      JOIN messages m ON m.id = w.message_id AND m.channel_id = w.channel_id
                     AND m.tenant_id = w.tenant_id
     ORDER BY w.channel_id, w.user_id, m.seq DESC
), locked AS MATERIALIZED (
    SELECT m.channel_id, m.user_id
      FROM channel_members m
      JOIN marks w ON w.channel_id = m.channel_id AND w.user_id = m.user_id
     WHERE m.status IN ('ACTIVE', 'MUTED')
     ORDER BY m.channel_id, m.user_id
       FOR NO KEY UPDATE OF m
)
UPDATE channel_members m
   SET last_read_seq = w.seq, last_read_message_id = w.message_id,
       last_read_count = w.unread_no, last_read_at = $4
  FROM locked l
  JOIN marks w ON w.channel_id = l.channel_id AND w.user_id = l.user_id
  JOIN channels c ON c.id = l.channel_id
 WHERE m.channel_id = l.channel_id AND m.user_id = l.user_id AND m.last_read_seq < w.seq
RETURNING m.tenant_id, m.channel_id, m.user_id, m.last_read_message_id, m.last_read_seq,
          greatest(c.unread_count_base - m.last_read_count, 0) AS unread, c.member_count";

fn moved(row: &MovedRow) -> Option<MovedMark> {
    let mark = Mark {
        tenant: TenantId::from(row.tenant_id),
        channel: ChannelId::from(row.channel_id),
        user: UserId::from(row.user_id),
        message: MessageId::from(row.last_read_message_id?),
    };
    Some(MovedMark {
        mark,
        seq: Seq::from(row.last_read_seq),
        unread: row.unread,
        member_count: row.member_count,
    })
}

/// How far somebody has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownMark {
    /// The mark.
    pub mark: Mark,
    /// When it was moved there.
    pub at: DateTime<Utc>,
}

/// Tenant, channel, person, message, time.
type KnownRow = (i64, i64, i64, Option<i64>, Option<DateTime<Utc>>);

/// How far everybody has read those of these channels that have at most `members` members.
pub async fn list_marks(
    connection: &mut Connection,
    channels: &[ChannelId],
    members: i32,
) -> Result<Vec<KnownMark>, StorageError> {
    use crate::schema::{channel_members as m, channels as c};
    let ids: Vec<i64> = channels.iter().map(|channel| channel.get()).collect();
    let rows: Vec<KnownRow> = m::table
        .inner_join(c::table.on(c::id.eq(m::channel_id)))
        .filter(m::channel_id.eq_any(ids))
        .filter(m::status.eq_any(super::CURRENT))
        .filter(m::last_read_message_id.is_not_null())
        .filter(c::member_count.le(members))
        .order((m::channel_id, m::user_id))
        .select((
            m::tenant_id,
            m::channel_id,
            m::user_id,
            m::last_read_message_id,
            m::last_read_at,
        ))
        .load(connection)
        .await?;
    let known = |(tenant, channel, user, message, at): KnownRow| {
        let mark = Mark {
            tenant: TenantId::from(tenant),
            channel: ChannelId::from(channel),
            user: UserId::from(user),
            message: MessageId::from(message?),
        };
        Some(KnownMark { mark, at: at? })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

/// What people have not read in channels, of those places in which they are.
pub async fn list_unread(
    connection: &mut Connection,
    places: &[(TenantId, ChannelId, UserId)],
) -> Result<HashMap<(TenantId, ChannelId, UserId), i64>, StorageError> {
    let people: Vec<_> = places
        .iter()
        .map(|(tenant, _, user)| (*tenant, *user))
        .collect();
    let (tenants, users) = super::columns(&people);
    let channels: Vec<i64> = places.iter().map(|(_, channel, _)| channel.get()).collect();
    let rows: Vec<UnreadRow> = diesel::sql_query(UNREAD)
        .bind::<Array<BigInt>, _>(tenants)
        .bind::<Array<BigInt>, _>(channels)
        .bind::<Array<BigInt>, _>(users)
        .load(connection)
        .await?;
    let unread = |row: UnreadRow| {
        let place = (
            row.tenant_id.into(),
            row.channel_id.into(),
            row.user_id.into(),
        );
        (place, row.unread)
    };
    Ok(rows.into_iter().map(unread).collect())
}

#[derive(QueryableByName)]
struct UnreadRow {
    #[diesel(sql_type = BigInt)]
    tenant_id: i64,
    #[diesel(sql_type = BigInt)]
    channel_id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    unread: i64,
}

/// LATERAL and OFFSET 0: row by row in the indexes, whatever PostgreSQL thinks of the tables' sizes.
const UNREAD: &str = "
SELECT w.tenant_id, w.channel_id, w.user_id,
       greatest(c.unread_count_base - m.last_read_count, 0)::bigint AS unread
  FROM unnest($1, $2, $3) AS w (tenant_id, channel_id, user_id)
 CROSS JOIN LATERAL (
       SELECT last_read_count FROM channel_members
        WHERE channel_id = w.channel_id AND user_id = w.user_id
          AND tenant_id = w.tenant_id AND status IN ('ACTIVE', 'MUTED') OFFSET 0) AS m
 CROSS JOIN LATERAL (SELECT unread_count_base FROM channels WHERE id = w.channel_id OFFSET 0) AS c";

/// What each of these people has not read, in all the channels that are not archived.
pub async fn list_total_unread(
    connection: &mut Connection,
    people: &[(TenantId, UserId)],
) -> Result<HashMap<(TenantId, UserId), i64>, StorageError> {
    let (tenants, users) = super::columns(people);
    let rows: Vec<TotalRow> = diesel::sql_query(TOTALS)
        .bind::<Array<BigInt>, _>(tenants)
        .bind::<Array<BigInt>, _>(users)
        .load(connection)
        .await?;
    let total = |row: TotalRow| ((row.tenant_id.into(), row.user_id.into()), row.unread);
    Ok(rows.into_iter().map(total).collect())
}

#[derive(QueryableByName)]
struct TotalRow {
    #[diesel(sql_type = BigInt)]
    tenant_id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    unread: i64,
}

/// The same.
const TOTALS: &str = "
SELECT w.tenant_id, w.user_id,
       sum(greatest(c.unread_count_base - m.last_read_count, 0))::bigint AS unread
  FROM (SELECT DISTINCT * FROM unnest($1, $2) AS w (tenant_id, user_id)) AS w
 CROSS JOIN LATERAL (
       SELECT channel_id, last_read_count FROM channel_members
        WHERE tenant_id = w.tenant_id AND user_id = w.user_id AND status IN ('ACTIVE', 'MUTED') OFFSET 0) AS m
 CROSS JOIN LATERAL (
       SELECT unread_count_base FROM channels WHERE id = m.channel_id AND archived_at IS NULL OFFSET 0) AS c
 GROUP BY w.tenant_id, w.user_id";
