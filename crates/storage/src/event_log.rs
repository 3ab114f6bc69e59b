//! The event log of the channels: appending to it, and reading it in the order of seq.
//!
//! `event_log::news` finds out what was committed lately, `event_log::prune` lets old events go.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::members::Membership;
use discuss_domain::messages::Message;
use discuss_domain::reactions::Emoji;
use discuss_domain::{ChannelId, EventKind, Seq, TenantId, UserId};

use crate::channels::ChannelRow;
use crate::members::membership;
use crate::messages::{MessageRow, message};
use crate::schema::{channel_events, channels, messages, users};
use crate::users::UserRow;
use crate::{Connection, StorageError};

pub mod joins;
pub mod news;
pub mod prune;

/// A change of a channel that is no message, to be appended in the transaction that makes it.
#[derive(Debug)]
pub struct NewEvent<'a> {
    /// The channel's tenant.
    pub tenant: TenantId,
    /// The channel, whose row is locked.
    pub channel: ChannelId,
    /// The seq that was taken for it.
    pub seq: Seq,
    /// What changed.
    pub kind: EventKind,
    /// Who did it.
    pub actor: UserId,
    /// Who came or went by it, or may do more or less.
    pub users: &'a [UserId],
    /// What they may do from now on, where that changed.
    pub membership: Option<Membership>,
    /// When.
    pub at: DateTime<Utc>,
    /// The request's correlation id.
    pub correlation_id: Option<&'a str>,
    /// The request's trace.
    pub traceparent: Option<&'a str>,
}

