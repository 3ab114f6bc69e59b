//! Replies, stored by SQL as the writer numbers them: for tests of what reads them.

/// SQL that stores a reply of `sender` to a message of a channel, with its event.
#[must_use]
pub fn reply_sql(channel: i64, parent: i64, sender: i64) -> String {
    format!(
        "WITH head AS (
           UPDATE channels
              SET last_seq = last_seq + 1, message_count = message_count + 1,
                  last_message_id = nextval('messages_id_seq'), last_message_at = now()
            WHERE id = {channel} RETURNING *
         ), stored AS (
           INSERT INTO messages (id, channel_id, seq, tenant_id, message_no, timeline_no, unread_no,
                                 sender_id, kind, content, parent_id, created_at)
           SELECT last_message_id, id, last_seq, tenant_id, message_count, timeline_count,
                  unread_count_base, {sender}, 'TEXT', 'reply', {parent}, last_message_at
             FROM head
         )
         INSERT INTO channel_events (channel_id, seq, tenant_id, kind, actor_id, message_id, created_at)
         SELECT id, last_seq, tenant_id, 'message_created', {sender}, last_message_id, last_message_at
           FROM head"
    )
}
