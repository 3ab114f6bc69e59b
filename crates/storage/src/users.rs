//! People, as their tokens last named them.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;
use discuss_domain::users::{Caller, User};
use discuss_domain::{TenantId, UserId};

use crate::members::columns;
use crate::schema::users;
use crate::{Connection, StorageError};

mod directory;

pub use directory::{list_known, search, upsert_checked};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct UserRow {
    pub(crate) user_id: i64,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) avatar_url: Option<String>,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: UserId::from(row.user_id),
            name: row.name,
            email: row.email,
            avatar_url: row.avatar_url,
        }
    }
}

/// The person of that id, though only the id be known.
pub(crate) fn known_or_id(row: Option<UserRow>, id: UserId) -> User {
    row.map_or_else(|| User::unknown(id), User::from)
}

/// Keeps what tokens say of their bearers, each named once; a token without a name takes none away. Where all is known
/// already nothing is written.
pub async fn upsert(connection: &mut Connection, callers: &[&Caller]) -> Result<(), StorageError> {
    let people: Vec<_> = callers
        .iter()
        .map(|caller| (caller.tenant, caller.user))
        .collect();
    let (tenants, users) = columns(&people);
    let names: Vec<_> = callers
        .iter()
        .map(|caller| caller.name.as_deref())
        .collect();
    let emails: Vec<_> = callers
        .iter()
        .map(|caller| caller.email.as_deref())
        .collect();
    diesel::sql_query(UPSERT)
        .bind::<Array<BigInt>, _>(tenants)
        .bind::<Array<BigInt>, _>(users)
        .bind::<Array<Nullable<Text>>, _>(names)
        .bind::<Array<Nullable<Text>>, _>(emails)
        .execute(connection)
        .await?;
    Ok(())
}

const UPSERT: &str = "
INSERT INTO users (tenant_id, user_id, name, email)
SELECT w.tenant_id, w.user_id, w.name, w.email
  FROM unnest($1, $2, $3, $4) AS w (tenant_id, user_id, name, email)
 WHERE NOT EXISTS (
       SELECT FROM users u
        WHERE u.tenant_id = w.tenant_id AND u.user_id = w.user_id
          AND coalesce(w.name, u.name) IS NOT DISTINCT FROM u.name
          AND coalesce(w.email, u.email) IS NOT DISTINCT FROM u.email OFFSET 0)
 ORDER BY w.tenant_id, w.user_id
    ON CONFLICT (tenant_id, user_id) DO UPDATE
   SET name = coalesce(excluded.name, users.name), email = coalesce(excluded.email, users.email)";

/// What is known of these people of a tenant; of who is not known there is nothing.
pub async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    ids: &[UserId],
) -> Result<Vec<User>, StorageError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let rows: Vec<UserRow> = users::table
        .filter(users::tenant_id.eq(tenant.get()))
        .filter(users::user_id.eq_any(ids))
        .select(UserRow::as_select())
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(User::from).collect())
}
