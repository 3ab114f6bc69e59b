//! What a lane is asked to do.

use discuss_domain::messages::change::Change;
use discuss_domain::messages::mentions::Everyone;
use discuss_domain::messages::{Draft, Fingerprint};
use discuss_domain::users::User;
use discuss_domain::{ChannelId, MessageId, TenantId, UserId};

/// What a lane is asked to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Store a message.
    Send(Send),
    /// Change one that is there.
    Change(MessageChange),
}

/// Something to be sent.
#[derive(Debug)]
pub(crate) struct Send {
    /// The sender's tenant.
    pub(crate) tenant: TenantId,
    /// The channel.
    pub(crate) channel: ChannelId,
    /// Who sends it.
    pub(crate) sender: User,
    /// What they say; the people whom its text names are among its mentions.
    pub(crate) draft: Draft,
    /// It is to everybody in the channel.
    pub(crate) everyone: Option<Everyone>,
    /// The send, shortened.
    pub(crate) fingerprint: Fingerprint,
    /// The request's correlation id.
    pub(crate) correlation_id: Option<String>,
    /// The request's trace.
    pub(crate) traceparent: Option<String>,
}

/// A message to be changed.
#[derive(Debug)]
pub(crate) struct MessageChange {
    /// The tenant of who changes it.
    pub(crate) tenant: TenantId,
    /// The channel in which it is to be.
    pub(crate) channel: ChannelId,
    /// Who changes it.
    pub(crate) user: UserId,
    /// The message.
    pub(crate) message: MessageId,
    /// What is to become of it.
    pub(crate) change: Change,
    /// The request's correlation id.
    pub(crate) correlation_id: Option<String>,
    /// The request's trace.
    pub(crate) traceparent: Option<String>,
}

/// A command, borrowed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Borrowed<'a> {
    Send(&'a Send),
    Change(&'a MessageChange),
}

impl Command {
    /// The channel that it is about.
    pub(super) const fn channel(&self) -> ChannelId {
        match self {
            Self::Send(send) => send.channel,
            Self::Change(change) => change.channel,
        }
    }

    pub(super) const fn borrowed(&self) -> Borrowed<'_> {
        match self {
            Self::Send(send) => Borrowed::Send(send),
            Self::Change(change) => Borrowed::Change(change),
        }
    }
}
