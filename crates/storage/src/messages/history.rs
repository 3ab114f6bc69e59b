//! What must be known before a stretch of a channel's history is read, in one query: who asks, how many
//! messages there are, where the cursor's message stands, and how far the members have come.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Untyped};
use diesel_async::RunQueryDsl;
use discuss_domain::channels::{ChannelKind, Counters};
use discuss_domain::members::Membership;
use discuss_domain::messages::Numbers;
use discuss_domain::messages::history::Anchor;
use discuss_domain::messages::receipts::{Progress, TOLD_UP_TO, Viewpoint};
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};

use crate::{Connection, StorageError, channels, members};

/// A channel as somebody wants to read it.
#[derive(Debug)]
pub struct Outlook {
    /// Direct, group or topic.
    pub kind: ChannelKind,
    /// Only its members know of it.
    pub is_private: bool,
    /// What it has given out.
    pub counters: Counters,
    /// The reader's membership, also a former one.
    pub membership: Option<Membership>,
    /// The message that was asked for, if it is of this channel.
    pub anchor: Option<Anchor>,
    /// Where the reader stands.
    pub viewpoint: Viewpoint,
}

/// Looks at a channel of the tenant; `message` is the one at which a stretch is to start.
pub async fn find_outlook(
    connection: &mut Connection,
    (tenant, viewer): (TenantId, UserId),
    channel: ChannelId,
    message: Option<MessageId>,
) -> Result<Option<Outlook>, StorageError> {
    let look = Look {
        channel: channel.get(),
        tenant: tenant.get(),
        viewer: viewer.get(),
        message: message.map(MessageId::get),
    };
    let row: Option<OutlookRow> = look.get_result(connection).await.optional()?;
    row.map(|row| outlook(row, viewer)).transpose()
}

/// The query, which PostgreSQL plans once a session: planning takes longer than carrying it out.
#[derive(QueryId)]
struct Look {
    channel: i64,
    tenant: i64,
    viewer: i64,
    message: Option<i64>,
}

impl Query for Look {
    type SqlType = Untyped;
}

impl QueryFragment<Pg> for Look {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(COLUMNS);
        out.push_bind_param::<BigInt, _>(&self.viewer)?;
        out.push_sql(" LEFT JOIN messages a ON a.channel_id = c.id AND a.id = ");
        out.push_bind_param::<Nullable<BigInt>, _>(&self.message)?;
        out.push_sql(MEMBERS);
        out.push_bind_param::<Integer, _>(&TOLD_UP_TO)?;
        out.push_sql(") m ON true WHERE c.id = ");
        out.push_bind_param::<BigInt, _>(&self.channel)?;
        out.push_sql(" AND c.tenant_id = ");
        out.push_bind_param::<BigInt, _>(&self.tenant)
    }
}

const COLUMNS: &str = "
SELECT c.kind, c.is_private, c.last_seq, c.message_count, c.timeline_count, c.unread_count_base,
       p.role, p.status, coalesce(p.last_read_seq, 0) AS read,
       a.message_no, a.timeline_no, a.unread_no, a.parent_id IS NOT NULL AS is_reply,
       m.users, m.joins, m.reads, m.deliveries
  FROM channels c
  LEFT JOIN channel_members p ON p.channel_id = c.id AND p.user_id = ";

const MEMBERS: &str = "
  LEFT JOIN LATERAL (
    SELECT array_agg(user_id) AS users, array_agg(joined_seq) AS joins, array_agg(last_read_seq) AS reads,
           array_agg(last_delivered_seq) AS deliveries
      FROM channel_members
     WHERE channel_id = c.id AND status IN ('ACTIVE', 'MUTED') AND c.member_count <= ";

#[derive(QueryableByName)]
struct OutlookRow {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    is_private: bool,
    #[diesel(sql_type = BigInt)]
    last_seq: i64,
    #[diesel(sql_type = BigInt)]
    message_count: i64,
    #[diesel(sql_type = BigInt)]
    timeline_count: i64,
    #[diesel(sql_type = BigInt)]
    unread_count_base: i64,
    #[diesel(sql_type = Nullable<Text>)]
    role: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
    #[diesel(sql_type = BigInt)]
    read: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    message_no: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    timeline_no: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    unread_no: Option<i64>,
    #[diesel(sql_type = Bool)]
    is_reply: bool,
    #[diesel(sql_type = Nullable<Array<BigInt>>)]
    users: Option<Vec<i64>>,
    #[diesel(sql_type = Nullable<Array<BigInt>>)]
    joins: Option<Vec<i64>>,
    #[diesel(sql_type = Nullable<Array<BigInt>>)]
    reads: Option<Vec<i64>>,
    #[diesel(sql_type = Nullable<Array<BigInt>>)]
    deliveries: Option<Vec<i64>>,
}

fn outlook(row: OutlookRow, viewer: UserId) -> Result<Outlook, StorageError> {
    let membership = match (&row.role, &row.status) {
        (Some(role), Some(status)) => Some(members::membership(role, status)?),
        _ => None,
    };
    Ok(Outlook {
        kind: channels::kind(&row.kind)?,
        is_private: row.is_private,
        counters: Counters {
            last_seq: Seq::from(row.last_seq),
            message_count: row.message_count,
            timeline_count: row.timeline_count,
            unread_count_base: row.unread_count_base,
        },
        membership,
        anchor: anchor(&row),
        viewpoint: Viewpoint {
            viewer,
            read: Seq::from(row.read),
            members: progress(row),
        },
    })
}

fn anchor(row: &OutlookRow) -> Option<Anchor> {
    let numbers = Numbers {
        message_no: row.message_no?,
        timeline_no: row.timeline_no?,
        unread_no: row.unread_no?,
    };
    Some(Anchor {
        numbers,
        is_reply: row.is_reply,
    })
}

fn progress(row: OutlookRow) -> Option<Vec<Progress>> {
    let marks = row.reads?.into_iter().zip(row.deliveries?);
    let members = row.users?.into_iter().zip(row.joins?).zip(marks);
    let progress = members.map(|((user, joined), (read, delivered))| Progress {
        user: UserId::from(user),
        joined: Seq::from(joined),
        read: Seq::from(read),
        delivered: Seq::from(delivered),
    });
    Some(progress.collect())
}
