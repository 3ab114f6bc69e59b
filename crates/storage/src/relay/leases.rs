//! Leases: which process relays which shard.
//!
//! All times are the database's, so that the clocks of the processes need not agree. Whoever changes
//! leases first locks all of them ([`lock_all`]), in the order of the shards; the transaction commits
//! durably.

use std::time::Duration;

use diesel::sql_types::{Array, BigInt, Bool, Double, Nullable, SmallInt, Uuid as SqlUuid};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

use super::{Epoch, Shard};
use crate::{Connection, StorageError};

/// A process that stops in the middle must not keep the others from renewing theirs.
const SESSION: &str = "SET LOCAL idle_in_transaction_session_timeout = '2s'";
const LOCK: &str = "
SELECT shard, epoch, holder, expires_at <= clock_timestamp() AS is_over
  FROM relay_leases ORDER BY shard FOR UPDATE";
const SIGN_IN: &str = "
WITH gone AS (
    DELETE FROM relay_processes WHERE expires_at <= clock_timestamp() AND id <> $1
), me AS (
    INSERT INTO relay_processes (id, expires_at)
    VALUES ($1, clock_timestamp() + make_interval(secs => $2))
    ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at
    RETURNING id
)
SELECT id FROM relay_processes WHERE expires_at > clock_timestamp() AND id <> $1
 UNION ALL SELECT id FROM me";
const TAKE: &str = "
UPDATE relay_leases
   SET epoch = epoch + 1, holder = $1, expires_at = clock_timestamp() + make_interval(secs => $2)
 WHERE shard = ANY($3)";
const RENEW: &str = "
UPDATE relay_leases SET expires_at = clock_timestamp() + make_interval(secs => $2)
 WHERE holder = $1
RETURNING shard, epoch";
const GIVE_UP: &str = "
UPDATE relay_leases SET holder = NULL, expires_at = '-infinity'
 WHERE holder = $1 AND shard = ANY($2)";
const RELEASE: &str = "
UPDATE relay_leases SET holder = NULL, expires_at = '-infinity' WHERE holder = $1";
const SIGN_OUT: &str = "DELETE FROM relay_processes WHERE id = $1";

/// A shard's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The shard.
    pub shard: Shard,
    /// How often it has changed hands.
    pub epoch: Epoch,
    /// Who has it, or had it last; nobody after it was given up.
    pub holder: Option<Uuid>,
    /// It ran out without having been renewed.
    pub is_over: bool,
}

/// All leases, in the order of their shards, locked until the transaction ends.
pub async fn lock_all(connection: &mut Connection) -> Result<Vec<Lease>, StorageError> {
    connection.batch_execute(SESSION).await?;
    let rows: Vec<LeaseRow> = diesel::sql_query(LOCK).load(connection).await?;
    Ok(rows.into_iter().map(Lease::from).collect())
}

/// Says that `process` relays for `term` from now on; answers which processes do, itself among them.
pub async fn sign_in(
    connection: &mut Connection,
    process: Uuid,
    term: Duration,
) -> Result<Vec<Uuid>, StorageError> {
    let rows: Vec<ProcessRow> = diesel::sql_query(SIGN_IN)
        .bind::<SqlUuid, _>(process)
        .bind::<Double, _>(term.as_secs_f64())
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Takes leases, whoever has them, under new epochs.
pub async fn take(
    connection: &mut Connection,
    process: Uuid,
    term: Duration,
    shards: &[Shard],
) -> Result<(), StorageError> {
    diesel::sql_query(TAKE)
        .bind::<SqlUuid, _>(process)
        .bind::<Double, _>(term.as_secs_f64())
        .bind::<Array<SmallInt>, _>(numbers(shards))
        .execute(connection)
        .await?;
    Ok(())
}

/// Renews all leases of `process` for `term` from now on; answers them with their epochs.
pub async fn renew(
    connection: &mut Connection,
    process: Uuid,
    term: Duration,
) -> Result<Vec<(Shard, Epoch)>, StorageError> {
    let rows: Vec<HeldRow> = diesel::sql_query(RENEW)
        .bind::<SqlUuid, _>(process)
        .bind::<Double, _>(term.as_secs_f64())
        .load(connection)
        .await?;
    let held = |row: HeldRow| (Shard::from(row.shard), row.epoch);
    Ok(rows.into_iter().map(held).collect())
}

/// Gives up leases of `process`. Their epochs stay until somebody takes them: what was under way may
/// still be finished.
pub async fn give_up(
    connection: &mut Connection,
    process: Uuid,
    shards: &[Shard],
) -> Result<(), StorageError> {
    diesel::sql_query(GIVE_UP)
        .bind::<SqlUuid, _>(process)
        .bind::<Array<SmallInt>, _>(numbers(shards))
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives up all leases of `process`, which does not relay any more.
pub async fn sign_out(connection: &mut Connection, process: Uuid) -> Result<(), StorageError> {
    for statement in [RELEASE, SIGN_OUT] {
        diesel::sql_query(statement)
            .bind::<SqlUuid, _>(process)
            .execute(connection)
            .await?;
    }
    Ok(())
}

fn numbers(shards: &[Shard]) -> Vec<i16> {
    shards.iter().map(|shard| shard.get()).collect()
}

#[derive(diesel::QueryableByName)]
struct LeaseRow {
    #[diesel(sql_type = SmallInt)]
    shard: i16,
    #[diesel(sql_type = BigInt)]
    epoch: i64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    holder: Option<Uuid>,
    #[diesel(sql_type = Bool)]
    is_over: bool,
}

#[derive(diesel::QueryableByName)]
struct HeldRow {
    #[diesel(sql_type = SmallInt)]
    shard: i16,
    #[diesel(sql_type = BigInt)]
    epoch: i64,
}

#[derive(diesel::QueryableByName)]
struct ProcessRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

impl From<LeaseRow> for Lease {
    fn from(row: LeaseRow) -> Self {
        Self {
            shard: Shard::from(row.shard),
            epoch: row.epoch,
            holder: row.holder,
            is_over: row.is_over,
        }
    }
}
