//! Rows of the log as the relay reads them.

use discuss_domain::channels::ChannelKind;
use discuss_domain::members::{MemberStatus, Role};
use discuss_domain::messages::MessageKind;
use discuss_domain::{ChannelId, EventKind, MessageId, Seq, TenantId, UserId};
use serde_json::Value;
use tokio_postgres::Row;

use super::{RelayedChannel, RelayedEvent, RelayedMember, RelayedMessage};
use crate::StorageError;

pub(super) fn event(row: &Row) -> Result<RelayedEvent, StorageError> {
    let users: Option<Value> = row.try_get("users")?;
    let members: Option<Value> = row.try_get("members")?;
    Ok(RelayedEvent {
        tenant: TenantId::from(row.try_get::<_, i64>("tenant_id")?),
        channel: ChannelId::from(row.try_get::<_, i64>("channel_id")?),
        seq: Seq::from(row.try_get::<_, i64>("seq")?),
        kind: EventKind::find(row.try_get("kind")?),
        actor: UserId::from(row.try_get::<_, i64>("actor_id")?),
        at: row.try_get("created_at")?,
        correlation_id: row.try_get("correlation_id")?,
        traceparent: row.try_get("traceparent")?,
        users: items(users.as_ref()).filter_map(user).collect(),
        members: items(members.as_ref())
            .map(member)
            .collect::<Result<_, _>>()?,
        message: message(row)?,
        emoji: row.try_get("emoji")?,
        subject: channel(row)?,
    })
}

fn message(row: &Row) -> Result<Option<RelayedMessage>, StorageError> {
    let Some(id) = row.try_get::<_, Option<i64>>("message_id")? else {
        return Ok(None);
    };
    let kind: &str = row.try_get("message_kind")?;
    let mentions: Vec<i64> = row.try_get("mentions")?;
    Ok(Some(RelayedMessage {
        id: MessageId::from(id),
        sender: UserId::from(row.try_get::<_, i64>("sender_id")?),
        content: row.try_get("content")?,
        kind: MessageKind::find(kind)
            .ok_or_else(|| StorageError::corrupt("messages", "kind", kind))?,
        parent: row
            .try_get::<_, Option<i64>>("parent_id")?
            .map(MessageId::from),
        mentions: mentions.into_iter().map(UserId::from).collect(),
        is_deleted: row.try_get("is_deleted")?,
    }))
}

fn channel(row: &Row) -> Result<Option<RelayedChannel>, StorageError> {
    let Some(kind) = row.try_get::<_, Option<&str>>("channel_kind")? else {
        return Ok(None);
    };
    Ok(Some(RelayedChannel {
        kind: ChannelKind::find(kind)
            .ok_or_else(|| StorageError::corrupt("channels", "kind", kind))?,
        name: row.try_get("name")?,
        created_by: UserId::from(row.try_get::<_, i64>("created_by")?),
        is_archived: row.try_get("is_archived")?,
    }))
}

/// A member as `[user, role, status]`.
fn member(item: &Value) -> Result<RelayedMember, StorageError> {
    let text = |place| item.get(place).and_then(Value::as_str).unwrap_or_default();
    let corrupt =
        |column| move || StorageError::corrupt("channel_members", column, &item.to_string());
    Ok(RelayedMember {
        user: item.get(0).and_then(user).ok_or_else(corrupt("user_id"))?,
        role: Role::find(text(1)).ok_or_else(corrupt("role"))?,
        status: MemberStatus::find(text(2)).ok_or_else(corrupt("status"))?,
    })
}

fn user(item: &Value) -> Option<UserId> {
    item.as_i64().map(UserId::from)
}

fn items(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_array).into_iter().flatten()
}
