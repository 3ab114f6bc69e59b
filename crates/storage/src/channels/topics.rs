//! The channels of business records.
//!
//! Everything that changes here takes a seq: the writer relies on it. The channel's row must be locked.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::channels::{Channel, ChannelKind, EntityRef};
use discuss_domain::entities::{RecordRef, Topic};
use discuss_domain::{ChannelId, TenantId};

use super::ChannelRow;
use crate::schema::{channel_aliases, channels};
use crate::{Connection, StorageError};

/// The channel of a record, also one that answers to it because it became another.
pub async fn find_topic(
    connection: &mut Connection,
    tenant: TenantId,
    record: &RecordRef,
) -> Result<Option<Channel>, StorageError> {
    let key = (tenant.get(), record.sort.as_str(), record.id.as_str());
    let alias: Option<i64> = channel_aliases::table
        .find(key)
        .select(channel_aliases::channel_id)
        .first(connection)
        .await
        .optional()?;
    if let Some(id) = alias {
        let row = channels::table.find(id).select(ChannelRow::as_select());
        let row: ChannelRow = row.first(connection).await?;
        return Channel::try_from(row).map(Some);
    }
    let row: Option<ChannelRow> = channels::table
        .filter(channels::tenant_id.eq(tenant.get()))
        .filter(channels::kind.eq(ChannelKind::Topic.as_str()))
        .filter(channels::entity_type.eq(record.sort.as_str()))
        .filter(channels::entity_id.eq(record.id.as_str()))
        .filter(channels::merged_into.is_null())
        .select(ChannelRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(Channel::try_from).transpose()
}

/// The record that a channel of the tenant stands under: nothing for a channel of another kind, and nothing
/// at all when there is no such channel.
pub async fn find_entity(
    connection: &mut Connection,
    tenant: TenantId,
    id: ChannelId,
) -> Result<Option<Option<EntityRef>>, StorageError> {
    let row: Option<(Option<String>, Option<String>)> = channels::table
        .find(id.get())
        .filter(channels::tenant_id.eq(tenant.get()))
        .select((channels::entity_type, channels::entity_id))
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(|(entity_type, entity_id)| {
        let entity = entity_type.zip(entity_id);
        entity.map(|(entity_type, entity_id)| EntityRef {
            entity_type,
            entity_id,
        })
    }))
}

/// Puts the channel under this record and gives it this name.
pub async fn rename_topic(
    connection: &mut Connection,
    channel: ChannelId,
    topic: &Topic,
    at: DateTime<Utc>,
) -> Result<Channel, StorageError> {
    let row: ChannelRow = diesel::update(channels::table.find(channel.get()))
        .set((
            channels::last_seq.eq(channels::last_seq + 1),
            channels::name.eq(Some(&topic.name)),
            channels::entity_type.eq(Some(topic.record.sort.as_str())),
            channels::entity_id.eq(Some(topic.record.id.as_str())),
            channels::updated_at.eq(at),
        ))
        .returning(ChannelRow::as_returning())
        .get_result(connection)
        .await?;
    Channel::try_from(row)
}

/// Archives a channel for which another goes on; the record it is about is free for that one.
pub async fn merge_into(
    connection: &mut Connection,
    channel: ChannelId,
    survivor: ChannelId,
    at: DateTime<Utc>,
) -> Result<Channel, StorageError> {
    let row: ChannelRow = diesel::update(channels::table.find(channel.get()))
        .set((
            channels::last_seq.eq(channels::last_seq + 1),
            channels::archived_at.eq(Some(at)),
            channels::merged_into.eq(Some(survivor.get())),
            channels::updated_at.eq(at),
        ))
        .returning(ChannelRow::as_returning())
        .get_result(connection)
        .await?;
    Channel::try_from(row)
}
