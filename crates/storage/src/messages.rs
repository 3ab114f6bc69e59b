//! Messages: finding and paging them. `messages::group` stores them, `messages::history` says what a
//! page needs to be known first.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::messages::history::{Scope, Stretch};
use discuss_domain::messages::mentions::Everyone;
use discuss_domain::messages::{
    ClientMessageId, Fingerprint, KnownSend, Message, MessageKind, Numbers,
};
use discuss_domain::threads::Thread;
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};
use uuid::Uuid;

use crate::reactions;
use crate::schema::{messages, users};
use crate::users::{UserRow, known_or_id};
use crate::{Connection, StorageError};

pub mod edits;
pub mod group;
pub mod history;
pub mod mentions;
pub mod system;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(crate) struct MessageRow {
    id: i64,
    channel_id: i64,
    seq: i64,
    tenant_id: i64,
    message_no: i64,
    timeline_no: i64,
    unread_no: i64,
    sender_id: i64,
    kind: String,
    content: Option<String>,
    parent_id: Option<i64>,
    thread_count: i32,
    newest_reply_no: i64,
    last_reply_at: Option<DateTime<Utc>>,
    thread_participants: Vec<i64>,
    reactions: Option<serde_json::Value>,
    mentions: Vec<i64>,
    mentions_everyone: Option<String>,
    metadata: Option<serde_json::Value>,
    client_message_id: Option<Uuid>,
    edited_at: Option<DateTime<Utc>>,
    deleted_at: Option<DateTime<Utc>>,
    deleted_by: Option<i64>,
    created_at: DateTime<Utc>,
}

/// A message and its sender, as one row brings them.
pub(crate) fn message(row: MessageRow, sender: Option<UserRow>) -> Result<Message, StorageError> {
    let kind = MessageKind::find(&row.kind)
        .ok_or_else(|| StorageError::corrupt("messages", "kind", &row.kind))?;
    let everyone = |name: &String| {
        Everyone::find(name)
            .ok_or_else(|| StorageError::corrupt("messages", "mentions_everyone", name))
    };
    Ok(Message {
        id: MessageId::from(row.id),
        channel_id: ChannelId::from(row.channel_id),
        seq: Seq::from(row.seq),
        tenant_id: TenantId::from(row.tenant_id),
        sender: known_or_id(sender, UserId::from(row.sender_id)),
        content: row.content,
        kind,
        numbers: Numbers {
            message_no: row.message_no,
            timeline_no: row.timeline_no,
            unread_no: row.unread_no,
        },
        mentions: people(row.mentions),
        mentions_everyone: row.mentions_everyone.as_ref().map(everyone).transpose()?,
        parent_id: row.parent_id.map(MessageId::from),
        thread: Thread {
            count: row.thread_count.into(),
            newest_no: row.newest_reply_no,
            last_reply_at: row.last_reply_at,
            participants: people(row.thread_participants),
        },
        reactions: reactions::read(row.reactions.as_ref())?,
        metadata: row.metadata,
        client_message_id: row.client_message_id.map(ClientMessageId::from),
        edited_at: row.edited_at,
        deleted: row.deleted_at.zip(row.deleted_by.map(UserId::from)),
        created_at: row.created_at,
    })
}

fn people(ids: Vec<i64>) -> Vec<UserId> {
    ids.into_iter().map(UserId::from).collect()
}

/// Messages joined with their senders.
macro_rules! with_senders {
    () => {{
        let is_sender = users::tenant_id
            .eq(messages::tenant_id)
            .and(users::user_id.eq(messages::sender_id));
        messages::table
            .left_join(users::table.on(is_sender))
            .select((MessageRow::as_select(), Option::<UserRow>::as_select()))
    }};
}

pub(crate) use with_senders;

pub(crate) type WithSender = (MessageRow, Option<UserRow>);

pub(crate) fn all(rows: Vec<WithSender>) -> Result<Vec<Message>, StorageError> {
    rows.into_iter()
        .map(|(row, sender)| message(row, sender))
        .collect()
}

/// A message of the tenant.
pub async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    id: MessageId,
) -> Result<Option<Message>, StorageError> {
    let row: Option<WithSender> = with_senders!()
        .filter(messages::id.eq(id.get()))
        .filter(messages::tenant_id.eq(tenant.get()))
        .first(connection)
        .await
        .optional()?;
    row.map(|(row, sender)| message(row, sender)).transpose()
}

/// What a sender has stored under a client id.
pub async fn find_known(
    connection: &mut Connection,
    (tenant, sender): (TenantId, UserId),
    client_id: ClientMessageId,
) -> Result<Option<KnownSend>, StorageError> {
    let known: Option<(i64, Option<Uuid>)> = messages::table
        .filter(messages::tenant_id.eq(tenant.get()))
        .filter(messages::sender_id.eq(sender.get()))
        .filter(messages::client_message_id.eq(client_id.get()))
        .select((messages::id, messages::fingerprint))
        .first(connection)
        .await
        .optional()?;
    Ok(known.and_then(|(id, fingerprint)| {
        fingerprint.map(|fingerprint| KnownSend {
            id: MessageId::from(id),
            fingerprint: Fingerprint::from(fingerprint),
        })
    }))
}

/// The channel of a message of the tenant.
pub async fn find_channel(
    connection: &mut Connection,
    tenant: TenantId,
    id: MessageId,
) -> Result<Option<ChannelId>, StorageError> {
    let channel: Option<i64> = messages::table
        .filter(messages::id.eq(id.get()))
        .filter(messages::tenant_id.eq(tenant.get()))
        .select(messages::channel_id)
        .first(connection)
        .await
        .optional()?;
    Ok(channel.map(ChannelId::from))
}

/// The messages of a stretch of a channel's history, newest first.
pub async fn list(
    connection: &mut Connection,
    channel: ChannelId,
    scope: Scope,
    stretch: Stretch,
) -> Result<Vec<Message>, StorageError> {
    let of_channel = with_senders!().filter(messages::channel_id.eq(channel.get()));
    let query = of_channel.into_boxed();
    let query = match scope {
        Scope::TopLevel => query
            .filter(messages::parent_id.is_null())
            .filter(messages::timeline_no.gt(stretch.after))
            .filter(messages::timeline_no.le(stretch.last))
            .order(messages::timeline_no.desc()),
        Scope::WithReplies => query
            .filter(messages::message_no.gt(stretch.after))
            .filter(messages::message_no.le(stretch.last))
            .order(messages::message_no.desc()),
    };
    all(query.load(connection).await?)
}
