//! What a gateway asks of the log beside its pages: where somebody stands in a channel, and which
//! events made people members.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::{ChannelId, EventKind, Seq, TenantId, UserId};

use super::{EventRow, LoggedEvent, PageRow, event};
use crate::channels::ChannelRow;
use crate::members::CURRENT;
use crate::messages::MessageRow;
use crate::schema::{channel_events, channel_members, channels, messages, users};
use crate::users::UserRow;
use crate::{Connection, StorageError};

/// Where somebody stands in a channel, in one snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// They are in it.
    pub is_member: bool,
    /// How far its log has come.
    pub last_seq: Seq,
}

/// Where somebody stands in a channel; `None` if their tenant has no such channel.
pub async fn find_standing(
    connection: &mut Connection,
    (tenant, user): (TenantId, UserId),
    channel: ChannelId,
) -> Result<Option<Standing>, StorageError> {
    let is_theirs = channel_members::channel_id
        .eq(channels::id)
        .and(channel_members::user_id.eq(user.get()))
        .and(channel_members::status.eq_any(CURRENT));
    let found: Option<(i64, Option<i64>)> = channels::table
        .left_join(channel_members::table.on(is_theirs))
        .filter(channels::id.eq(channel.get()))
        .filter(channels::tenant_id.eq(tenant.get()))
        .select((channels::last_seq, channel_members::user_id.nullable()))
        .first(connection)
        .await
        .optional()?;
    Ok(found.map(|(last_seq, member)| Standing {
        is_member: member.is_some(),
        last_seq: Seq::from(last_seq),
    }))
}

/// The newest events that made people members of these channels, at most `limit`, newest first within
/// a channel.
pub async fn list_joins(
    connection: &mut Connection,
    ids: &[ChannelId],
    limit: i64,
) -> Result<Vec<LoggedEvent>, StorageError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let joins = [EventKind::ChannelCreated, EventKind::MemberAdded].map(EventKind::as_str);
    let is_sender = users::tenant_id
        .eq(messages::tenant_id)
        .and(users::user_id.eq(messages::sender_id));
    let rows: Vec<PageRow> = channel_events::table
        .left_join(messages::table.on(messages::id.nullable().eq(channel_events::message_id)))
        .left_join(users::table.on(is_sender))
        .left_join(channels::table.on(channels::id.eq(channel_events::channel_id)))
        .filter(channel_events::channel_id.eq_any(ids))
        .filter(channel_events::kind.eq_any(joins))
        .order((channel_events::channel_id, channel_events::seq.desc()))
        .limit(limit)
        .select((
            EventRow::as_select(),
            Option::<MessageRow>::as_select(),
            Option::<UserRow>::as_select(),
            Option::<ChannelRow>::as_select(),
        ))
        .load(connection)
        .await?;
    rows.into_iter().map(event).collect()
}
