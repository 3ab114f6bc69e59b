//! Receipts: whose marks have come as far as a message.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::messages::Message;
use discuss_domain::messages::receipts::{Progress, TOLD_UP_TO};
use discuss_domain::{ChannelId, Seq, UserId};

use crate::schema::{channel_members as m, channels as c};
use crate::{Connection, StorageError};

/// How far a member has come, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Who.
    pub user: UserId,
    /// They have read up to here.
    pub read: Seq,
    /// When their mark came there. Who has read nothing since they joined has had it from then on.
    pub read_at: DateTime<Utc>,
    /// It came to a device of theirs up to here.
    pub delivered: Seq,
    /// When that was.
    pub delivered_at: Option<DateTime<Utc>>,
}

/// Person, read up to, when, joined, delivered up to, when.
type ReceiptRow = (
    i64,
    i64,
    Option<DateTime<Utc>>,
    DateTime<Utc>,
    i64,
    Option<DateTime<Utc>>,
);

/// Those who have read or got a message, beside its sender and who came in later, in the order of their ids;
/// nobody in channels that are too large to be told.
pub async fn list_receipts(
    connection: &mut Connection,
    message: &Message,
) -> Result<Vec<Receipt>, StorageError> {
    let seq = message.seq.get();
    let rows: Vec<ReceiptRow> = m::table
        .inner_join(c::table.on(c::id.eq(m::channel_id)))
        .filter(m::channel_id.eq(message.channel_id.get()))
        .filter(m::status.eq_any(super::CURRENT))
        .filter(m::user_id.ne(message.sender.id.get()))
        .filter(m::joined_seq.lt(seq))
        .filter(m::last_read_seq.ge(seq).or(m::last_delivered_seq.ge(seq)))
        .filter(c::member_count.le(TOLD_UP_TO))
        .order(m::user_id)
        .select((
            m::user_id,
            m::last_read_seq,
            m::last_read_at,
            m::joined_at,
            m::last_delivered_seq,
            m::last_delivered_at,
        ))
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(receipt).collect())
}

fn receipt((user, read, read_at, joined_at, delivered, delivered_at): ReceiptRow) -> Receipt {
    Receipt {
        user: UserId::from(user),
        read: Seq::from(read),
        read_at: read_at.map_or(joined_at, |at| at.max(joined_at)),
        delivered: Seq::from(delivered),
        delivered_at,
    }
}

/// How far everybody in a channel has come.
pub async fn list_progress(
    connection: &mut Connection,
    channel: ChannelId,
) -> Result<Vec<Progress>, StorageError> {
    let rows: Vec<(i64, i64, i64, i64)> = m::table
        .filter(m::channel_id.eq(channel.get()))
        .filter(m::status.eq_any(super::CURRENT))
        .select((
            m::user_id,
            m::joined_seq,
            m::last_read_seq,
            m::last_delivered_seq,
        ))
        .load(connection)
        .await?;
    let progress = |(user, joined, read, delivered): (i64, i64, i64, i64)| Progress {
        user: UserId::from(user),
        joined: Seq::from(joined),
        read: Seq::from(read),
        delivered: Seq::from(delivered),
    };
    Ok(rows.into_iter().map(progress).collect())
}
