//! Mentions: finding members by their names, and whom messages mention, for counting.
//!
//! `message_mentions` has a row for everybody whom a message names, or one of user 0 if it is to everybody.
//! It is written with the message; its sender and whether it was deleted are asked of the message itself.

use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use discuss_domain::messages::mentions::Everyone;
use discuss_domain::{ChannelId, TenantId, UserId};

use self::aliases::readers;
use crate::members::CURRENT;
use crate::schema::{channel_members, users};
use crate::text::lower;
use crate::{Connection, StorageError};

mod aliases {
    use crate::schema::channel_members;

    diesel::alias!(channel_members as readers: Readers);
}

/// Stands for everybody in `message_mentions`.
const EVERYBODY: i64 = 0;

/// The rows of `message_mentions` that a message has, by their users.
pub(super) fn counted(everyone: Option<Everyone>, people: &[UserId]) -> Vec<i64> {
    match everyone {
        Some(_) => vec![EVERYBODY],
        None => people.iter().map(|user| user.get()).collect(),
    }
}

/// The members of a channel who have one of these names, which are lower case, for `reader`: nobody for
/// who is not a member.
pub async fn list_named(
    connection: &mut Connection,
    (tenant, reader): (TenantId, UserId),
    channel: ChannelId,
    names: &[String],
) -> Result<Vec<(UserId, String)>, StorageError> {
    let is_reader = readers
        .field(channel_members::channel_id)
        .eq(channel.get())
        .and(readers.field(channel_members::user_id).eq(reader.get()))
        .and(readers.field(channel_members::status).eq_any(CURRENT));
    let is_member = channel_members::user_id
        .eq(users::user_id)
        .and(channel_members::channel_id.eq(channel.get()));
    let rows: Vec<(i64, Option<String>)> = users::table
        .inner_join(channel_members::table.on(is_member))
        .inner_join(readers.on(is_reader))
        .filter(users::tenant_id.eq(tenant.get()))
        .filter(lower(users::name).eq_any(names))
        .filter(channel_members::tenant_id.eq(tenant.get()))
        .filter(channel_members::status.eq_any(CURRENT))
        .select((users::user_id, users::name))
        .load(connection)
        .await?;
    let named = |(user, name): (i64, Option<String>)| Some((UserId::from(user), name?));
    Ok(rows.into_iter().filter_map(named).collect())
}

/// How many messages that the member has not read mention them, a thousand at most: by their id or everybody,
/// not deleted and not their own. For queries of `channels` joined with `channel_members`.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct UnreadMentions;

impl Expression for UnreadMentions {
    type SqlType = BigInt;
}

impl QueryFragment<Pg> for UnreadMentions {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(UNREAD);
        Ok(())
    }
}

impl<QS> AppearsOnTable<QS> for UnreadMentions where channel_members::user_id: AppearsOnTable<QS> {}

impl<QS> SelectableExpression<QS> for UnreadMentions where Self: AppearsOnTable<QS> {}

impl<GroupBy> ValidGrouping<GroupBy> for UnreadMentions {
    type IsAggregate = is_aggregate::Never;
}

/// LATERAL and OFFSET 0 make it one look-up by key for each mention, whatever the sizes of the tables are
/// thought to be.
const UNREAD: &str = "(
SELECT count(*) FROM (SELECT 1 FROM message_mentions x CROSS JOIN LATERAL (
         SELECT 1 FROM messages w
          WHERE w.channel_id = x.channel_id AND w.seq = x.seq AND w.deleted_at IS NULL
            AND w.sender_id <> channel_members.user_id OFFSET 0) AS live
 WHERE x.channel_id = channel_members.channel_id AND x.user_id IN (0, channel_members.user_id)
   AND x.seq > channel_members.last_read_seq LIMIT 1000) AS counted)";
