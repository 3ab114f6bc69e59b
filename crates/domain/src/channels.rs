//! Channels: direct, group, and one per business record.

use chrono::{DateTime, Utc};

use crate::ids::{ChannelId, MessageId, Seq, TenantId, UserId};
use crate::members::Member;
use crate::text::{TextError, require_bounded, require_present};
use crate::users::User;

mod changes;
mod lists;

pub use changes::{ChangeError, ChannelChanges, require_may_change};
pub use lists::{Direction, ListFilter, SearchText, SortKey};

/// The three kinds of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelKind {
    /// Two people.
    Direct,
    /// A team.
    Group,
    /// A business record.
    Topic,
}

impl ChannelKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Direct, Self::Group, Self::Topic];

    /// The name on the wire and in the tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "DIRECT",
            Self::Group => "GROUP",
            Self::Topic => "TOPIC",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A channel's name: 1 to 100 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelName(String);

impl ChannelName {
    /// Longest name, in characters.
    pub const MAX_CHARS: usize = 100;

    /// Checks `text`, without the white space around it.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        require_present(text, Self::MAX_CHARS)?;
        Ok(Self(text.trim().to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a channel is about: at most 1,000 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    /// Longest description, in characters.
    pub const MAX_CHARS: usize = 1_000;

    /// Checks `text`.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        require_bounded(text, Self::MAX_CHARS)?;
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Somebody talks to themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be another person")]
pub struct NotTwoPeople;

/// The two people of a direct channel, whoever of them asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirectPair {
    low: UserId,
    high: UserId,
}

impl DirectPair {
    /// The pair of two different people.
    pub fn new(one: UserId, other: UserId) -> Result<Self, NotTwoPeople> {
        if one == other {
            return Err(NotTwoPeople);
        }
        Ok(Self {
            low: one.min(other),
            high: one.max(other),
        })
    }

    /// The one with the lower id.
    #[must_use]
    pub const fn low(self) -> UserId {
        self.low
    }

    /// The one with the higher id.
    #[must_use]
    pub const fn high(self) -> UserId {
        self.high
    }

    /// The other one, seen from `user`.
    #[must_use]
    pub fn other_than(self, user: UserId) -> UserId {
        if user == self.low {
            self.high
        } else {
            self.low
        }
    }
}

/// A group to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewGroup {
    /// Its name.
    pub name: ChannelName,
    /// What it is about.
    pub description: Option<Description>,
    /// Only its members know of it.
    pub is_private: bool,
    /// Who is in it beside its owner.
    pub members: Vec<UserId>,
    /// Colour, icon and what else a front end keeps.
    pub metadata: Option<serde_json::Value>,
}

/// A channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Its tenant.
    pub tenant_id: TenantId,
    /// Direct, group or topic.
    pub kind: ChannelKind,
    /// Its name; a direct channel has none of its own.
    pub name: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Only its members know of it.
    pub is_private: bool,
    /// When it was archived.
    pub archived_at: Option<DateTime<Utc>>,
    /// The business record it is about.
    pub entity: Option<EntityRef>,
    /// The two people of a direct channel.
    pub direct: Option<DirectPair>,
    /// Colour, icon and what else a front end keeps.
    pub metadata: Option<serde_json::Value>,
    /// Who made it.
    pub created_by: UserId,
    /// How many are in it.
    pub member_count: i32,
    /// Its counters.
    pub counters: Counters,
    /// Its newest message.
    pub last_message_id: Option<MessageId>,
    /// When that was sent.
    pub last_message_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed (not: last written to).
    pub updated_at: DateTime<Utc>,
}

/// The business record of a topic channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EntityRef {
    /// What sort of record.
    pub entity_type: String,
    /// Its id there.
    pub entity_id: String,
}

/// What a channel has given out, under its row lock; none of them ever falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// The newest event's seq.
    pub last_seq: Seq,
    /// The newest `message_no`: all messages.
    pub message_count: i64,
    /// The newest `timeline_no`: top-level ones, SYSTEM too.
    pub timeline_count: i64,
    /// The newest `unread_no`: top-level ones but SYSTEM.
    pub unread_count_base: i64,
}

/// A channel as one person sees it.
#[derive(Debug)]
pub struct Seen {
    /// The channel.
    pub channel: Channel,
    /// Their membership, also a former one.
    pub membership: Option<Member>,
    /// The other person of a direct channel.
    pub other: Option<User>,
    /// The newest message's text, unless it was deleted, and its sender.
    pub last_message: Option<(String, User)>,
    /// How many messages that they have not read mention them.
    pub unread_mentions: i64,
}

impl Seen {
    /// Their membership, if they are in the channel now.
    #[must_use]
    pub fn current(&self) -> Option<&Member> {
        let member = self.membership.as_ref()?;
        member.membership.is_current().then_some(member)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A private channel of that kind, with its first event.
    pub(crate) fn channel(kind: ChannelKind) -> Channel {
        Channel {
            id: ChannelId::from(7),
            tenant_id: TenantId::from(3),
            kind,
            name: (kind != ChannelKind::Direct).then(|| "Team".to_owned()),
            description: None,
            is_private: true,
            archived_at: None,
            entity: None,
            direct: None,
            metadata: None,
            created_by: UserId::from(1),
            member_count: 2,
            counters: Counters::default(),
            last_message_id: None,
            last_message_at: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_pair_is_the_same_whoever_asks() {
        let (one, two) = (UserId::from(1), UserId::from(2));
        assert_eq!(DirectPair::new(one, two), DirectPair::new(two, one));
        assert_eq!(DirectPair::new(one, one), Err(NotTwoPeople));
        assert_eq!(
            DirectPair::new(two, one).map(|pair| pair.other_than(two)),
            Ok(one)
        );
    }

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(
            ChannelName::parse("  team ").map(|name| name.0),
            Ok("team".to_owned())
        );
        assert_eq!(ChannelName::parse("  "), Err(TextError::Blank));
        assert!(ChannelName::parse(&"x".repeat(101)).is_err());
    }
}
