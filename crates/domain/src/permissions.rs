//! Who may do what: one table, role by action, and beside it what holds of direct and of archived channels.
//! In the channel of a business record the same table holds for its members.

use crate::channels::{Channel, ChannelKind};
use crate::members::{MemberStatus, Membership, Role};

/// Something to be done in a channel by who is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Read, mark as read.
    Read,
    /// React to a message, follow its thread, show that one types.
    React,
    /// Go.
    Leave,
    /// Send a message or a reply, with or without files.
    Send,
    /// Edit an own message.
    EditOwn,
    /// Delete an own message.
    DeleteOwn,
    /// Change name, description and metadata.
    ChangeDetails,
    /// Add people to a public channel.
    AddToPublic,
    /// Remove a member or guest.
    RemoveMember,
    /// Silence a member or guest, or let them speak again.
    Silence,
    /// Delete whosever message.
    DeleteAny,
    /// See what somebody else's message said before it was edited.
    SeeVersions,
    /// Add people to a private channel.
    AddToPrivate,
    /// Give roles, one's own included, also by adding somebody as an admin.
    ChangeRoles,
    /// Remove an admin.
    RemoveAdmin,
    /// Archive the channel, or take it out of the archive.
    Archive,
    /// Make the channel public or private.
    ChangeVisibility,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 17] = [
        Self::Read,
        Self::React,
        Self::Leave,
        Self::Send,
        Self::EditOwn,
        Self::DeleteOwn,
        Self::ChangeDetails,
        Self::AddToPublic,
        Self::RemoveMember,
        Self::Silence,
        Self::DeleteAny,
        Self::SeeVersions,
        Self::AddToPrivate,
        Self::ChangeRoles,
        Self::RemoveAdmin,
        Self::Archive,
        Self::ChangeVisibility,
    ];

    /// The lowest and the highest role that may do it: the table.
    const fn roles(self) -> (Role, Role) {
        match self {
            Self::Read | Self::React => (Role::Guest, Role::Owner),
            Self::Leave => (Role::Guest, Role::Admin),
            Self::Send | Self::EditOwn | Self::DeleteOwn => (Role::Member, Role::Owner),
            Self::ChangeDetails
            | Self::AddToPublic
            | Self::RemoveMember
            | Self::Silence
            | Self::DeleteAny
            | Self::SeeVersions => (Role::Admin, Role::Owner),
            Self::AddToPrivate
            | Self::ChangeRoles
            | Self::RemoveAdmin
            | Self::Archive
            | Self::ChangeVisibility => (Role::Owner, Role::Owner),
        }
    }

    /// The two of a direct channel talk; nothing else about it ever changes.
    const fn is_done_in_direct(self) -> bool {
        matches!(
            self,
            Self::Read | Self::React | Self::Send | Self::EditOwn | Self::DeleteOwn
        )
    }

    /// An archived channel is read, and may be taken out of the archive.
    const fn is_done_in_archived(self) -> bool {
        matches!(self, Self::Read | Self::SeeVersions | Self::Archive)
    }

    /// Whoever is silenced says nothing, in new words or by changing old ones.
    const fn is_speech(self) -> bool {
        matches!(self, Self::Send | Self::EditOwn)
    }
}

/// Why a member may not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// It is not for this role.
    #[error("a {role} may not do this here", role = .0.as_str())]
    Role(Role),
    /// They may read, but say nothing.
    #[error("you were silenced in this channel")]
    Silenced,
}

/// Why something is not done in a channel by who is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A direct channel has nothing of the kind.
    #[error("a direct channel is of its two people and stays as it is")]
    InDirect,
    /// The role is too low, or the member is silenced.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The channel is only read.
    #[error("the channel is archived")]
    Archived,
}

impl Membership {
    /// Is this somebody who is in the channel now?
    #[must_use]
    pub const fn is_current(self) -> bool {
        self.status.is_current()
    }

    /// Refuses what this member may not do. Asks only of current members.
    pub fn require(self, action: Action) -> Result<(), Denied> {
        let (lowest, highest) = action.roles();
        if self.role < lowest || self.role > highest {
            return Err(Denied::Role(self.role));
        }
        if self.status == MemberStatus::Muted && action.is_speech() {
            return Err(Denied::Silenced);
        }
        Ok(())
    }
}

/// Refuses what this current member may not do in this channel.
pub fn require_may(
    channel: &Channel,
    membership: Membership,
    action: Action,
) -> Result<(), Refused> {
    require_right(channel, membership, action)?;
    if channel.archived_at.is_some() && !action.is_done_in_archived() {
        return Err(Refused::Archived);
    }
    Ok(())
}

/// As [`require_may`], for who has more rights to ask about before it counts that the channel is archived.
pub fn require_right(
    channel: &Channel,
    membership: Membership,
    action: Action,
) -> Result<(), Refused> {
    if channel.kind == ChannelKind::Direct && !action.is_done_in_direct() {
        return Err(Refused::InDirect);
    }
    Ok(membership.require(action)?)
}

/// Why somebody does not come into a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotInChannel {
    /// They may not know that it exists.
    #[error("there is no such channel")]
    Unknown,
    /// They may see it, but are not in it.
    #[error("you are not a member of this channel")]
    NotMember,
}

/// The membership of somebody who is in the channel now.
///
/// Whoever is not in a public channel may still know of it; of the others not even that.
pub fn require_member(
    channel: &Channel,
    membership: Option<Membership>,
) -> Result<Membership, NotInChannel> {
    require_current(channel.kind, channel.is_private, membership)
}

/// As [`require_member`], for who has only the channel's kind and visibility at hand.
pub fn require_current(
    kind: ChannelKind,
    is_private: bool,
    membership: Option<Membership>,
) -> Result<Membership, NotInChannel> {
    match membership {
        Some(membership) if membership.is_current() => Ok(membership),
        _ if kind == ChannelKind::Group && !is_private => Err(NotInChannel::NotMember),
        _ => Err(NotInChannel::Unknown),
    }
}

#[cfg(test)]
mod tests;
