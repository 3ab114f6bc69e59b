//! Channels: making, finding and listing them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::channels::{
    Channel, ChannelKind, Counters, Description, DirectPair, EntityRef, NewGroup,
};
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};

use crate::schema::channels;
use crate::{Connection, StorageError};

mod seen;
mod topics;

pub use seen::{count_seen, find_seen, list_seen};
pub use topics::{find_entity, find_topic, insert_topic, merge_into, rename_topic, set_archived};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = channels)]
pub(crate) struct ChannelRow {
    id: i64,
    tenant_id: i64,
    kind: String,
    name: Option<String>,
    description: Option<String>,
    is_private: bool,
    archived_at: Option<DateTime<Utc>>,
    entity_type: Option<String>,
    entity_id: Option<String>,
    direct_low_user_id: Option<i64>,
    direct_high_user_id: Option<i64>,
    metadata: Option<serde_json::Value>,
    created_by: i64,
    member_count: i32,
    last_seq: i64,
    message_count: i64,
    timeline_count: i64,
    unread_count_base: i64,
    last_message_id: Option<i64>,
    last_message_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<ChannelRow> for Channel {
    type Error = StorageError;

    fn try_from(row: ChannelRow) -> Result<Self, StorageError> {
        let entity = row.entity_type.zip(row.entity_id);
        let pair = row.direct_low_user_id.zip(row.direct_high_user_id);
        Ok(Self {
            id: ChannelId::from(row.id),
            tenant_id: TenantId::from(row.tenant_id),
            kind: kind(&row.kind)?,
            name: row.name,
            description: row.description,
            is_private: row.is_private,
            archived_at: row.archived_at,
            entity: entity.map(|(entity_type, entity_id)| EntityRef {
                entity_type,
                entity_id,
            }),
            direct: pair.and_then(|(low, high)| DirectPair::new(low.into(), high.into()).ok()),
            metadata: row.metadata,
            created_by: UserId::from(row.created_by),
            member_count: row.member_count,
            counters: Counters {
                last_seq: Seq::from(row.last_seq),
                message_count: row.message_count,
                timeline_count: row.timeline_count,
                unread_count_base: row.unread_count_base,
            },
            last_message_id: row.last_message_id.map(MessageId::from),
            last_message_at: row.last_message_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Reads a stored kind.
pub(crate) fn kind(stored: &str) -> Result<ChannelKind, StorageError> {
    ChannelKind::find(stored).ok_or_else(|| StorageError::corrupt("channels", "kind", stored))
}

/// Who makes a channel, and when.
#[derive(Debug, Clone, Copy)]
pub struct Maker {
    /// The tenant.
    pub tenant: TenantId,
    /// Who makes it.
    pub user: UserId,
    /// When.
    pub at: DateTime<Utc>,
}

/// Makes a group with `member_count` members and the seq of its first event already taken.
pub async fn insert_group(
    connection: &mut Connection,
    maker: Maker,
    group: &NewGroup,
    member_count: i32,
) -> Result<Channel, StorageError> {
    let row: ChannelRow = diesel::insert_into(channels::table)
        .values((
            channels::tenant_id.eq(maker.tenant.get()),
            channels::kind.eq(ChannelKind::Group.as_str()),
            channels::name.eq(Some(group.name.as_str())),
            channels::description.eq(group.description.as_ref().map(Description::as_str)),
            channels::is_private.eq(group.is_private),
            channels::metadata.eq(group.metadata.as_ref()),
            channels::created_by.eq(maker.user.get()),
            channels::member_count.eq(member_count),
            channels::last_seq.eq(Seq::ZERO.next().get()),
            channels::created_at.eq(maker.at),
            channels::updated_at.eq(maker.at),
        ))
        .returning(ChannelRow::as_returning())
        .get_result(connection)
        .await?;
    Channel::try_from(row)
}

/// Makes the direct channel of two people, with the seq of its first event already taken; `None` when
/// there is one, also when somebody else makes it at this moment.
pub async fn insert_direct(
    connection: &mut Connection,
    maker: Maker,
    pair: DirectPair,
) -> Result<Option<Channel>, StorageError> {
    let row: Option<ChannelRow> = diesel::insert_into(channels::table)
        .values((
            channels::tenant_id.eq(maker.tenant.get()),
            channels::kind.eq(ChannelKind::Direct.as_str()),
            channels::direct_low_user_id.eq(Some(pair.low().get())),
            channels::direct_high_user_id.eq(Some(pair.high().get())),
            channels::created_by.eq(maker.user.get()),
            channels::member_count.eq(2),
            channels::last_seq.eq(Seq::ZERO.next().get()),
            channels::created_at.eq(maker.at),
            channels::updated_at.eq(maker.at),
        ))
        .on_conflict_do_nothing()
        .returning(ChannelRow::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    row.map(Channel::try_from).transpose()
}

/// The direct channel of two people.
pub async fn find_direct(
    connection: &mut Connection,
    tenant: TenantId,
    pair: DirectPair,
) -> Result<Option<Channel>, StorageError> {
    let row = channels::table
        .filter(channels::tenant_id.eq(tenant.get()))
        .filter(channels::kind.eq(ChannelKind::Direct.as_str()))
        .filter(channels::direct_low_user_id.eq(pair.low().get()))
        .filter(channels::direct_high_user_id.eq(pair.high().get()))
        .select(ChannelRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(Channel::try_from).transpose()
}

/// A channel of the tenant, locked until the transaction ends. Whatever is decided about it must be
/// read by later statements than this one.
pub async fn find_for_update(
    connection: &mut Connection,
    tenant: TenantId,
    id: ChannelId,
) -> Result<Option<Channel>, StorageError> {
    let row = channels::table
        .find(id.get())
        .filter(channels::tenant_id.eq(tenant.get()))
        .select(ChannelRow::as_select())
        .for_no_key_update()
        .first(connection)
        .await
        .optional()?;
    row.map(Channel::try_from).transpose()
}

/// Takes the channel's next seq and changes the number of its members. Its row must be locked.
pub async fn take_seq(
    connection: &mut Connection,
    channel: ChannelId,
    members_more: i32,
    at: DateTime<Utc>,
) -> Result<Seq, StorageError> {
    let seq: i64 = diesel::update(channels::table.find(channel.get()))
        .set((
            channels::last_seq.eq(channels::last_seq + 1),
            channels::member_count.eq(channels::member_count + members_more),
            channels::updated_at.eq(at),
        ))
        .returning(channels::last_seq)
        .get_result(connection)
        .await?;
    Ok(Seq::from(seq))
}

/// The newest seq of each of these channels.
pub async fn list_last_seqs(
    connection: &mut Connection,
    ids: &[ChannelId],
) -> Result<Vec<(ChannelId, Seq)>, StorageError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let rows: Vec<(i64, i64)> = channels::table
        .filter(channels::id.eq_any(ids))
        .select((channels::id, channels::last_seq))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, seq)| (ChannelId::from(id), Seq::from(seq)))
        .collect())
}
