//! How members stand: what they may do, and whether they are silenced.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::members::Membership;
use discuss_domain::{ChannelId, UserId};

use super::{CURRENT, membership};
use crate::schema::channel_members;
use crate::{Connection, StorageError};

type Row = (i64, String, String);

const STANDING: (
    channel_members::user_id,
    channel_members::role,
    channel_members::status,
) = (
    channel_members::user_id,
    channel_members::role,
    channel_members::status,
);

fn standing((user, role, status): Row) -> Result<(UserId, Membership), StorageError> {
    membership(&role, &status).map(|membership| (UserId::from(user), membership))
}

/// Everybody who is in the channel now, and how they stand there. The channel's row must be locked.
pub async fn list_memberships(
    connection: &mut Connection,
    channel: ChannelId,
    limit: i64,
) -> Result<BTreeMap<UserId, Membership>, StorageError> {
    let rows: Vec<Row> = channel_members::table
        .filter(channel_members::channel_id.eq(channel.get()))
        .filter(channel_members::status.eq_any(CURRENT))
        .order(channel_members::user_id)
        .limit(limit)
        .select(STANDING)
        .load(connection)
        .await?;
    rows.into_iter().map(standing).collect()
}

/// Of these people, those who are in the channel or were, and how they stand there. The channel's row must be locked.
pub async fn list_memberships_of(
    connection: &mut Connection,
    channel: ChannelId,
    users: &[UserId],
) -> Result<BTreeMap<UserId, Membership>, StorageError> {
    let ids: Vec<i64> = users.iter().map(|user| user.get()).collect();
    let rows: Vec<Row> = channel_members::table
        .filter(channel_members::channel_id.eq(channel.get()))
        .filter(channel_members::user_id.eq_any(ids))
        .select(STANDING)
        .load(connection)
        .await?;
    rows.into_iter().map(standing).collect()
}

/// Gives a member another standing. The channel's row must be locked.
pub async fn set_membership(
    connection: &mut Connection,
    (channel, user): (ChannelId, UserId),
    membership: Membership,
) -> Result<(), StorageError> {
    diesel::update(channel_members::table.find((channel.get(), user.get())))
        .set((
            channel_members::role.eq(membership.role.as_str()),
            channel_members::status.eq(membership.status.as_str()),
        ))
        .execute(connection)
        .await?;
    Ok(())
}
