//! Who may do what: one table, role by action.

use crate::channels::{Channel, ChannelKind};
use crate::members::{MemberStatus, Membership, Role};

/// Something that not every member of a channel may do; to read and to mark as read is every member's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send a message.
    Send,
    /// Add people to a public channel.
    AddToPublic,
    /// Add people to a private channel.
    AddToPrivate,
    /// Add somebody as an admin, to whatever channel: roles are the owner's.
    AddAdmin,
    /// Remove a member or guest.
    RemoveMember,
    /// Remove an admin.
    RemoveAdmin,
}

/// The role is too low, or the member is silenced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {role} may not do this here", role = role.as_str())]
pub struct Denied {
    /// The role of who asked.
    pub role: Role,
}

impl Membership {
    /// Is this somebody who is in the channel now?
    #[must_use]
    pub const fn is_current(self) -> bool {
        self.status.is_current()
    }

    /// Refuses what this member may not do. Asks only of current members.
    pub fn require(self, action: Action) -> Result<(), Denied> {
        let silenced = self.status == MemberStatus::Muted && action == Action::Send;
        if silenced || self.role < lowest_role(action) {
            return Err(Denied { role: self.role });
        }
        Ok(())
    }
}

/// The lowest role that may do it.
#[must_use]
pub const fn lowest_role(action: Action) -> Role {
    match action {
        Action::Send => Role::Member,
        Action::AddToPublic | Action::RemoveMember => Role::Admin,
        Action::AddToPrivate | Action::AddAdmin | Action::RemoveAdmin => Role::Owner,
    }
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
mod tests {
    use super::*;

    fn active(role: Role) -> Membership {
        Membership {
            role,
            status: MemberStatus::Active,
        }
    }

    #[test]
    fn the_table_is_the_contracts() {
        let table = [
            (Action::Send, [false, true, true, true]),
            (Action::AddToPublic, [false, false, true, true]),
            (Action::AddToPrivate, [false, false, false, true]),
            (Action::AddAdmin, [false, false, false, true]),
            (Action::RemoveMember, [false, false, true, true]),
            (Action::RemoveAdmin, [false, false, false, true]),
        ];
        for (action, allowed) in table {
            for (role, allowed) in Role::ALL.into_iter().zip(allowed) {
                assert_eq!(
                    active(role).require(action).is_ok(),
                    allowed,
                    "{role:?} {action:?}"
                );
            }
        }
    }

    #[test]
    fn a_silenced_member_does_not_send_and_is_still_in_the_channel() {
        let silenced = Membership {
            role: Role::Admin,
            status: MemberStatus::Muted,
        };
        assert!(silenced.is_current());
        assert!(silenced.require(Action::Send).is_err());
    }

    #[test]
    fn only_a_public_group_tells_strangers_that_it_exists() {
        let gone = Some(Membership {
            role: Role::Owner,
            status: MemberStatus::Removed,
        });
        for membership in [None, gone] {
            let public = require_current(ChannelKind::Group, false, membership);
            assert_eq!(public, Err(NotInChannel::NotMember));
            for kind in ChannelKind::ALL {
                assert_eq!(
                    require_current(kind, true, membership),
                    Err(NotInChannel::Unknown)
                );
            }
            assert_eq!(
                require_current(ChannelKind::Topic, false, membership),
                Err(NotInChannel::Unknown)
            );
        }
    }
}
