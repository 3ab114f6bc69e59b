//! Rows of the messages that a group changes or replies to.

use discuss_domain::messages::Message;
use tokio_postgres::Row;

use crate::StorageError;
use crate::messages::{MessageRow, message};
use crate::users::UserRow;

/// A message and its sender.
pub(super) fn message_of(row: &Row) -> Result<Message, StorageError> {
    let found = MessageRow {
        id: row.try_get("id")?,
        channel_id: row.try_get("channel_id")?,
        seq: row.try_get("seq")?,
        tenant_id: row.try_get("tenant_id")?,
        message_no: row.try_get("message_no")?,
        timeline_no: row.try_get("timeline_no")?,
        unread_no: row.try_get("unread_no")?,
        sender_id: row.try_get("sender_id")?,
        kind: row.try_get("kind")?,
        content: row.try_get("content")?,
        parent_id: row.try_get("parent_id")?,
        thread_count: row.try_get("thread_count")?,
        newest_reply_no: row.try_get("newest_reply_no")?,
        last_reply_at: row.try_get("last_reply_at")?,
        thread_participants: row.try_get("thread_participants")?,
        reactions: row.try_get("reactions")?,
        mentions: row.try_get("mentions")?,
        mentions_everyone: row.try_get("mentions_everyone")?,
        metadata: row.try_get("metadata")?,
        client_message_id: row.try_get("client_message_id")?,
        edited_at: row.try_get("edited_at")?,
        deleted_at: row.try_get("deleted_at")?,
        deleted_by: row.try_get("deleted_by")?,
        created_at: row.try_get("created_at")?,
    };
    message(found, sender(row)?)
}

fn sender(row: &Row) -> Result<Option<UserRow>, StorageError> {
    let Some(user_id) = row.try_get("user_id")? else {
        return Ok(None);
    };
    Ok(Some(UserRow {
        user_id,
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        avatar_url: row.try_get("avatar_url")?,
    }))
}
