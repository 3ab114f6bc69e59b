//! Coming into channels and going. The channel's row must be locked, or new.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::members::{Former, MemberStatus, ReadMark, Role};
use discuss_domain::{ChannelId, MessageId, TenantId, UserId};

use super::membership;
use crate::schema::channel_members;
use crate::{Connection, StorageError};

/// People who join a channel.
#[derive(Debug)]
pub struct Joining<'a> {
    /// The channel's tenant.
    pub tenant: TenantId,
    /// The channel.
    pub channel: ChannelId,
    /// Who joins; nobody who is in it already.
    pub users: &'a [UserId],
    /// As what.
    pub role: Role,
    /// What counts as read for them: everything so far.
    pub read: ReadMark,
    /// When.
    pub at: DateTime<Utc>,
}

/// Adds people, or takes back who left or was removed.
pub async fn join(connection: &mut Connection, joining: &Joining<'_>) -> Result<(), StorageError> {
    use channel_members as m;
    use diesel::upsert::excluded;
    let row = |user: &UserId| {
        (
            m::channel_id.eq(joining.channel.get()),
            m::user_id.eq(user.get()),
            m::tenant_id.eq(joining.tenant.get()),
            m::role.eq(joining.role.as_str()),
            m::status.eq(MemberStatus::Active.as_str()),
            m::joined_at.eq(joining.at),
            m::joined_seq.eq(joining.read.seq.get()),
            m::last_read_seq.eq(joining.read.seq.get()),
            m::last_read_message_id.eq(joining.read.message_id.map(MessageId::get)),
            m::last_read_count.eq(joining.read.count),
        )
    };
    let rows: Vec<_> = joining.users.iter().map(row).collect();
    diesel::insert_into(m::table)
        .values(rows)
        .on_conflict((m::channel_id, m::user_id))
        .do_update()
        .set((
            m::role.eq(excluded(m::role)),
            m::status.eq(excluded(m::status)),
            m::joined_at.eq(excluded(m::joined_at)),
            m::joined_seq.eq(excluded(m::joined_seq)),
            m::left_at.eq(None::<DateTime<Utc>>),
            m::removed_by.eq(None::<i64>),
            m::left_silenced.eq(false),
            m::last_read_seq.eq(excluded(m::last_read_seq)),
            m::last_read_message_id.eq(excluded(m::last_read_message_id)),
            m::last_read_count.eq(excluded(m::last_read_count)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends somebody's membership.
pub async fn remove(
    connection: &mut Connection,
    channel: ChannelId,
    user: UserId,
    removed_by: UserId,
    at: DateTime<Utc>,
) -> Result<(), StorageError> {
    diesel::update(channel_members::table.find((channel.get(), user.get())))
        .set((
            channel_members::status.eq(MemberStatus::Removed.as_str()),
            channel_members::left_at.eq(Some(at)),
            channel_members::removed_by.eq(Some(removed_by.get())),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends a membership as its member wishes.
pub async fn leave(
    connection: &mut Connection,
    channel: ChannelId,
    user: UserId,
    at: DateTime<Utc>,
) -> Result<(), StorageError> {
    use channel_members as m;
    diesel::update(m::table.find((channel.get(), user.get())))
        .set((
            m::status.eq(MemberStatus::Left.as_str()),
            m::left_at.eq(Some(at)),
            m::left_silenced.eq(m::status.eq(MemberStatus::Muted.as_str())),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// How somebody stands in the channel, or stood when they went.
pub async fn find_former(
    connection: &mut Connection,
    channel: ChannelId,
    user: UserId,
) -> Result<Option<Former>, StorageError> {
    let row: Option<(String, String, bool)> = channel_members::table
        .find((channel.get(), user.get()))
        .select((
            channel_members::role,
            channel_members::status,
            channel_members::left_silenced,
        ))
        .first(connection)
        .await
        .optional()?;
    let former = |(role, status, left_silenced): (String, String, bool)| {
        let membership = membership(&role, &status)?;
        Ok(Former {
            membership,
            left_silenced,
        })
    };
    row.map(former).transpose()
}
