//! How members come to stand as they do: by joining, and by what owners and admins say.

use super::{MemberStatus, Membership, Role};
use crate::channels::{Channel, ChannelKind};
use crate::ids::UserId;
use crate::permissions::{Action, Denied, NotInChannel};

/// Somebody who is in a channel or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Former {
    /// How they stand or stood.
    pub membership: Membership,
    /// They were silenced when they left.
    pub left_silenced: bool,
}

/// Why somebody does not join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// It is no public group.
    #[error(transparent)]
    NotInChannel(#[from] NotInChannel),
    /// They were removed.
    #[error("who was removed comes back only by being added")]
    Removed,
    /// The channel is archived.
    #[error("the channel is archived")]
    Archived,
}

/// As what somebody joins a channel by themselves; `None` when they are in it already.
///
/// Nobody gains by leaving and coming back: guests come back as guests, the silenced silenced, and who
/// was removed not at all.
pub fn decide_join(
    channel: &Channel,
    former: Option<Former>,
) -> Result<Option<Membership>, JoinError> {
    if former.is_some_and(|former| former.membership.is_current()) {
        return Ok(None);
    }
    if channel.kind != ChannelKind::Group || channel.is_private {
        return Err(NotInChannel::Unknown.into());
    }
    if former.is_some_and(|former| former.membership.status == MemberStatus::Removed) {
        return Err(JoinError::Removed);
    }
    if channel.archived_at.is_some() {
        return Err(JoinError::Archived);
    }
    Ok(Some(returning(former)))
}

/// As what somebody comes in who was or was not there before. Nobody gains by leaving and coming back.
#[must_use]
pub fn returning(former: Option<Former>) -> Membership {
    let role = former.map_or(Role::Member, |former| former.membership.role);
    let status = match former {
        Some(former) if former.left_silenced => MemberStatus::Muted,
        _ => MemberStatus::Active,
    };
    Membership {
        role: role.min(Role::Member),
        status,
    }
}

/// A current member, and how they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub user: UserId,
    /// How.
    pub membership: Membership,
}

/// What is to change of how somebody stands; the rest stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StandingChange {
    /// Another role.
    pub role: Option<Role>,
    /// `Active`, or `Muted`: silenced.
    pub status: Option<MemberStatus>,
}

/// Why nobody stands otherwise than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StandingError {
    /// The role of who asked is too low.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The owner is silenced by nobody, and gives up the channel only by naming another owner.
    #[error("an owner is not silenced, and stays the owner until they name another")]
    OwnerStays,
}

/// Who stands otherwise once `own` has changed how `other` stands, in the order of their ids.
///
/// Naming another owner hands the channel over: who did becomes an admin.
pub fn decide_standings(
    own: Standing,
    other: Standing,
    change: StandingChange,
) -> Result<Vec<Standing>, StandingError> {
    own.membership.require(Action::Silence)?;
    let before = other.membership;
    let mut after = Membership {
        role: change.role.unwrap_or(before.role),
        status: change.status.unwrap_or(before.status),
    };
    if after.role != before.role || (after.status != before.status && before.role == Role::Admin) {
        own.membership.require(Action::ChangeRoles)?;
    }
    let is_handed_over = after.role == Role::Owner && before.role != Role::Owner;
    if is_handed_over && change.status.is_none() {
        after.status = MemberStatus::Active;
    }
    if after != before && before.role == Role::Owner
        || after.role == Role::Owner && after.status == MemberStatus::Muted
    {
        return Err(StandingError::OwnerStays);
    }
    let mut changed = Vec::new();
    if after != before {
        let membership = after;
        changed.push(Standing {
            membership,
            ..other
        });
    }
    if is_handed_over {
        let membership = Membership {
            role: Role::Admin,
            ..own.membership
        };
        changed.push(Standing { membership, ..own });
    }
    changed.sort_unstable_by_key(|standing| standing.user);
    Ok(changed)
}

#[cfg(test)]
mod tests;
