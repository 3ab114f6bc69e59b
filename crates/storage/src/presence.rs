//! Who is to be told of whom: people who share a channel that is small enough.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer};
use diesel_async::RunQueryDsl;
use discuss_domain::presence::TOLD_UP_TO;
use discuss_domain::users::User;
use discuss_domain::{ChannelId, TenantId, UserId};

use crate::members::columns;
use crate::users::UserRow;
use crate::{Connection, StorageError};

/// The channels in which others are told of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shared {
    /// The channels, the liveliest first.
    pub channels: Vec<ChannelId>,
    /// How many members they have together.
    pub members: u64,
}

/// The channels of each of these people in which others are told of them.
pub async fn list_shared_channels(
    connection: &mut Connection,
    people: &[(TenantId, UserId)],
) -> Result<HashMap<(TenantId, UserId), Shared>, StorageError> {
    let (tenants, users) = columns(people);
    let rows: Vec<SharedRow> = diesel::sql_query(SHARED)
        .bind::<Array<BigInt>, _>(tenants)
        .bind::<Array<BigInt>, _>(users)
        .bind::<Integer, _>(TOLD_UP_TO)
        .load(connection)
        .await?;
    let mut all: HashMap<_, Shared> = HashMap::new();
    for row in rows {
        let person = (row.tenant_id.into(), row.user_id.into());
        let shared = all.entry(person).or_default();
        shared.channels.push(row.channel_id.into());
        let members = u64::try_from(row.member_count).unwrap_or_default();
        shared.members = shared.members.saturating_add(members);
    }
    Ok(all)
}

#[derive(QueryableByName)]
struct SharedRow {
    #[diesel(sql_type = BigInt)]
    tenant_id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    channel_id: i64,
    #[diesel(sql_type = Integer)]
    member_count: i32,
}

/// LATERAL and OFFSET 0: person by person in the index, whatever PostgreSQL thinks of the tables' sizes.
const SHARED: &str = "
SELECT w.tenant_id, w.user_id, m.channel_id, c.member_count
  FROM unnest($1, $2) AS w (tenant_id, user_id)
 CROSS JOIN LATERAL (
       SELECT channel_id FROM channel_members
        WHERE tenant_id = w.tenant_id AND user_id = w.user_id AND status IN ('ACTIVE', 'MUTED') OFFSET 0) AS m
 CROSS JOIN LATERAL (
       SELECT member_count, last_seq FROM channels
        WHERE id = m.channel_id AND archived_at IS NULL AND member_count <= $3 OFFSET 0) AS c
 ORDER BY w.tenant_id, w.user_id, c.last_seq DESC";

/// Those with whom somebody shares such a channel, themselves included, at most `limit`.
pub async fn list_companions(
    connection: &mut Connection,
    (tenant, user): (TenantId, UserId),
    limit: i64,
) -> Result<Vec<User>, StorageError> {
    let rows: Vec<CompanionRow> = diesel::sql_query(COMPANIONS)
        .bind::<BigInt, _>(tenant.get())
        .bind::<BigInt, _>(user.get())
        .bind::<Integer, _>(TOLD_UP_TO)
        .bind::<BigInt, _>(limit)
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(CompanionRow::into_user).collect())
}

#[derive(QueryableByName)]
struct CompanionRow {
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    name: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    email: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    avatar_url: Option<String>,
}

impl CompanionRow {
    fn into_user(self) -> User {
        User::from(UserRow {
            user_id: self.user_id,
            name: self.name,
            email: self.email,
            avatar_url: self.avatar_url,
        })
    }
}

const COMPANIONS: &str = "
SELECT p.user_id, u.name, u.email, u.avatar_url
  FROM (SELECT DISTINCT other.user_id
          FROM channel_members own
          JOIN channels c ON c.id = own.channel_id AND c.archived_at IS NULL AND c.member_count <= $3
          JOIN channel_members other ON other.channel_id = c.id AND other.status IN ('ACTIVE', 'MUTED')
         WHERE own.tenant_id = $1 AND own.user_id = $2 AND own.status IN ('ACTIVE', 'MUTED')
         LIMIT $4) AS p
  LEFT JOIN users u ON u.tenant_id = $1 AND u.user_id = p.user_id
 ORDER BY p.user_id";
