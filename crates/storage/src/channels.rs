//! Channels: making, finding and listing them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::channels::{Channel, ChannelKind, Counters, DirectPair, EntityRef};
use discuss_domain::members::Member;
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};

use crate::members::MemberRow;
use crate::schema::{channel_members, channels};
use crate::{Connection, StorageError};

mod changes;
mod counted;
mod insert;
mod seen;
mod topics;

pub use changes::{is_merged, set_archived, update};
pub use insert::{Maker, insert_direct, insert_group, insert_topic};
pub use seen::{count_seen, find_seen, list_seen};
pub use topics::{find_entity, find_topic, merge_into, rename_topic};

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

/// A channel of the tenant, and somebody's membership of it, also a former one.
pub async fn find_with_member(
    connection: &mut Connection,
    (tenant, user): (TenantId, UserId),
    id: ChannelId,
) -> Result<Option<(Channel, Option<Member>)>, StorageError> {
    let is_theirs = channel_members::channel_id
        .eq(channels::id)
        .and(channel_members::user_id.eq(user.get()));
    let row: Option<(ChannelRow, Option<MemberRow>)> = channels::table
        .left_join(channel_members::table.on(is_theirs))
        .filter(channels::id.eq(id.get()))
        .filter(channels::tenant_id.eq(tenant.get()))
        .select((ChannelRow::as_select(), Option::<MemberRow>::as_select()))
        .first(connection)
        .await
        .optional()?;
    let found = |(channel, member): (ChannelRow, Option<MemberRow>)| {
        let member = member.map(Member::try_from).transpose()?;
        Ok((Channel::try_from(channel)?, member))
    };
    row.map(found).transpose()
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

/// Takes the channel's next seq and changes the number of its members; answers the channel as it is then.
/// Its row must be locked.
pub async fn take_seq(
    connection: &mut Connection,
    channel: ChannelId,
    members_more: i32,
    at: DateTime<Utc>,
) -> Result<Channel, StorageError> {
    let row: ChannelRow = diesel::update(channels::table.find(channel.get()))
        .set((
            channels::last_seq.eq(channels::last_seq + 1),
            channels::member_count.eq(channels::member_count + members_more),
            channels::updated_at.eq(at),
        ))
        .returning(ChannelRow::as_returning())
        .get_result(connection)
        .await?;
    Channel::try_from(row)
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
