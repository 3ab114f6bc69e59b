//! Channels as one person sees them: with their membership, the other person of a direct channel, the newest
//! message, and how many unread ones mention them, in one query.

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::channels::{Channel, Direction, ListFilter, Seen, SortKey};
use discuss_domain::members::Member;
use discuss_domain::{ChannelId, TenantId, UserId};

use super::ChannelRow;
use super::counted::Counted;
use crate::members::{CURRENT, MemberRow};
use crate::messages::mentions::UnreadMentions;
use crate::schema::{channel_members, channels, messages, users};
use crate::text::{first_text, literal, lower};
use crate::users::{UserRow, known_or_id};
use crate::{Connection, StorageError};

/// More channels than this are not counted.
const MOST_COUNTED: i64 = 10_000;

diesel::alias!(users as others: Others, users as senders: Senders);

type SeenRow = (
    ChannelRow,
    Option<MemberRow>,
    Option<UserRow>,
    Option<(Option<String>, i64)>,
    Option<UserRow>,
    i64,
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
            UnreadMentions,
        )
    };
}

/// Channels joined with what their viewer sees.
macro_rules! seen_by {
    ($viewer:expr) => {{
        let viewer: i64 = $viewer.get();
        // An equality, so that at most one can be joined and the join be left out where nobody asks for it.
        let other = case_when(
            channels::direct_low_user_id.eq(viewer),
            channels::direct_high_user_id,
        )
        .otherwise(channels::direct_low_user_id);
        let is_other = others
            .field(users::tenant_id)
            .eq(channels::tenant_id)
            .and(others.field(users::user_id).nullable().eq(other));
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

/// What a channel is called, as its viewer sees it.
macro_rules! shown_name {
    () => {
        first_text(others.field(users::name).nullable(), channels::name)
    };
}

/// The channels that `viewer` is in and that `filter` lets pass.
macro_rules! listed {
    ($tenant:expr, $viewer:expr, $filter:expr) => {{
        let mut query = seen_by!($viewer)
            .filter(channel_members::tenant_id.eq($tenant.get()))
            .filter(channel_members::user_id.eq($viewer.get()))
            .filter(channel_members::status.eq_any(CURRENT))
            .filter(channels::archived_at.is_not_null().eq($filter.is_archived))
            .select(channels::id)
            .into_boxed();
        if let Some(kind) = $filter.kind {
            query = query.filter(channels::kind.eq(kind.as_str()));
        }
        if let Some(is_pinned) = $filter.is_pinned {
            query = query.filter(channel_members::is_pinned.eq(is_pinned));
        }
        if let Some(has_unread) = $filter.has_unread {
            let is_unread = channels::unread_count_base.gt(channel_members::last_read_count);
            query = query.filter(is_unread.eq(has_unread));
        }
        if let Some(sort) = $filter.entity_type {
            query = query.filter(channels::entity_type.eq(sort.as_str()));
        }
        if let Some(search) = &$filter.search {
            query = query.filter(shown_name!().ilike(format!("%{}%", literal(search.as_str()))));
        }
        query
    }};
}

/// Orders by a key, then by id.
macro_rules! ordered {
    ($query:expr, $direction:expr, $key:expr) => {
        match $direction {
            Direction::Ascending => $query.then_order_by(($key.asc(), channels::id.asc())),
            Direction::Descending => $query.then_order_by(($key.desc(), channels::id.desc())),
        }
    };
}

/// A page of the channels that `viewer` is in, pinned ones first.
pub async fn list_seen(
    connection: &mut Connection,
    (tenant, viewer): (TenantId, UserId),
    filter: &ListFilter,
    (offset, limit): (i64, i64),
) -> Result<Vec<Seen>, StorageError> {
    let query = listed!(tenant, viewer, filter).order(channel_members::is_pinned.desc());
    let newest = coalesce(channels::last_message_at, channels::created_at.nullable());
    let query = match filter.sort {
        SortKey::LastMessage => ordered!(query, filter.direction(), newest),
        SortKey::Name => ordered!(query, filter.direction(), lower(shown_name!())),
        SortKey::CreatedAt => ordered!(query, filter.direction(), channels::created_at),
    };
    let page = query.offset(offset).limit(limit).select(seen_columns!());
    let rows: Vec<SeenRow> = page.load(connection).await?;
    rows.into_iter().map(|row| seen(row, viewer)).collect()
}

/// How many channels [`list_seen`] has on all its pages, as far as they are counted.
pub async fn count_seen(
    connection: &mut Connection,
    (tenant, viewer): (TenantId, UserId),
    filter: &ListFilter,
) -> Result<i64, StorageError> {
    let counted = Counted(listed!(tenant, viewer, filter).limit(MOST_COUNTED));
    Ok(counted.get_result(connection).await?)
}

fn seen(row: SeenRow, viewer: UserId) -> Result<Seen, StorageError> {
    let (channel, membership, other, last_message, sender, unread_mentions) = row;
    let channel = Channel::try_from(channel)?;
    let pair = channel.direct;
    let last_message = last_message.and_then(|(content, sender_id)| {
        Some((content?, known_or_id(sender, UserId::from(sender_id))))
    });
    Ok(Seen {
        membership: membership.map(Member::try_from).transpose()?,
        other: pair.map(|pair| known_or_id(other, pair.other_than(viewer))),
        last_message,
        unread_mentions,
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
