//! Members of channels, and their marks.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;
use discuss_domain::channels::EntityRef;
use discuss_domain::members::{
    Member, MemberStatus, Membership, NotificationLevel, ReadMark, Role,
};
use discuss_domain::users::User;
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};

use crate::schema::{channel_members, users};
use crate::users::{UserRow, known_or_id};
use crate::{Connection, StorageError};

mod comings;
mod deliveries;
mod marks;
mod receipts;
mod roles;
mod settings;

pub use comings::{Joining, find_former, join, leave, remove};
pub use deliveries::{DeliveredMark, MovedDelivery, move_delivered_marks};
pub use marks::{
    KnownMark, Mark, MovedMark, list_marks, list_total_unread, list_unread, move_read_mark,
    move_read_marks,
};
pub use receipts::{Receipt, list_progress, list_receipts};
pub use roles::{list_memberships, list_memberships_of, set_membership};
pub use settings::set_settings;

/// The statuses of who is in a channel now.
pub(crate) const CURRENT: [&str; 2] = ["ACTIVE", "MUTED"];

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = channel_members)]
pub(crate) struct MemberRow {
    channel_id: i64,
    user_id: i64,
    tenant_id: i64,
    role: String,
    status: String,
    joined_at: DateTime<Utc>,
    left_at: Option<DateTime<Utc>>,
    removed_by: Option<i64>,
    last_read_seq: i64,
    last_read_message_id: Option<i64>,
    last_read_count: i64,
    is_muted: bool,
    is_pinned: bool,
    notification_level: String,
}

impl TryFrom<MemberRow> for Member {
    type Error = StorageError;

    fn try_from(row: MemberRow) -> Result<Self, StorageError> {
        let level = NotificationLevel::find(&row.notification_level).ok_or_else(|| {
            StorageError::corrupt(
                "channel_members",
                "notification_level",
                &row.notification_level,
            )
        })?;
        Ok(Self {
            channel_id: ChannelId::from(row.channel_id),
            user_id: UserId::from(row.user_id),
            tenant_id: TenantId::from(row.tenant_id),
            membership: membership(&row.role, &row.status)?,
            joined_at: row.joined_at,
            left_at: row.left_at,
            removed_by: row.removed_by.map(UserId::from),
            read: ReadMark {
                message_id: row.last_read_message_id.map(MessageId::from),
                seq: Seq::from(row.last_read_seq),
                count: row.last_read_count,
            },
            is_muted: row.is_muted,
            is_pinned: row.is_pinned,
            notification_level: level,
        })
    }
}

/// Reads a stored role and status.
pub(crate) fn membership(role: &str, status: &str) -> Result<Membership, StorageError> {
    let corrupt = |column, value| StorageError::corrupt("channel_members", column, value);
    Ok(Membership {
        role: Role::find(role).ok_or_else(|| corrupt("role", role))?,
        status: MemberStatus::find(status).ok_or_else(|| corrupt("status", status))?,
    })
}