/// Appends an event.
pub async fn append(connection: &mut Connection, event: &NewEvent<'_>) -> Result<(), StorageError> {
    diesel::insert_into(channel_events::table)
        .values((
            channel_events::channel_id.eq(event.channel.get()),
            channel_events::seq.eq(event.seq.get()),
            channel_events::tenant_id.eq(event.tenant.get()),
            channel_events::kind.eq(event.kind.as_str()),
            channel_events::actor_id.eq(event.actor.get()),
            channel_events::payload.eq(Some(payload(event))),
            channel_events::correlation_id.eq(event.correlation_id),
            channel_events::traceparent.eq(event.traceparent),
            channel_events::created_at.eq(event.at),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

fn payload(event: &NewEvent<'_>) -> serde_json::Value {
    let users: Vec<i64> = event.users.iter().map(|user| user.get()).collect();
    match event.membership {
        None => serde_json::json!({ "userIds": users }),
        Some(now) => serde_json::json!({
            "userIds": users,
            "role": now.role.as_str(),
            "status": now.status.as_str(),
        }),
    }
}

/// An event as the log has it, with what it is about as that is now.
#[derive(Debug, Clone)]
pub struct LoggedEvent {
    /// The channel's tenant.
    pub tenant: TenantId,
    /// The channel.
    pub channel: ChannelId,
    /// Its place.
    pub seq: Seq,
    /// What it says.
    pub kind: EventKind,
    /// Who did it.
    pub actor: UserId,
    /// Who came or went by it, or may do more or less.
    pub users: Vec<UserId>,
    /// What they may do from then on, where that changed.
    pub membership: Option<Membership>,
    /// The message it brought or changed.
    pub message: Option<Message>,
    /// The emoji of a reaction.
    pub emoji: Option<Emoji>,
    /// The channel it made or changed.
    pub made: Option<discuss_domain::channels::Channel>,
    /// When.
    pub at: DateTime<Utc>,
}

impl LoggedEvent {
    /// The event that brought a message.
    #[must_use]
    pub fn message_created(message: Message) -> Self {
        Self {
            tenant: message.tenant_id,
            channel: message.channel_id,
            seq: message.seq,
            kind: EventKind::MessageCreated,
            actor: message.sender.id,
            users: Vec::new(),
            membership: None,
            at: message.created_at,
            message: Some(message),
            emoji: None,
            made: None,
        }
    }
}

/// An event that can't be read here: of a kind that only a newer version knows, or of a spoiled row.
#[derive(Debug)]
pub struct UnreadEvent {
    /// The channel.
    pub channel: ChannelId,
    /// Its place.
    pub seq: Seq,
    /// What it says, as it stands in the log.
    pub kind: String,
    /// Who came or went by it, or may do more or less.
    pub users: Vec<UserId>,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub cause: StorageError,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = channel_events)]
struct EventRow {
    channel_id: i64,
    seq: i64,
    tenant_id: i64,
    kind: String,
    actor_id: i64,
    payload: Option<serde_json::Value>,
    created_at: DateTime<Utc>,
}

type PageRow = (
    EventRow,
    Option<MessageRow>,
    Option<UserRow>,
    Option<ChannelRow>,
);

/// The first `limit` events of a channel after `after`, in order; fails when one of them can't be read.
/// Whoever reads a page must look whether it starts at `after + 1`: what is older may have been pruned.
pub async fn list_after(
    connection: &mut Connection,
    channel: ChannelId,
    after: Seq,
    limit: i64,
) -> Result<Vec<LoggedEvent>, StorageError> {
    let rows = load_after(connection, channel, after, limit).await?;
    rows.into_iter().map(event).collect()
}

/// The same, where those that can't be read have their place all the same.
pub async fn list_all_after(
    connection: &mut Connection,
    channel: ChannelId,
    after: Seq,
    limit: i64,
) -> Result<Vec<Result<LoggedEvent, Box<UnreadEvent>>>, StorageError> {
    let rows = load_after(connection, channel, after, limit).await?;
    Ok(rows.into_iter().map(read).collect())
}

async fn load_after(
    connection: &mut Connection,
    channel: ChannelId,
    after: Seq,
    limit: i64,
) -> Result<Vec<PageRow>, StorageError> {
    let is_sender = users::tenant_id
        .eq(messages::tenant_id)
        .and(users::user_id.eq(messages::sender_id));
    let of_channel = EventKind::ALL
        .into_iter()
        .filter(|kind| kind.is_of_channel());
    let of_channel: Vec<&str> = of_channel.map(EventKind::as_str).collect();
    let is_made = channels::id
        .eq(channel_events::channel_id)
        .and(channel_events::kind.eq_any(of_channel));
    let rows: Vec<PageRow> = channel_events::table
        .left_join(messages::table.on(messages::id.nullable().eq(channel_events::message_id)))
        .left_join(users::table.on(is_sender))
        .left_join(channels::table.on(is_made))
        .filter(channel_events::channel_id.eq(channel.get()))
        .filter(channel_events::seq.gt(after.get()))
        .order(channel_events::seq.asc())
        .limit(limit)
        .select((
            EventRow::as_select(),
            Option::<MessageRow>::as_select(),
            Option::<UserRow>::as_select(),
            Option::<ChannelRow>::as_select(),
        ))
        .load(connection)
        .await?;
    Ok(rows)
}

fn event(row: PageRow) -> Result<LoggedEvent, StorageError> {
    read(row).map_err(|unread| unread.cause)
}

fn read((row, brought, sender, made): PageRow) -> Result<LoggedEvent, Box<UnreadEvent>> {
    let read = parse(&row, (brought, sender, made));
    read.map_err(|cause| {
        Box::new(UnreadEvent {
            channel: ChannelId::from(row.channel_id),
            seq: Seq::from(row.seq),
            users: row.payload.as_ref().map_or_else(Vec::new, users_of),
            kind: row.kind,
            at: row.created_at,
            cause,
        })
    })
}

fn parse(
    row: &EventRow,
    (brought, sender, made): (Option<MessageRow>, Option<UserRow>, Option<ChannelRow>),
) -> Result<LoggedEvent, StorageError> {
    let corrupt = |column, value: &str| StorageError::corrupt("channel_events", column, value);
    Ok(LoggedEvent {
        tenant: TenantId::from(row.tenant_id),
        channel: ChannelId::from(row.channel_id),
        seq: Seq::from(row.seq),
        kind: EventKind::find(&row.kind).ok_or_else(|| corrupt("kind", &row.kind))?,
        actor: UserId::from(row.actor_id),
        users: row.payload.as_ref().map_or_else(Vec::new, users_of),
        membership: row.payload.as_ref().and_then(membership_of).transpose()?,
        message: brought
            .map(|brought| message(brought, sender))
            .transpose()?,
        emoji: row.payload.as_ref().and_then(emoji_of),
        made: made.map(TryInto::try_into).transpose()?,
        at: row.created_at,
    })
}

fn users_of(payload: &serde_json::Value) -> Vec<UserId> {
    let ids = payload.get("userIds").and_then(serde_json::Value::as_array);
    let ids = ids
        .into_iter()
        .flatten()
        .filter_map(serde_json::Value::as_i64);
    ids.map(UserId::from).collect()
}

/// The payload of an event of a reaction.
pub(crate) fn reaction_payload(emoji: &Emoji, user: UserId) -> serde_json::Value {
    serde_json::json!({ "emoji": emoji.as_str(), "userId": user.get() })
}

fn emoji_of(payload: &serde_json::Value) -> Option<Emoji> {
    let stored = payload.get("emoji").and_then(serde_json::Value::as_str)?;
    Some(Emoji::from(stored.to_owned()))
}

fn membership_of(payload: &serde_json::Value) -> Option<Result<Membership, StorageError>> {
    let word = |name| payload.get(name).and_then(serde_json::Value::as_str);
    let (role, status) = (word("role")?, word("status")?);
    Some(membership(role, status))
}
