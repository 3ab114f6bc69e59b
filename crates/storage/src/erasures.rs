//! Erasing all that people wrote: who asked for it, who works at it, and what is left.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use discuss_domain::erasures::{Erasure, Job, Place};
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};
use uuid::Uuid;

use crate::{Connection, StorageError};

#[derive(QueryableByName)]
struct ErasureRow {
    #[diesel(sql_type = Timestamptz)]
    asked_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    erased: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finished_at: Option<DateTime<Utc>>,
}

impl From<ErasureRow> for Erasure {
    fn from(row: ErasureRow) -> Self {
        Self {
            asked_at: row.asked_at,
            erased: row.erased,
            finished_at: row.finished_at,
        }
    }
}

#[derive(QueryableByName)]
struct JobRow {
    #[diesel(sql_type = BigInt)]
    tenant_id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    newest_id: i64,
    #[diesel(sql_type = BigInt)]
    channel_id: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

#[derive(QueryableByName)]
struct ChannelRow {
    #[diesel(sql_type = BigInt)]
    channel_id: i64,
}

#[derive(QueryableByName)]
struct StretchRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    last_seq: Option<i64>,
    #[diesel(sql_type = Array<BigInt>)]
    own: Vec<i64>,
    #[diesel(sql_type = Array<BigInt>)]
    readable: Vec<i64>,
}

/// A stretch of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Where it ends.
    pub last_seq: Seq,
    /// All that the person wrote there.
    pub own: Vec<MessageId>,
    /// What of it is no tombstone yet, in the order of seqs.
    pub readable: Vec<MessageId>,
}

/// Notes that somebody wants all gone that they wrote until now. Asked again it begins anew.
pub async fn ask(
    connection: &mut Connection,
    (tenant, user): (TenantId, UserId),
    at: DateTime<Utc>,
) -> Result<Erasure, StorageError> {
    let row: ErasureRow = diesel::sql_query(ASK)
        .bind::<BigInt, _>(tenant.get())
        .bind::<BigInt, _>(user.get())
        .bind::<Timestamptz, _>(at)
        .get_result(connection)
        .await?;
    Ok(row.into())
}

/// What somebody asked for last.
pub async fn find(
    connection: &mut Connection,
    (tenant, user): (TenantId, UserId),
) -> Result<Option<Erasure>, StorageError> {
    let row: Option<ErasureRow> = diesel::sql_query(FIND)
        .bind::<BigInt, _>(tenant.get())
        .bind::<BigInt, _>(user.get())
        .get_result(connection)
        .await
        .optional()?;
    Ok(row.map(Erasure::from))
}

/// Takes the oldest job that nobody holds, for `seconds`.
pub async fn claim(
    connection: &mut Connection,
    holder: Uuid,
    seconds: f64,
) -> Result<Option<Job>, StorageError> {
    let row: Option<JobRow> = diesel::sql_query(CLAIM)
        .bind::<SqlUuid, _>(holder)
        .bind::<Double, _>(seconds)
        .get_result(connection)
        .await
        .optional()?;
    Ok(row.map(|row| Job {
        tenant: TenantId::from(row.tenant_id),
        user: UserId::from(row.user_id),
        newest: MessageId::from(row.newest_id),
        place: Place {
            channel: ChannelId::from(row.channel_id),
            seq: Seq::from(row.seq),
        },
    }))
}

/// Keeps how far a job has come and holds it for `seconds` more. `false`: `holder` has it no more.
pub async fn save(
    connection: &mut Connection,
    holder: Uuid,
    (place, erased): (Place, usize),
    seconds: f64,
) -> Result<bool, StorageError> {
    let saved = diesel::sql_query(SAVE)
        .bind::<SqlUuid, _>(holder)
        .bind::<BigInt, _>(place.channel.get())
        .bind::<BigInt, _>(place.seq.get())
        .bind::<BigInt, _>(i64::try_from(erased).unwrap_or(i64::MAX))
        .bind::<Double, _>(seconds)
        .execute(connection)
        .await?;
    Ok(saved > 0)
}