/// The membership of one person, also a former one.
pub async fn find(
    connection: &mut Connection,
    channel: ChannelId,
    user: UserId,
) -> Result<Option<Member>, StorageError> {
    let row = channel_members::table
        .find((channel.get(), user.get()))
        .select(MemberRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(Member::try_from).transpose()
}

/// Members with what is known of them.
macro_rules! people {
    () => {
        channel_members::table
            .left_join(
                users::table.on(users::tenant_id
                    .eq(channel_members::tenant_id)
                    .and(users::user_id.eq(channel_members::user_id))),
            )
            .filter(channel_members::status.eq_any(CURRENT))
            .select((MemberRow::as_select(), Option::<UserRow>::as_select()))
    };
}

/// A page of those who are in the channel now, in the order of their ids.
pub async fn list(
    connection: &mut Connection,
    channel: ChannelId,
    offset: i64,
    limit: i64,
) -> Result<Vec<(Member, User)>, StorageError> {
    let rows: Vec<PersonRow> = people!()
        .filter(channel_members::channel_id.eq(channel.get()))
        .order(channel_members::user_id)
        .offset(offset)
        .limit(limit)
        .load(connection)
        .await?;
    rows.into_iter().map(person).collect()
}

/// Somebody who is in the channel now, with what is known of them.
pub async fn find_person(
    connection: &mut Connection,
    channel: ChannelId,
    user: UserId,
) -> Result<Option<(Member, User)>, StorageError> {
    let row: Option<PersonRow> = people!()
        .filter(channel_members::channel_id.eq(channel.get()))
        .filter(channel_members::user_id.eq(user.get()))
        .first(connection)
        .await
        .optional()?;
    row.map(person).transpose()
}

type PersonRow = (MemberRow, Option<UserRow>);

fn person((row, user): PersonRow) -> Result<(Member, User), StorageError> {
    let member = Member::try_from(row)?;
    let user = known_or_id(user, member.user_id);
    Ok((member, user))
}

/// Of these people, those who are in the channel now. The channel's row must be locked.
pub async fn list_current(
    connection: &mut Connection,
    channel: ChannelId,
    users: &[UserId],
) -> Result<Vec<UserId>, StorageError> {
    let ids: Vec<i64> = users.iter().map(|user| user.get()).collect();
    let current: Vec<i64> = channel_members::table
        .filter(channel_members::channel_id.eq(channel.get()))
        .filter(channel_members::user_id.eq_any(ids))
        .filter(channel_members::status.eq_any(CURRENT))
        .select(channel_members::user_id)
        .load(connection)
        .await?;
    Ok(current.into_iter().map(UserId::from).collect())
}

/// Of these people, those who are in these channels now.
pub async fn list_current_of(
    connection: &mut Connection,
    channels: &[ChannelId],
    users: &[UserId],
) -> Result<HashSet<(ChannelId, UserId)>, StorageError> {
    let channels: Vec<i64> = channels.iter().map(|channel| channel.get()).collect();
    let users: Vec<i64> = users.iter().map(|user| user.get()).collect();
    let pairs: Vec<(i64, i64)> = channel_members::table
        .filter(channel_members::channel_id.eq_any(channels))
        .filter(channel_members::user_id.eq_any(users))
        .filter(channel_members::status.eq_any(CURRENT))
        .select((channel_members::channel_id, channel_members::user_id))
        .load(connection)
        .await?;
    let pairs = pairs.into_iter();
    Ok(pairs
        .map(|(channel, user)| (channel.into(), user.into()))
        .collect())
}

/// People as two columns, for `unnest`.
pub(crate) fn columns(people: &[(TenantId, UserId)]) -> (Vec<i64>, Vec<i64>) {
    let column = |(tenant, user): &(TenantId, UserId)| (tenant.get(), user.get());
    people.iter().map(column).unzip()
}

/// A channel that somebody is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Who.
    pub user: UserId,
    /// In which channel.
    pub channel: ChannelId,
    /// The channel's newest seq in the same snapshot: the membership holds as of it.
    pub last_seq: Seq,
    /// The business record that it is about.
    pub entity: Option<EntityRef>,
}

/// Every channel that these people are in, with how far its log has come.
pub async fn list_followed(
    connection: &mut Connection,
    people: &[(TenantId, UserId)],
) -> Result<Vec<(TenantId, Followed)>, StorageError> {
    let (tenants, users) = columns(people);
    let rows: Vec<FollowedRow> = diesel::sql_query(FOLLOWED)
        .bind::<Array<BigInt>, _>(tenants)
        .bind::<Array<BigInt>, _>(users)
        .load(connection)
        .await?;
    let followed = |row: FollowedRow| {
        let followed = Followed {
            user: UserId::from(row.user_id),
            channel: ChannelId::from(row.channel_id),
            last_seq: Seq::from(row.last_seq),
            entity: row
                .entity_type
                .zip(row.entity_id)
                .map(|(entity_type, entity_id)| EntityRef {
                    entity_type,
                    entity_id,
                }),
        };
        (TenantId::from(row.tenant_id), followed)
    };
    Ok(rows.into_iter().map(followed).collect())
}

#[derive(QueryableByName)]
struct FollowedRow {
    #[diesel(sql_type = BigInt)]
    tenant_id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    channel_id: i64,
    #[diesel(sql_type = BigInt)]
    last_seq: i64,
    #[diesel(sql_type = Nullable<Text>)]
    entity_type: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    entity_id: Option<String>,
}

/// LATERAL and OFFSET 0: person by person in the index, whatever PostgreSQL thinks of the tables' sizes.
const FOLLOWED: &str = "
SELECT w.tenant_id, w.user_id, m.channel_id, c.last_seq, c.entity_type, c.entity_id
  FROM (SELECT DISTINCT * FROM unnest($1, $2) AS w (tenant_id, user_id)) AS w
 CROSS JOIN LATERAL (
       SELECT channel_id FROM channel_members
        WHERE tenant_id = w.tenant_id AND user_id = w.user_id AND status IN ('ACTIVE', 'MUTED') OFFSET 0) AS m
 CROSS JOIN LATERAL (
       SELECT last_seq, entity_type, entity_id FROM channels WHERE id = m.channel_id OFFSET 0) AS c";
