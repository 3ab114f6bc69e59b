//! Changing channels.
//!
//! Everything that changes here takes a seq: the writer relies on it. The channel's row must be locked.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::ChannelId;
use discuss_domain::channels::Channel;

use super::ChannelRow;
use crate::schema::channels;
use crate::{Connection, StorageError};

/// Gives the channel this name, description, visibility and metadata; answers it as it is then.
pub async fn update(
    connection: &mut Connection,
    changed: &Channel,
    at: DateTime<Utc>,
) -> Result<Channel, StorageError> {
    let row: ChannelRow = diesel::update(channels::table.find(changed.id.get()))
        .set((
            channels::last_seq.eq(channels::last_seq + 1),
            channels::name.eq(changed.name.as_ref()),
            channels::description.eq(changed.description.as_ref()),
            channels::is_private.eq(changed.is_private),
            channels::metadata.eq(changed.metadata.as_ref()),
            channels::updated_at.eq(at),
        ))
        .returning(ChannelRow::as_returning())
        .get_result(connection)
        .await?;
    Channel::try_from(row)
}

/// Archives the channel, or takes it out of the archive.
pub async fn set_archived(
    connection: &mut Connection,
    channel: ChannelId,
    archived_at: Option<DateTime<Utc>>,
    at: DateTime<Utc>,
) -> Result<Channel, StorageError> {
    let row: ChannelRow = diesel::update(channels::table.find(channel.get()))
        .set((
            channels::last_seq.eq(channels::last_seq + 1),
            channels::archived_at.eq(archived_at),
            channels::updated_at.eq(at),
        ))
        .returning(ChannelRow::as_returning())
        .get_result(connection)
        .await?;
    Channel::try_from(row)
}

/// Does another channel go on for this one?
pub async fn is_merged(
    connection: &mut Connection,
    channel: ChannelId,
) -> Result<bool, StorageError> {
    let row = channels::table.find(channel.get());
    let merged = row.select(channels::merged_into.is_not_null());
    Ok(merged.first(connection).await?)
}
