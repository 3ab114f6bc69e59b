//! Members: who is in a channel, as what, and how far they have read.

use chrono::{DateTime, Utc};

use crate::ids::{ChannelId, MessageId, Seq, TenantId, UserId};

mod standings;

pub use standings::{
    Former, JoinError, Standing, StandingChange, StandingError, decide_join, decide_standings,
    returning,
};

/// What a member may do grows from guest to owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads and reacts.
    Guest,
    /// Writes.
    Member,
    /// Looks after the channel.
    Admin,
    /// Answers for the channel.
    Owner,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 4] = [Self::Guest, Self::Member, Self::Admin, Self::Owner];

    /// The name on the wire and in the tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "GUEST",
            Self::Member => "MEMBER",
            Self::Admin => "ADMIN",
            Self::Owner => "OWNER",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// Where a membership stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberStatus {
    /// Takes part.
    Active,
    /// Silenced: reads, but can't send.
    Muted,
    /// Went by themselves.
    Left,
    /// Was removed.
    Removed,
}

impl MemberStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Active, Self::Muted, Self::Left, Self::Removed];

    /// The name on the wire and in the tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Muted => "MUTED",
            Self::Left => "LEFT",
            Self::Removed => "REMOVED",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Is this somebody who is in the channel now?
    #[must_use]
    pub const fn is_current(self) -> bool {
        matches!(self, Self::Active | Self::Muted)
    }
}

/// What permissions ask of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// What they may do.
    pub role: Role,
    /// Whether they still take part.
    pub status: MemberStatus,
}

/// How far somebody has read a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadMark {
    /// The newest message read.
    pub message_id: Option<MessageId>,
    /// Its seq.
    pub seq: Seq,
    /// Its `unread_no`: how many countable messages there were with it.
    pub count: i64,
}

impl ReadMark {
    /// How many messages are unread when the channel has counted `unread_count_base` of them.
    #[must_use]
    pub fn unread(self, unread_count_base: i64) -> i64 {
        unread_count_base.saturating_sub(self.count).max(0)
    }
}

/// A member of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The channel.
    pub channel_id: ChannelId,
    /// The person.
    pub user_id: UserId,
    /// Their tenant.
    pub tenant_id: TenantId,
    /// Role and status.
    pub membership: Membership,
    /// When they joined (the last time).
    pub joined_at: DateTime<Utc>,
    /// When they left or were removed.
    pub left_at: Option<DateTime<Utc>>,
    /// Who removed them.
    pub removed_by: Option<UserId>,
    /// How far they have read.
    pub read: ReadMark,
    /// Their own wish not to be notified.
    pub is_muted: bool,
    /// Pinned on top of their list.
    pub is_pinned: bool,
    /// What they are notified of.
    pub notification_level: NotificationLevel,
}

/// What members want for themselves in a channel; what is not named stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnSettings {
    /// Not to be notified.
    pub is_muted: Option<bool>,
    /// The channel on top of their list.
    pub is_pinned: Option<bool>,
    /// What to be notified of.
    pub notification_level: Option<NotificationLevel>,
}

/// What a member is notified of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationLevel {
    /// Every message.
    All,
    /// Mentions only.
    Mentions,
    /// Nothing.
    None,
}

impl NotificationLevel {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::All, Self::Mentions, Self::None];

    /// The name on the wire and in the tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Mentions => "MENTIONS",
            Self::None => "NONE",
        }
    }

    /// The level of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unread_never_falls_below_nothing() {
        let mark = ReadMark {
            message_id: None,
            seq: Seq::ZERO,
            count: 5,
        };
        assert_eq!(mark.unread(8), 3);
        assert_eq!(mark.unread(4), 0);
    }

    #[test]
    fn a_silenced_member_is_still_in_the_channel() {
        assert!(MemberStatus::Muted.is_current());
        assert!(!MemberStatus::Removed.is_current());
    }
}
