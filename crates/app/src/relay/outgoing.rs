//! An event of the log as a record.

use chrono::{DateTime, Utc};
use discuss_domain::{ChannelId, EventKind, MessageId};
use discuss_storage::relay::{RelayedEvent, RelayedMember, RelayedMessage};
use discuss_wire::records::{
    ChannelFields, Fields, MemberField, MemberFields, MessageFields, Origin, ReactionFields,
    encode, route,
};

/// A record to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The topic.
    pub topic: &'static str,
    /// The channel, which is the key.
    pub channel: ChannelId,
    /// The value: JSON.
    pub value: Vec<u8>,
    /// When the event came to be.
    pub at: DateTime<Utc>,
    /// The correlation id of the request that the event follows from.
    pub correlation_id: Option<String>,
    /// That request's trace.
    pub traceparent: Option<String>,
}

/// The event's record; `None` if it has none, and with a line in the log when what it is about is gone.
pub(super) fn of(event: &RelayedEvent) -> Option<Outgoing> {
    let kind = event.kind?;
    let (topic, event_type) = route(kind)?;
    let fields = fields(event, kind);
    let value = fields.and_then(|fields| encode(event_type, &origin(event), &fields).ok());
    if value.is_none() {
        tracing::error!(channel = %event.channel, seq = %event.seq, "an event has lost its subject");
    }
    Some(Outgoing {
        topic,
        channel: event.channel,
        value: value?,
        at: event.at,
        correlation_id: event.correlation_id.clone(),
        traceparent: event.traceparent.clone(),
    })
}

const fn origin(event: &RelayedEvent) -> Origin {
    Origin {
        tenant: event.tenant,
        channel: event.channel,
        seq: event.seq,
        actor: event.actor,
        at: event.at,
    }
}

fn fields(event: &RelayedEvent, kind: EventKind) -> Option<Fields<'_>> {
    match kind {
        EventKind::MessageCreated | EventKind::MessageEdited | EventKind::MessageDeleted => {
            event.message.as_ref().map(message).map(Fields::Message)
        }
        EventKind::ReactionAdded | EventKind::ReactionRemoved => {
            reaction(event).map(Fields::Reaction)
        }
        EventKind::ThreadUpdated => None,
        EventKind::ChannelCreated | EventKind::ChannelUpdated | EventKind::ChannelArchived => {
            channel(event).map(Fields::Channel)
        }
        EventKind::MemberAdded
        | EventKind::MemberRemoved
        | EventKind::MemberLeft
        | EventKind::MemberRoleChanged => {
            let members = event.members.iter().map(member).collect();
            Some(Fields::Members(MemberFields::of(members)))
        }
    }
}

fn message(message: &RelayedMessage) -> MessageFields<'_> {
    MessageFields {
        message_id: message.id.get(),
        sender_id: message.sender.get(),
        content: message.content.as_deref(),
        message_type: message.kind.as_str(),
        parent_id: message.parent.map(MessageId::get),
        mentions: message.mentions.iter().map(|user| user.get()).collect(),
        is_deleted: message.is_deleted,
    }
}

fn reaction(event: &RelayedEvent) -> Option<ReactionFields<'_>> {
    Some(ReactionFields {
        message_id: event.message.as_ref()?.id.get(),
        user_id: event.actor.get(),
        emoji: event.emoji.as_deref()?,
    })
}

/// The channel; `users` are who is in it from its beginning.
fn channel(event: &RelayedEvent) -> Option<ChannelFields<'_>> {
    let channel = event.subject.as_ref()?;
    Some(ChannelFields {
        name: channel.name.as_deref(),
        channel_type: channel.kind.as_str(),
        created_by: channel.created_by.get(),
        is_archived: channel.is_archived,
        member_ids: event.users.iter().map(|user| user.get()).collect(),
    })
}

const fn member(member: &RelayedMember) -> MemberField {
    MemberField {
        user_id: member.user.get(),
        role: member.role.as_str(),
        status: member.status.as_str(),
    }
}