/// Ends a job: all is gone.
pub async fn finish(connection: &mut Connection, holder: Uuid) -> Result<(), StorageError> {
    diesel::sql_query(FINISH)
        .bind::<SqlUuid, _>(holder)
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets `holder`'s job wait because it failed: longer each time that it does so in a row, at most ten minutes.
pub async fn put_off(connection: &mut Connection, holder: Uuid) -> Result<(), StorageError> {
    diesel::sql_query(PUT_OFF)
        .bind::<SqlUuid, _>(holder)
        .execute(connection)
        .await?;
    Ok(())
}

/// The next channel that somebody is or was in.
pub async fn find_next_channel(
    connection: &mut Connection,
    (tenant, user): (TenantId, UserId),
    after: ChannelId,
) -> Result<Option<ChannelId>, StorageError> {
    let row: Option<ChannelRow> = diesel::sql_query(NEXT_CHANNEL)
        .bind::<BigInt, _>(tenant.get())
        .bind::<BigInt, _>(user.get())
        .bind::<BigInt, _>(after.get())
        .get_result(connection)
        .await
        .optional()?;
    Ok(row.map(|row| ChannelId::from(row.channel_id)))
}

/// The next `limit` messages of a channel, whosever they are, and which of them the person wrote; `None` at its
/// end.
pub async fn read_stretch(
    connection: &mut Connection,
    job: &Job,
    limit: i64,
) -> Result<Option<Stretch>, StorageError> {
    let row: StretchRow = diesel::sql_query(STRETCH)
        .bind::<BigInt, _>(job.place.channel.get())
        .bind::<BigInt, _>(job.place.seq.get())
        .bind::<BigInt, _>(job.user.get())
        .bind::<BigInt, _>(job.newest.get())
        .bind::<BigInt, _>(limit)
        .get_result(connection)
        .await?;
    let ids = |ids: Vec<i64>| ids.into_iter().map(MessageId::from).collect();
    Ok(row.last_seq.map(|last_seq| Stretch {
        last_seq: Seq::from(last_seq),
        own: ids(row.own),
        readable: ids(row.readable),
    }))
}

/// Forgets what tombstones said as far as their fingerprints tell: a send repeated under the id of one of them is
/// a conflict from now on.
pub async fn forget_fingerprints(
    connection: &mut Connection,
    tombstones: &[MessageId],
) -> Result<(), StorageError> {
    let ids: Vec<i64> = tombstones.iter().map(|id| id.get()).collect();
    diesel::sql_query(FORGET)
        .bind::<Array<BigInt>, _>(ids)
        .execute(connection)
        .await?;
    Ok(())
}

const ASK: &str = "
INSERT INTO erasure_jobs AS j (tenant_id, user_id, asked_at, newest_id)
SELECT $1, $2, $3, last_value FROM messages_id_seq
    ON CONFLICT (tenant_id, user_id) DO UPDATE
   SET asked_at = excluded.asked_at, newest_id = excluded.newest_id, channel_id = 0, seq = 0, holder = NULL,
       held_until = NULL, attempts = 0, finished_at = NULL, erased = CASE WHEN j.finished_at IS NULL THEN j.erased ELSE 0 END
RETURNING asked_at, erased, finished_at";

const FIND: &str = "
SELECT asked_at, erased, finished_at FROM erasure_jobs WHERE tenant_id = $1 AND user_id = $2";

const CLAIM: &str = "
UPDATE erasure_jobs SET holder = $1, held_until = now() + make_interval(secs => $2)
 WHERE (tenant_id, user_id) = (
         SELECT tenant_id, user_id FROM erasure_jobs
          WHERE finished_at IS NULL AND (held_until IS NULL OR held_until < now())
          ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING tenant_id, user_id, newest_id, channel_id, seq";

const SAVE: &str = "
UPDATE erasure_jobs
   SET channel_id = $2, seq = $3, erased = erased + $4, attempts = 0, held_until = now() + make_interval(secs => $5)
 WHERE holder = $1 AND finished_at IS NULL";

const FINISH: &str = "
UPDATE erasure_jobs SET finished_at = now(), holder = NULL, held_until = NULL
 WHERE holder = $1 AND finished_at IS NULL";

const PUT_OFF: &str = "
UPDATE erasure_jobs
   SET holder = NULL, attempts = attempts + 1,
       held_until = now() + make_interval(secs => least(power(2, least(attempts, 30)), 600))
 WHERE holder = $1";

const NEXT_CHANNEL: &str = "
SELECT channel_id FROM (
   (SELECT channel_id FROM channel_members
     WHERE tenant_id = $1 AND user_id = $2 AND channel_id > $3 AND status IN ('ACTIVE', 'MUTED')
     ORDER BY channel_id LIMIT 1)
   UNION ALL
   (SELECT channel_id FROM channel_members
     WHERE tenant_id = $1 AND user_id = $2 AND channel_id > $3 AND status IN ('LEFT', 'REMOVED')
     ORDER BY channel_id LIMIT 1)) AS next
 ORDER BY channel_id LIMIT 1";

const STRETCH: &str = "
WITH stretch AS MATERIALIZED (
  SELECT id, seq, sender_id, deleted_at FROM messages WHERE channel_id = $1 AND seq > $2 AND id <= $4 ORDER BY seq LIMIT $5
)
SELECT max(seq) AS last_seq,
       coalesce(array_agg(id) FILTER (WHERE sender_id = $3), '{}') AS own,
       coalesce(array_agg(id ORDER BY seq) FILTER (WHERE sender_id = $3 AND deleted_at IS NULL), '{}') AS readable
  FROM stretch";

const FORGET: &str = "
WITH locked AS MATERIALIZED (
  SELECT id FROM messages
   WHERE id = ANY ($1) AND fingerprint IS NOT NULL AND deleted_at IS NOT NULL
   ORDER BY id FOR NO KEY UPDATE
)
UPDATE messages m SET fingerprint = gen_random_uuid() FROM locked WHERE m.id = locked.id";
