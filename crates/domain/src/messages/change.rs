//! The decision what becomes of a message that is there: edited, deleted, reacted to.

use chrono::{DateTime, TimeDelta, Utc};

use super::mentions::Mentions;
use super::{ChannelState, Content, Message, MessageKind};
use crate::ids::{TenantId, UserId};
use crate::members::Membership;
use crate::permissions::{Action, Denied, NotInChannel, require_current};
use crate::reactions::{Emoji, Reactions, TooManyReactions};

/// What is to become of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It says something else.
    Edit {
        /// What.
        content: Content,
        /// Whom it mentions by that.
        mentions: Mentions,
        /// How long after it was sent a message may be edited.
        window: TimeDelta,
    },
    /// It becomes a tombstone.
    Delete,
    /// It becomes a tombstone because its sender wants all gone that they wrote: wherever it is, and whatever
    /// they may do there.
    Erase,
    /// Somebody reacts to it.
    React(Emoji),
    /// Somebody takes a reaction back.
    Unreact(Emoji),
}

/// Who asks for a change of what, looked up under the channel's lock.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Their tenant.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// The channel.
    pub channel: Option<&'a ChannelState>,
    /// Their membership of it.
    pub membership: Option<Membership>,
    /// The message, if it is one of this channel's.
    pub message: Option<&'a Message>,
}

/// Why a message was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// There is no such message that they may know of.
    #[error("there is no such message")]
    NotFound,
    /// They may see the channel, but are not in it.
    #[error("you are not a member of this channel")]
    NotMember,
    /// Their role is too low, or they are silenced.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Somebody else sent it.
    #[error("only who sent a message may edit it")]
    NotSender,
    /// Discuss itself sent it.
    #[error("a message of the system is not edited")]
    System,
    /// It was deleted.
    #[error("the message was deleted")]
    Deleted,
    /// It was sent too long ago.
    #[error("the message was sent too long ago to be edited")]
    WindowExpired,
    /// The channel takes no changes.
    #[error("the channel is archived")]
    Archived,
    /// It has all the reactions that it may.
    #[error(transparent)]
    TooManyReactions(#[from] TooManyReactions),
}

/// Who may not know of a channel is told that there is no such message.
impl From<NotInChannel> for ChangeError {
    fn from(error: NotInChannel) -> Self {
        match error {
            NotInChannel::Unknown => Self::NotFound,
            NotInChannel::NotMember => Self::NotMember,
        }
    }
}

/// The message as it is after the change; `None` when it is like that already.
pub fn decide(
    change: &Change,
    asked: &Asked<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Message>, ChangeError> {
    let channel = asked.channel.filter(|state| state.tenant == asked.tenant);
    let channel = channel.ok_or(ChangeError::NotFound)?;
    if *change == Change::Erase {
        let own = asked
            .message
            .filter(|message| message.sender.id == asked.user);
        let own = own.ok_or(ChangeError::NotFound)?;
        let is_there = own.deleted.is_none();
        return Ok(is_there.then(|| tombstone(own, asked.user, now)));
    }
    let membership = require_current(channel.kind, channel.is_private, asked.membership)?;
    let asker = Asker {
        user: asked.user,
        membership,
        is_archived: channel.is_archived,
    };
    let message = asked.message.ok_or(ChangeError::NotFound)?;
    match change {
        Change::Edit {
            content,
            mentions,
            window,
        } => {
            asker.require_may_edit(message)?;
            edited(message, (content, mentions), (*window, now))
        }
        Change::Delete | Change::Erase => asker.deleted(message, now),
        Change::React(emoji) => {
            asker.require_may_react(message)?;
            let mut reactions = message.reactions.clone();
            let is_new = reactions.add(emoji, asker.user)?;
            Ok(is_new.then(|| with_reactions(message, reactions)))
        }
        Change::Unreact(emoji) => {
            asker.require_may_react(message)?;
            let mut reactions = message.reactions.clone();
            let was_there = reactions.remove(emoji, asker.user);
            Ok(was_there.then(|| with_reactions(message, reactions)))
        }
    }
}

/// A member who asks for a change.
struct Asker {
    user: UserId,
    membership: Membership,
    is_archived: bool,
}

impl Asker {
    fn require_may_edit(&self, message: &Message) -> Result<(), ChangeError> {
        if message.kind == MessageKind::System {
            return Err(ChangeError::System);
        }
        if message.sender.id != self.user {
            return Err(ChangeError::NotSender);
        }
        self.membership.require(Action::EditOwn)?;
        self.require_open()?;
        require_there(message)
    }

    fn require_may_react(&self, message: &Message) -> Result<(), ChangeError> {
        self.membership.require(Action::React)?;
        self.require_open()?;
        require_there(message)
    }

    /// A tombstone stays as it is, also in an archived channel.
    fn deleted(
        &self,
        message: &Message,
        now: DateTime<Utc>,
    ) -> Result<Option<Message>, ChangeError> {
        let is_own = message.sender.id == self.user;
        let action = if is_own {
            Action::DeleteOwn
        } else {
            Action::DeleteAny
        };
        self.membership.require(action)?;
        if message.deleted.is_some() {
            return Ok(None);
        }
        self.require_open()?;
        Ok(Some(tombstone(message, self.user, now)))
    }

    const fn require_open(&self) -> Result<(), ChangeError> {
        if self.is_archived {
            return Err(ChangeError::Archived);
        }
        Ok(())
    }
}

/// What stays of a message: that it was there.
fn tombstone(message: &Message, by: UserId, now: DateTime<Utc>) -> Message {
    Message {
        content: None,
        mentions: Vec::new(),
        mentions_everyone: None,
        metadata: None,
        reactions: Reactions::default(),
        deleted: Some((now, by)),
        ..message.clone()
    }
}

const fn require_there(message: &Message) -> Result<(), ChangeError> {
    if message.deleted.is_some() {
        return Err(ChangeError::Deleted);
    }
    Ok(())
}

fn edited(
    message: &Message,
    (content, mentions): (&Content, &Mentions),
    (window, now): (TimeDelta, DateTime<Utc>),
) -> Result<Option<Message>, ChangeError> {
    if message.content.as_deref() == Some(content.as_str()) {
        return Ok(None);
    }
    if now.signed_duration_since(message.created_at) > window {
        return Err(ChangeError::WindowExpired);
    }
    Ok(Some(Message {
        content: Some(content.as_str().to_owned()),
        mentions: mentions.people.clone(),
        mentions_everyone: mentions.everyone,
        edited_at: Some(now),
        ..message.clone()
    }))
}

fn with_reactions(message: &Message, reactions: Reactions) -> Message {
    Message {
        reactions,
        ..message.clone()
    }
}

#[cfg(test)]
pub(crate) mod tests;
