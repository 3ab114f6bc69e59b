//! Threads: their replies, page by page, and who follows them. The writer adds replies, and makes who
//! replies follow.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::messages::Message;
use discuss_domain::{MessageId, UserId};

use crate::messages::{MessageRow, WithSender, all, with_senders};
use crate::schema::{messages, thread_followers, users};
use crate::users::UserRow;
use crate::{Connection, StorageError};

/// The replies of a thread that are numbered from after `after` on, `limit` of them, oldest first;
/// deleted ones are among them.
pub async fn list_numbered(
    connection: &mut Connection,
    root: MessageId,
    after: i64,
    limit: i64,
) -> Result<Vec<Message>, StorageError> {
    let rows: Vec<WithSender> = with_senders!()
        .filter(messages::parent_id.eq(root.get()))
        .filter(messages::reply_no.gt(after))
        .filter(messages::reply_no.le(after.saturating_add(limit)))
        .order(messages::reply_no.asc())
        .load(connection)
        .await?;
    all(rows)
}

/// Follows a thread, or ceases to.
pub async fn set_following(
    connection: &mut Connection,
    root: MessageId,
    user: UserId,
    following: Following,
) -> Result<(), StorageError> {
    let is_following = following == Following::Yes;
    diesel::insert_into(thread_followers::table)
        .values((
            thread_followers::message_id.eq(root.get()),
            thread_followers::user_id.eq(user.get()),
            thread_followers::is_following.eq(is_following),
        ))
        .on_conflict((thread_followers::message_id, thread_followers::user_id))
        .do_update()
        .set(thread_followers::is_following.eq(is_following))
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether somebody follows a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Following {
    /// They are told of its replies.
    Yes,
    /// They are not.
    No,
}
