//! Messages that Discuss writes itself, in the transaction of what they tell of.
//!
//! One statement, as for a lone send, and by the same counters. It is not the writer's: a SYSTEM message
//! must be there exactly if what it tells of is, and needs neither a check of its sender nor a mark.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use discuss_domain::messages::{Message, MessageKind, Numbers};
use discuss_domain::reactions::Reactions;
use discuss_domain::threads::Thread;
use discuss_domain::users::User;
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};

use crate::{Connection, StorageError};

/// What Discuss says in a channel.
#[derive(Debug)]
pub struct SystemMessage<'a> {
    /// The channel's tenant.
    pub tenant: TenantId,
    /// The channel, whose row is locked.
    pub channel: ChannelId,
    /// The text.
    pub content: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// The correlation id of what it follows from.
    pub correlation_id: Option<&'a str>,
    /// The trace of what it follows from.
    pub traceparent: Option<&'a str>,
}

/// Stores a SYSTEM message and its event with the channel's next seq. Nobody has it unread.
pub async fn insert_system(
    connection: &mut Connection,
    message: &SystemMessage<'_>,
) -> Result<Message, StorageError> {
    let placed: Placed = diesel::sql_query(INSERT)
        .bind::<BigInt, _>(message.channel.get())
        .bind::<BigInt, _>(message.tenant.get())
        .bind::<Text, _>(message.content)
        .bind::<Timestamptz, _>(message.at)
        .bind::<Nullable<Text>, _>(message.correlation_id)
        .bind::<Nullable<Text>, _>(message.traceparent)
        .get_result(connection)
        .await?;
    Ok(placed.message(message))
}

#[derive(diesel::QueryableByName)]
struct Placed {
    #[diesel(sql_type = BigInt)]
    last_seq: i64,
    #[diesel(sql_type = BigInt)]
    message_count: i64,
    #[diesel(sql_type = BigInt)]
    timeline_count: i64,
    #[diesel(sql_type = BigInt)]
    unread_count_base: i64,
    #[diesel(sql_type = BigInt)]
    last_message_id: i64,
}

impl Placed {
    fn message(&self, message: &SystemMessage<'_>) -> Message {
        Message {
            id: MessageId::from(self.last_message_id),
            channel_id: message.channel,
            seq: Seq::from(self.last_seq),
            tenant_id: message.tenant,
            sender: User::unknown(UserId::SYSTEM),
            content: Some(message.content.to_owned()),
            kind: MessageKind::System,
            numbers: Numbers {
                message_no: self.message_count,
                timeline_no: self.timeline_count,
                unread_no: self.unread_count_base,
            },
            mentions: Vec::new(),
            mentions_everyone: None,
            parent_id: None,
            thread: Thread::default(),
            reactions: Reactions::default(),
            metadata: None,
            client_message_id: None,
            edited_at: None,
            deleted: None,
            created_at: message.at,
        }
    }
}

const INSERT: &str = "
WITH head AS (
  UPDATE channels
     SET last_seq = last_seq + 1, message_count = message_count + 1, timeline_count = timeline_count + 1,
         last_message_id = nextval('messages_id_seq'), last_message_at = $4
   WHERE id = $1
  RETURNING last_seq, message_count, timeline_count, unread_count_base, last_message_id
), stored AS (
  INSERT INTO messages (id, channel_id, seq, tenant_id, message_no, timeline_no, unread_no, sender_id, kind,
                        content, created_at)
  SELECT last_message_id, $1, last_seq, $2, message_count, timeline_count, unread_count_base, 0, 'SYSTEM',
         $3, $4
    FROM head
), logged AS (
  INSERT INTO channel_events (channel_id, seq, tenant_id, kind, actor_id, message_id, correlation_id,
                              traceparent, created_at)
  SELECT $1, last_seq, $2, 'message_created', 0, last_message_id, $5, $6, $4
    FROM head
)
SELECT * FROM head";
