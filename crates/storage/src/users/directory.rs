//! People as the account service knows them, and finding them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;
use discuss_domain::users::User;
use discuss_domain::{TenantId, UserId};

use super::UserRow;
use crate::schema::users;
use crate::text::{first_text, literal};
use crate::{Connection, StorageError};

/// Those of these people who are known, and when the account service last said so.
pub async fn list_known(
    connection: &mut Connection,
    tenant: TenantId,
    ids: &[UserId],
) -> Result<HashMap<UserId, Option<DateTime<Utc>>>, StorageError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let rows: Vec<(i64, Option<DateTime<Utc>>)> = users::table
        .filter(users::tenant_id.eq(tenant.get()))
        .filter(users::user_id.eq_any(ids))
        .select((users::user_id, users::checked_at))
        .load(connection)
        .await?;
    let known = rows.into_iter();
    Ok(known.map(|(id, at)| (UserId::from(id), at)).collect())
}

/// Keeps what the account service says of people, each named once; what it leaves out takes no name away.
pub async fn upsert_checked(
    connection: &mut Connection,
    tenant: TenantId,
    people: &[User],
    at: DateTime<Utc>,
) -> Result<(), StorageError> {
    use diesel::upsert::excluded;
    let mut in_order: Vec<&User> = people.iter().collect();
    in_order.sort_by_key(|user| user.id);
    let row = |user: &User| {
        (
            users::tenant_id.eq(tenant.get()),
            users::user_id.eq(user.id.get()),
            users::name.eq(user.name.clone()),
            users::email.eq(user.email.clone()),
            users::avatar_url.eq(user.avatar_url.clone()),
            users::checked_at.eq(Some(at)),
        )
    };
    let rows: Vec<_> = in_order.into_iter().map(row).collect();
    diesel::insert_into(users::table)
        .values(rows)
        .on_conflict((users::tenant_id, users::user_id))
        .do_update()
        .set((
            users::name.eq(first_text(excluded(users::name), users::name)),
            users::email.eq(first_text(excluded(users::email), users::email)),
            users::avatar_url.eq(excluded(users::avatar_url)),
            users::checked_at.eq(excluded(users::checked_at)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// People of the tenant in whose name or e-mail address `query` is found, in any case, and these `others`,
/// at most `limit`: first those of whom a word begins with it.
pub async fn search(
    connection: &mut Connection,
    tenant: TenantId,
    (query, others): (&str, &[UserId]),
    limit: i64,
) -> Result<Vec<User>, StorageError> {
    let others: Vec<i64> = others.iter().map(|id| id.get()).collect();
    let rows: Vec<FoundRow> = diesel::sql_query(SEARCH)
        .bind::<BigInt, _>(tenant.get())
        .bind::<Text, _>(literal(query))
        .bind::<Array<BigInt>, _>(others)
        .bind::<BigInt, _>(limit)
        .load(connection)
        .await?;
    let found = rows.into_iter().map(|row| UserRow {
        user_id: row.user_id,
        name: row.name,
        email: row.email,
        avatar_url: row.avatar_url,
    });
    Ok(found.map(User::from).collect())
}

#[derive(QueryableByName)]
struct FoundRow {
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    avatar_url: Option<String>,
}

const SEARCH: &str = "
SELECT user_id, name, email, avatar_url
  FROM users
 WHERE tenant_id = $1
   AND (lower(coalesce(name, '') || ' ' || coalesce(email, '')) LIKE '%' || lower($2) || '%'
        OR user_id = ANY($3))
 ORDER BY ' ' || lower(coalesce(name, '') || ' ' || coalesce(email, '')) LIKE '% ' || lower($2) || '%' DESC,
          lower(name), user_id
 LIMIT $4";

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn what_like_would_read_otherwise_is_escaped() {
        assert_eq!(literal(r"50%_a\b"), r"50\%\_a\\b");
    }
}
