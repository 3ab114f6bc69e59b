//! The decision whether a message is accepted.

use super::Fingerprint;
use crate::channels::{ChannelKind, Counters};
use crate::ids::{MessageId, TenantId};
use crate::members::Membership;
use crate::permissions::{Action, Denied, NotInChannel, require_current};
use crate::threads::ReplyError;

/// What the decision on a send asks of its channel, read under the channel's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelState {
    /// Its tenant.
    pub tenant: TenantId,
    /// Direct, group or topic.
    pub kind: ChannelKind,
    /// Only its members know of it.
    pub is_private: bool,
    /// Takes no more messages.
    pub is_archived: bool,
    /// What it has given out.
    pub counters: Counters,
}

/// A message already stored under the same sender and client id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownSend {
    /// The stored message.
    pub id: MessageId,
    /// What the first send was.
    pub fingerprint: Fingerprint,
}

/// What becomes of a send that is not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is new: store it.
    Store,
    /// It was stored before, as this message.
    Repeat(MessageId),
}

/// Why a message was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The sender is not in the channel.
    #[error(transparent)]
    NotInChannel(#[from] NotInChannel),
    /// The sender's role is too low, or they are silenced.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The channel takes no more messages.
    #[error("the channel is archived")]
    Archived,
    /// The client id was used for another send.
    #[error("this client message id was used for another message")]
    Conflict,
    /// It is a reply to what can't be replied to.
    #[error(transparent)]
    Reply(#[from] ReplyError),
}

/// Decides on a send: what was sent before is answered again whatever has changed since, but only to
/// who is still a member.
pub fn decide(
    tenant: TenantId,
    fingerprint: Fingerprint,
    channel: Option<&ChannelState>,
    membership: Option<Membership>,
    known: Option<KnownSend>,
) -> Result<Verdict, SendError> {
    let channel = channel
        .filter(|state| state.tenant == tenant)
        .ok_or(NotInChannel::Unknown)?;
    let membership = require_current(channel.kind, channel.is_private, membership)?;
    if let Some(known) = known {
        return if known.fingerprint == fingerprint {
            Ok(Verdict::Repeat(known.id))
        } else {
            Err(SendError::Conflict)
        };
    }
    membership.require(Action::Send)?;
    if channel.is_archived {
        return Err(SendError::Archived);
    }
    Ok(Verdict::Store)
}

#[cfg(test)]
mod tests;
