//! What Discuss says on Kafka of the events of its log.
//!
//! Each event is one record, with the channel as its key: `{eventId, eventType, tenantId, channelId, seq,
//! actorId, timestamp, …}`, and what is below. The record shows what it is about as that is when it is
//! made, which may be newer than its seq; nothing in it depends on who reads it. It is small: a content
//! has at most 10,000 characters, metadata stays behind.

use chrono::{DateTime, Utc};
use discuss_domain::{ChannelId, EventKind, Seq, TenantId, UserId};
use serde::Serialize;

/// Every topic that Discuss writes to.
pub const TOPICS: [&str; 6] = [
    MESSAGES,
    REACTIONS,
    CHANNELS,
    MEMBERS,
    "discuss.attachment.events",
    "serp.notification.user.events",
];

const MESSAGES: &str = "discuss.message.events";
const REACTIONS: &str = "discuss.reaction.events";
const CHANNELS: &str = "discuss.channel.events";
const MEMBERS: &str = "discuss.member.events";

/// The topic of a kind of event, and the `eventType` that it has there; none of what stays within
/// Discuss.
#[must_use]
pub const fn route(kind: EventKind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        EventKind::MessageCreated => (MESSAGES, "MESSAGE_NEW"),
        EventKind::MessageEdited => (MESSAGES, "MESSAGE_UPDATED"),
        EventKind::MessageDeleted => (MESSAGES, "MESSAGE_DELETED"),
        EventKind::ReactionAdded => (REACTIONS, "REACTION_ADDED"),
        EventKind::ReactionRemoved => (REACTIONS, "REACTION_REMOVED"),
        // A reply is told as the message that it is.
        EventKind::ThreadUpdated => return None,
        EventKind::ChannelCreated => (CHANNELS, "CHANNEL_CREATED"),
        EventKind::ChannelUpdated => (CHANNELS, "CHANNEL_UPDATED"),
        EventKind::ChannelArchived => (CHANNELS, "CHANNEL_ARCHIVED"),
        EventKind::MemberAdded => (MEMBERS, "MEMBER_JOINED"),
        EventKind::MemberRemoved => (MEMBERS, "MEMBER_REMOVED"),
        EventKind::MemberLeft => (MEMBERS, "MEMBER_LEFT"),
        EventKind::MemberRoleChanged => (MEMBERS, "MEMBER_ROLE_CHANGED"),
    })
}

/// An event's place in the log, and who did it.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The channel's tenant.
    pub tenant: TenantId,
    /// The channel.
    pub channel: ChannelId,
    /// Its place.
    pub seq: Seq,
    /// Who did it; 0 is Discuss itself.
    pub actor: UserId,
    /// When.
    pub at: DateTime<Utc>,
}

/// What an event is about.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Fields<'a> {
    /// A message.
    Message(MessageFields<'a>),
    /// A reaction.
    Reaction(ReactionFields<'a>),
    /// The channel itself.
    Channel(ChannelFields<'a>),
    /// Members.
    Members(MemberFields),
}

/// A message.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageFields<'a> {
    /// Its id.
    pub message_id: i64,
    /// Who sent it; 0 is Discuss itself.
    pub sender_id: i64,
    /// The text; a deleted message has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<&'a str>,
    /// TEXT, IMAGE, FILE, CODE or SYSTEM.
    pub message_type: &'static str,
    /// The message to which it is a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<i64>,
    /// Which members it names.
    pub mentions: Vec<i64>,
    /// It was deleted: a tombstone.
    pub is_deleted: bool,
}

/// A reaction that was added or taken back.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReactionFields<'a> {
    /// The message.
    pub message_id: i64,
    /// Whose it is.
    pub user_id: i64,
    /// The emoji.
    pub emoji: &'a str,
}

/// A channel.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelFields<'a> {
    /// Its name; a DIRECT channel has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// DIRECT, GROUP or TOPIC.
    pub channel_type: &'static str,
    /// Who made it.
    pub created_by: i64,
    /// It takes no more messages.
    pub is_archived: bool,
    /// Who is in it from its beginning; only of a new channel.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub member_ids: Vec<i64>,
}

/// Who came, went or changed by one event. It stays one record however many they are: its seq, by which
/// readers know what they have had already, is one.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberFields {
    /// The first, for who reads but one.
    #[serde(flatten)]
    first: Option<MemberField>,
    /// All of them.
    members: Vec<MemberField>,
}

/// A member.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberField {
    /// Who.
    pub user_id: i64,
    /// OWNER, ADMIN, MEMBER or GUEST.
    pub role: &'static str,
    /// ACTIVE, MUTED, LEFT or REMOVED.
    pub status: &'static str,
}

impl MemberFields {
    /// Of these members.
    #[must_use]
    pub fn of(members: Vec<MemberField>) -> Self {
        Self {
            first: members.first().copied(),
            members,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Value<'a> {
    event_id: String,
    event_type: &'static str,
    tenant_id: i64,
    channel_id: i64,
    seq: i64,
    actor_id: i64,
    timestamp: i64,
    #[serde(flatten)]
    fields: &'a Fields<'a>,
}

/// The value of a record of this `eventType`: JSON.
pub fn encode(
    event_type: &'static str,
    origin: &Origin,
    fields: &Fields<'_>,
) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Value {
        event_id: format!("{}-{}", origin.channel, origin.seq),
        event_type,
        tenant_id: origin.tenant.get(),
        channel_id: origin.channel.get(),
        seq: origin.seq.get(),
        actor_id: origin.actor.get(),
        timestamp: origin.at.timestamp_millis(),
        fields,
    })
}

#[cfg(test)]
mod tests;
