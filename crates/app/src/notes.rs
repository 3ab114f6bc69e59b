//! Adding to a channel's log what changed there, in the transaction that changes it.

use discuss_domain::channels::Channel;
use discuss_domain::members::Membership;
use discuss_domain::{EventKind, UserId};
use discuss_storage::event_log::{LoggedEvent, NewEvent};
use discuss_storage::messages::system::{SystemMessage, insert_system};
use discuss_storage::{Connection, StorageError, event_log};

use crate::Context;
use crate::channels::now;

/// The channel as it is after a change, which took its newest seq.
pub(crate) struct Note<'a> {
    pub(crate) channel: &'a Channel,
    pub(crate) kind: EventKind,
    pub(crate) users: Vec<UserId>,
    pub(crate) membership: Option<Membership>,
}

impl<'a> Note<'a> {
    /// A change of the channel itself.
    pub(crate) const fn of(channel: &'a Channel, kind: EventKind) -> Self {
        Self::about(channel, kind, Vec::new())
    }

    /// A change of who is in the channel, or of what they may do there.
    pub(crate) const fn about(channel: &'a Channel, kind: EventKind, users: Vec<UserId>) -> Self {
        Self {
            channel,
            kind,
            users,
            membership: None,
        }
    }

    /// Appends it to the log.
    pub(crate) async fn append(
        self,
        connection: &mut Connection,
        context: &Context,
    ) -> Result<LoggedEvent, StorageError> {
        let event = NewEvent {
            tenant: self.channel.tenant_id,
            channel: self.channel.id,
            seq: self.channel.counters.last_seq,
            kind: self.kind,
            actor: context.user(),
            users: &self.users,
            membership: self.membership,
            at: self.channel.updated_at,
            correlation_id: context.correlation_id.as_deref(),
            traceparent: context.traceparent.as_deref(),
        };
        event_log::append(connection, &event).await?;
        Ok(LoggedEvent {
            tenant: event.tenant,
            channel: event.channel,
            seq: event.seq,
            kind: event.kind,
            actor: event.actor,
            at: event.at,
            membership: event.membership,
            users: self.users,
            message: None,
            emoji: None,
            made: self.kind.is_of_channel().then(|| self.channel.clone()),
        })
    }
}

/// Says something in the channel, as Discuss itself.
pub(crate) async fn say(
    connection: &mut Connection,
    context: &Context,
    channel: &Channel,
    content: &str,
) -> Result<LoggedEvent, StorageError> {
    let message = SystemMessage {
        tenant: channel.tenant_id,
        channel: channel.id,
        content,
        at: now(),
        correlation_id: context.correlation_id.as_deref(),
        traceparent: context.traceparent.as_deref(),
    };
    let message = insert_system(connection, &message).await?;
    Ok(LoggedEvent::message_created(message))
}
