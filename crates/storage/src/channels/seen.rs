//! Channels as one person sees them: with their membership, the other person of a direct channel, and
//! the newest message, in one query.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::channels::{Channel, ListFilter, Seen};
use discuss_domain::members::Member;
use discuss_domain::{ChannelId, TenantId, UserId};

use super::ChannelRow;
use crate::members::{CURRENT, MemberRow};
use crate::schema::{channel_members, channels, messages, users};
use crate::users::{UserRow, known_or_id};
use crate::{Connection, StorageError};

diesel::alias!(users as others: Others, users as senders: Senders);

type SeenRow = (
    ChannelRow,
    Option<MemberRow>,
    Option<UserRow>,
    Option<(Option<String>, i64)>,
    Option<UserRow>,
);

/// The columns of [`SeenRow`].
macro_rules! seen_columns {
    () => {
        (
            ChannelRow::as_select(),
            Option::<MemberRow>::as_select(),
            others
                .fields((users::user_id, users::name, users::email, users::avatar_url))
                .nullable(),
            (messages::content, messages::sender_id).nullable(),
            senders
                .fields((users::user_id, users::name, users::email, users::avatar_url))
                .nullable(),
        )
    };
}

/// Channels joined with what their viewer sees.
macro_rules! seen_by {
    ($viewer:expr) => {{
        let viewer: i64 = $viewer.get();
        let other = others.field(users::user_id).nullable();
        let is_other = others
            .field(users::tenant_id)
            .eq(channels::tenant_id)
            .and(others.field(users::user_id).ne(viewer))
            .and(
                other
                    .eq(channels::direct_low_user_id)
                    .or(other.eq(channels::direct_high_user_id)),
            );
        let is_sender = senders
            .field(users::tenant_id)
            .eq(channels::tenant_id)
            .and(senders.field(users::user_id).eq(messages::sender_id));
        channels::table
            .left_join(
                channel_members::table.on(channel_members::channel_id
                    .eq(channels::id)
                    .and(channel_members::user_id.eq(viewer))),
            )
            .left_join(others.on(is_other))
            .left_join(messages::table.on(messages::id.nullable().eq(channels::last_message_id)))
            .left_join(senders.on(is_sender))
    }};
}

/// One channel of the tenant, as `viewer` sees it.
pub async fn find_seen(
    connection: &mut Connection,
    tenant: TenantId,
    viewer: UserId,
    id: ChannelId,
) -> Result<Option<Seen>, StorageError> {
    let row: Option<SeenRow> = seen_by!(viewer)
        .filter(channels::id.eq(id.get()))
        .filter(channels::tenant_id.eq(tenant.get()))
        .select(seen_columns!())
        .first(connection)
        .await
        .optional()?;
    row.map(|row| seen(row, viewer)).transpose()
}

/// A page of the channels that `viewer` is in: pinned ones first, then by their newest message.
pub async fn list_seen(
    connection: &mut Connection,
    (tenant, viewer): (TenantId, UserId),
    filter: ListFilter,
    (offset, limit): (i64, i64),
) -> Result<Vec<Seen>, StorageError> {
    let newest = coalesce(channels::last_message_at, channels::created_at.nullable());
    let mut query = seen_by!(viewer)
        .filter(channel_members::tenant_id.eq(tenant.get()))
        .filter(channel_members::user_id.eq(viewer.get()))
        .filter(channel_members::status.eq_any(CURRENT))
        .filter(channels::archived_at.is_not_null().eq(filter.is_archived))
        .order((
            channel_members::is_pinned.desc(),
            newest.desc(),
            channels::id.desc(),
        ))
        .offset(offset)
        .limit(limit)
        .select(seen_columns!())
        .into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(channels::kind.eq(kind.as_str()));
    }
    let rows: Vec<SeenRow> = query.load(connection).await?;
    rows.into_iter().map(|row| seen(row, viewer)).collect()
}

/// How many channels [`list_seen`] has on all its pages.
pub async fn count_seen(
    connection: &mut Connection,
    (tenant, viewer): (TenantId, UserId),
    filter: ListFilter,
) -> Result<i64, StorageError> {
    let mut query = channel_members::table
        .inner_join(channels::table.on(channels::id.eq(channel_members::channel_id)))
        .filter(channel_members::tenant_id.eq(tenant.get()))
        .filter(channel_members::user_id.eq(viewer.get()))
        .filter(channel_members::status.eq_any(CURRENT))
        .filter(channels::archived_at.is_not_null().eq(filter.is_archived))
        .count()
        .into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(channels::kind.eq(kind.as_str()));
    }
    Ok(query.get_result(connection).await?)
}

fn seen(row: SeenRow, viewer: UserId) -> Result<Seen, StorageError> {
    let (channel, membership, other, last_message, sender) = row;
    let channel = Channel::try_from(channel)?;
    let pair = channel.direct;
    let last_message = last_message.and_then(|(content, sender_id)| {
        Some((content?, known_or_id(sender, UserId::from(sender_id))))
    });
    Ok(Seen {
        membership: membership.map(Member::try_from).transpose()?,
        other: pair.map(|pair| known_or_id(other, pair.other_than(viewer))),
        last_message,
        channel,
    })
}

diesel::define_sql_function! {
    /// The first that is not null.
    fn coalesce(
        first: diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>,
        second: diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>,
    ) -> diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>;
}
