//! Business records, their links, and the records that a channel answers to.
//!
//! Lock order: the records in the order of type and id, then the channel, then its members.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::RunQueryDsl;
use discuss_domain::entities::{EntityType, Link, RecordId, RecordRef, RecordState, Version};
use discuss_domain::{ChannelId, TenantId};

use self::rows::{EntityRow, LinkRow};
use crate::schema::{channel_aliases, entities, entity_links};
use crate::{Connection, StorageError};

mod everywhere;
mod rows;

pub use everywhere::{
    find_gone_everywhere, list_tenants_of, lock_everywhere, save_gone_everywhere, share_everywhere,
};

/// Every link from or to one of these records, at most `limit`.
pub async fn list_links(
    connection: &mut Connection,
    tenant: TenantId,
    records: &[RecordRef],
    limit: i64,
) -> Result<Vec<Link>, StorageError> {
    let (types, ids) = arrays(records);
    let rows: Vec<LinkRow> = diesel::sql_query(LINKS)
        .bind::<BigInt, _>(tenant.get())
        .bind::<Array<Text>, _>(types)
        .bind::<Array<Text>, _>(ids)
        .bind::<BigInt, _>(limit)
        .load(connection)
        .await?;
    rows.into_iter().map(Link::try_from).collect()
}

/// Stores a link; of one that is there already the newer time stays.
pub async fn save_link(
    connection: &mut Connection,
    tenant: TenantId,
    link: &Link,
) -> Result<(), StorageError> {
    use entity_links as l;
    let (at_ms, event) = (link.version.at_ms, &link.version.event);
    diesel::insert_into(l::table)
        .values((
            l::tenant_id.eq(tenant.get()),
            l::from_type.eq(link.from.sort.as_str()),
            l::from_id.eq(link.from.id.as_str()),
            l::to_type.eq(link.to.sort.as_str()),
            l::to_id.eq(link.to.id.as_str()),
            l::at_ms.eq(at_ms),
            l::event.eq(event),
        ))
        .on_conflict((l::tenant_id, l::from_type, l::from_id, l::to_type, l::to_id))
        .do_update()
        // The version was compared under the locks of both records.
        .set((l::at_ms.eq(at_ms), l::event.eq(event)))
        .execute(connection)
        .await?;
    Ok(())
}

/// What is kept of these records, and the channel of each, locked until the transaction ends. Those that
/// were never heard of are made. Whatever is decided must be read by later statements than this one.
pub async fn list_for_update(
    connection: &mut Connection,
    tenant: TenantId,
    records: &[RecordRef],
) -> Result<BTreeMap<RecordRef, (RecordState, Option<ChannelId>)>, StorageError> {
    let (types, ids) = arrays(records);
    diesel::sql_query(MAKE)
        .bind::<BigInt, _>(tenant.get())
        .bind::<Array<Text>, _>(&types)
        .bind::<Array<Text>, _>(&ids)
        .execute(connection)
        .await?;
    let rows: Vec<EntityRow> = diesel::sql_query(LOCK)
        .bind::<BigInt, _>(tenant.get())
        .bind::<Array<Text>, _>(&types)
        .bind::<Array<Text>, _>(&ids)
        .load(connection)
        .await?;
    rows.into_iter().map(EntityRow::into_state).collect()
}

/// Stores what is kept of a record that is locked.
pub async fn save(
    connection: &mut Connection,
    (tenant, record): (TenantId, &RecordRef),
    state: &RecordState,
    channel: Option<ChannelId>,
) -> Result<(), StorageError> {
    let key = (tenant.get(), record.sort.as_str(), record.id.as_str());
    diesel::update(entities::table.find(key))
        .set(rows::changes(state, channel))
        .execute(connection)
        .await?;
    Ok(())
}

/// The channel stands under one of these records from now on, and answers to `aliases`, the others.
pub async fn replace_aliases(
    connection: &mut Connection,
    (tenant, channel): (TenantId, ChannelId),
    (record, aliases): (&RecordRef, &[RecordRef]),
) -> Result<(), StorageError> {
    use channel_aliases as a;
    let key = (tenant.get(), record.sort.as_str(), record.id.as_str());
    diesel::delete(a::table.find(key))
        .execute(connection)
        .await?;
    let row = |alias: &RecordRef| {
        (
            a::tenant_id.eq(tenant.get()),
            a::entity_type.eq(alias.sort.as_str()),
            a::entity_id.eq(alias.id.as_str().to_owned()),
            a::channel_id.eq(channel.get()),
        )
    };
    let rows: Vec<_> = aliases.iter().map(row).collect();
    diesel::insert_into(a::table)
        .values(rows)
        .on_conflict((a::tenant_id, a::entity_type, a::entity_id))
        .do_update()
        .set(a::channel_id.eq(channel.get()))
        .execute(connection)
        .await?;
    Ok(())
}

/// Reads a stored record's name.
fn record(sort: &str, id: &str) -> Result<RecordRef, StorageError> {
    let corrupt = |column, value| StorageError::corrupt("entities", column, value);
    Ok(RecordRef {
        sort: EntityType::find(sort).ok_or_else(|| corrupt("entity_type", sort))?,
        id: RecordId::parse(id).map_err(|_refused| corrupt("entity_id", id))?,
    })
}

fn version(at_ms: i64, event: String) -> Version {
    Version { at_ms, event }
}

fn arrays(records: &[RecordRef]) -> (Vec<&str>, Vec<&str>) {
    let records = records.iter();
    records
        .map(|record| (record.sort.as_str(), record.id.as_str()))
        .unzip()
}

const LINKS: &str = "
SELECT l.from_type, l.from_id, l.to_type, l.to_id, l.at_ms, l.event
  FROM unnest($2, $3) AS r (sort, id)
  JOIN entity_links l ON l.tenant_id = $1 AND l.from_type = r.sort AND l.from_id = r.id
UNION
SELECT l.from_type, l.from_id, l.to_type, l.to_id, l.at_ms, l.event
  FROM unnest($2, $3) AS r (sort, id)
  JOIN entity_links l ON l.tenant_id = $1 AND l.to_type = r.sort AND l.to_id = r.id
 LIMIT $4";

const MAKE: &str = "
INSERT INTO entities (tenant_id, entity_type, entity_id)
SELECT $1, sort, id FROM unnest($2, $3) AS r (sort, id) ORDER BY sort, id
ON CONFLICT DO NOTHING";

const LOCK: &str = "
SELECT * FROM entities
 WHERE tenant_id = $1 AND (entity_type, entity_id) IN (SELECT * FROM unnest($2, $3))
 ORDER BY entity_type, entity_id
   FOR NO KEY UPDATE";
