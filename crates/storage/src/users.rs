//! People, as their tokens last named them.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::users::{Caller, User};
use discuss_domain::{TenantId, UserId};

use crate::schema::users;
use crate::text::first_text;
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

/// Keeps what a token says of its bearer; a token without a name takes none away.
pub async fn upsert(connection: &mut Connection, caller: &Caller) -> Result<(), StorageError> {
    use diesel::upsert::excluded;
    diesel::insert_into(users::table)
        .values((
            users::tenant_id.eq(caller.tenant.get()),
            users::user_id.eq(caller.user.get()),
            users::name.eq(caller.name.as_deref()),
            users::email.eq(caller.email.as_deref()),
        ))
        .on_conflict((users::tenant_id, users::user_id))
        .do_update()
        .set((
            users::name.eq(first_text(excluded(users::name), users::name)),
            users::email.eq(first_text(excluded(users::email), users::email)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

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
