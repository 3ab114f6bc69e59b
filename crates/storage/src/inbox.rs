//! Which events of other services were taken already.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::schema::inbox;
use crate::{Connection, StorageError};

/// An event by the name its source has for it: the same on every delivery.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InboxKey {
    /// Where it came from.
    pub source: String,
    /// Its id there.
    pub event_id: String,
}

/// Notes an event, in the transaction of its effect. `false`: it was taken before. Waits for whoever
/// takes it at this moment.
pub async fn insert(connection: &mut Connection, key: &InboxKey) -> Result<bool, StorageError> {
    let inserted = diesel::insert_into(inbox::table)
        .values((
            inbox::source.eq(&key.source),
            inbox::event_id.eq(&key.event_id),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(inserted == 1)
}

/// Was the event taken before?
pub async fn contains(connection: &mut Connection, key: &InboxKey) -> Result<bool, StorageError> {
    let known = inbox::table.find((&key.source, &key.event_id));
    let known = diesel::select(diesel::dsl::exists(known));
    Ok(known.get_result(connection).await?)
}

/// Forgets at most `limit` of the events that came before `before`; answers how many went.
pub async fn prune(
    connection: &mut Connection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<usize, StorageError> {
    let gone = diesel::sql_query(PRUNE)
        .bind::<Timestamptz, _>(before)
        .bind::<BigInt, _>(limit)
        .execute(connection)
        .await?;
    Ok(gone)
}

const PRUNE: &str = "
DELETE FROM inbox WHERE (source, event_id) IN (
    SELECT source, event_id FROM inbox WHERE received_at < $1 ORDER BY received_at LIMIT $2)";
