//! What members may do.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::members::{Membership, Role};
use discuss_domain::{ChannelId, UserId};

use super::{CURRENT, membership};
use crate::schema::channel_members;
use crate::{Connection, StorageError};

type RoleRow = (i64, String, String);

const ROLE: (
    channel_members::user_id,
    channel_members::role,
    channel_members::status,
) = (
    channel_members::user_id,
    channel_members::role,
    channel_members::status,
);

fn role((user, role, status): RoleRow) -> Result<(UserId, Role), StorageError> {
    membership(&role, &status).map(|membership| (UserId::from(user), membership.role))
}

/// Everybody who is in the channel now, and as what. The channel's row must be locked.
pub async fn list_roles(
    connection: &mut Connection,
    channel: ChannelId,
    limit: i64,
) -> Result<BTreeMap<UserId, Role>, StorageError> {
    let rows: Vec<RoleRow> = channel_members::table
        .filter(channel_members::channel_id.eq(channel.get()))
        .filter(channel_members::status.eq_any(CURRENT))
        .order(channel_members::user_id)
        .limit(limit)
        .select(ROLE)
        .load(connection)
        .await?;
    rows.into_iter().map(role).collect()
}

/// Of these people, those who are in the channel now, and as what. The channel's row must be locked.
pub async fn list_roles_of(
    connection: &mut Connection,
    channel: ChannelId,
    users: &[UserId],
) -> Result<BTreeMap<UserId, Role>, StorageError> {
    let ids: Vec<i64> = users.iter().map(|user| user.get()).collect();
    let rows: Vec<RoleRow> = channel_members::table
        .filter(channel_members::channel_id.eq(channel.get()))
        .filter(channel_members::user_id.eq_any(ids))
        .filter(channel_members::status.eq_any(CURRENT))
        .select(ROLE)
        .load(connection)
        .await?;
    rows.into_iter().map(role).collect()
}

/// Gives a member another role; answers their membership after it. The channel's row must be locked.
pub async fn set_role(
    connection: &mut Connection,
    channel: ChannelId,
    user: UserId,
    role: Role,
) -> Result<Membership, StorageError> {
    let row: (String, String) =
        diesel::update(channel_members::table.find((channel.get(), user.get())))
            .set(channel_members::role.eq(role.as_str()))
            .returning((channel_members::role, channel_members::status))
            .get_result(connection)
            .await?;
    membership(&row.0, &row.1)
}
