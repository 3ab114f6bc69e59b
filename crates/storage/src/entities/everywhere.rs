//! Deletions that name no tenant: they are noted under tenant 0, for records yet to come too.
//!
//! Whoever takes an event about a record that may be deleted so holds the record's id shared, whoever
//! takes such a deletion holds it alone. Otherwise a record made at that moment would see nothing of the
//! deletion, nor the deletion of it.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use discuss_domain::TenantId;
use discuss_domain::entities::{RecordRef, Register, Version};

use super::rows::register;
use crate::schema::entities;
use crate::{Connection, StorageError};

/// The tenant of those who have none.
const EVERYWHERE: i64 = 0;

/// Until the transaction ends nobody takes a deletion of this id in every tenant.
pub async fn share_everywhere(
    connection: &mut Connection,
    record: &RecordRef,
) -> Result<(), StorageError> {
    lock(connection, record, SHARE).await
}

/// Until the transaction ends nobody takes any event about a record of this id.
pub async fn lock_everywhere(
    connection: &mut Connection,
    record: &RecordRef,
) -> Result<(), StorageError> {
    lock(connection, record, ALONE).await
}

async fn lock(
    connection: &mut Connection,
    record: &RecordRef,
    statement: &str,
) -> Result<(), StorageError> {
    diesel::sql_query(statement)
        .bind::<Text, _>(record.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// The newest word on whether records of this id are gone in every tenant. The id must be held.
pub async fn find_gone_everywhere(
    connection: &mut Connection,
    record: &RecordRef,
) -> Result<Register<bool>, StorageError> {
    let key = (EVERYWHERE, record.sort.as_str(), record.id.as_str());
    let row: Option<(Option<bool>, Option<i64>, Option<String>)> = entities::table
        .find(key)
        .select((
            entities::is_gone,
            entities::gone_at_ms,
            entities::gone_event,
        ))
        .first(connection)
        .await
        .optional()?;
    Ok(row.map_or_else(Register::default, |(gone, at_ms, event)| {
        register(gone, (at_ms, event))
    }))
}

/// Notes that records of this id are gone in every tenant. The id must be held alone.
pub async fn save_gone_everywhere(
    connection: &mut Connection,
    record: &RecordRef,
    version: &Version,
) -> Result<(), StorageError> {
    diesel::sql_query(SAVE)
        .bind::<Text, _>(record.sort.as_str())
        .bind::<Text, _>(record.id.as_str())
        .bind::<BigInt, _>(version.at_ms)
        .bind::<Text, _>(&version.event)
        .execute(connection)
        .await?;
    Ok(())
}

/// The tenants that have a record of this id, in order.
pub async fn list_tenants_of(
    connection: &mut Connection,
    record: &RecordRef,
    limit: i64,
) -> Result<Vec<TenantId>, StorageError> {
    let tenants: Vec<i64> = entities::table
        .filter(entities::entity_type.eq(record.sort.as_str()))
        .filter(entities::entity_id.eq(record.id.as_str()))
        .filter(entities::tenant_id.gt(EVERYWHERE))
        .select(entities::tenant_id)
        .order(entities::tenant_id)
        .limit(limit)
        .load(connection)
        .await?;
    Ok(tenants.into_iter().map(TenantId::from).collect())
}

const SHARE: &str = "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))";
const ALONE: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";

const SAVE: &str = "
INSERT INTO entities (tenant_id, entity_type, entity_id, is_gone, gone_at_ms, gone_event)
VALUES (0, $1, $2, true, $3, $4)
ON CONFLICT (tenant_id, entity_type, entity_id) DO UPDATE
   SET is_gone = true, gone_at_ms = excluded.gone_at_ms, gone_event = excluded.gone_event
 WHERE (entities.gone_at_ms, entities.gone_event COLLATE \"C\") < (excluded.gone_at_ms, excluded.gone_event COLLATE \"C\")";
