//! What the relay to Kafka keeps and reads: who relays which channels (`relay::leases`), and how far it
//! has come with them (`relay::log`).
//!
//! It must not know Kafka, nor what a record looks like.

use discuss_domain::{ChannelId, EventKind, MessageId, Seq, TenantId, UserId};

use chrono::{DateTime, Utc};
use discuss_domain::channels::ChannelKind;
use discuss_domain::members::{MemberStatus, Role};
use discuss_domain::messages::MessageKind;

pub mod leases;
mod log;
mod rows;

pub use log::RelayLog;

/// A sixteenth of all channels: those that are relayed by the same process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(i16);

impl Shard {
    /// How many there are.
    pub const COUNT: usize = 16;

    /// The shard of a channel.
    #[must_use]
    pub fn of(channel: ChannelId) -> Self {
        // A rest of a division by 16 fits.
        Self(i16::try_from(channel.get().rem_euclid(16)).unwrap_or_default())
    }

    /// Its number, 0 to 15.
    #[must_use]
    pub const fn get(self) -> i16 {
        self.0
    }
}

/// Takes a number that we stored ourselves.
impl From<i16> for Shard {
    fn from(stored: i16) -> Self {
        Self(stored)
    }
}

/// How often a shard's lease has changed hands.
pub type Epoch = i64;

/// A channel whose log goes on after the relay's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    /// The channel.
    pub channel: ChannelId,
    /// The last seq that was relayed; zero if none was.
    pub head: Seq,
    /// How far the log has come.
    pub last_seq: Seq,
}

/// The events to read of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The channel.
    pub channel: ChannelId,
    /// Those after this one.
    pub after: Seq,
    /// So many of them.
    pub limit: i64,
}

/// How far a channel was relayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advance {
    /// The channel.
    pub channel: ChannelId,
    /// The head from which it was relayed.
    pub from: Seq,
    /// The new head.
    pub to: Seq,
    /// The epoch of the shard's lease under which it was relayed.
    pub epoch: Epoch,
}

/// An event with what it is about, as that is now; only what leaves on Kafka.
#[derive(Debug, Clone, PartialEq)]
pub struct RelayedEvent {
    /// The channel's tenant.
    pub tenant: TenantId,
    /// The channel.
    pub channel: ChannelId,
    /// Its place.
    pub seq: Seq,
    /// What it says; nothing if only a newer version of this program knows.
    pub kind: Option<EventKind>,
    /// Who did it.
    pub actor: UserId,
    /// When.
    pub at: DateTime<Utc>,
    /// The request's correlation id.
    pub correlation_id: Option<String>,
    /// The request's trace.
    pub traceparent: Option<String>,
    /// Who came or went by it.
    pub users: Vec<UserId>,
    /// The same people as members, in an event about members.
    pub members: Vec<RelayedMember>,
    /// The message that it is about.
    pub message: Option<RelayedMessage>,
    /// The emoji of a reaction.
    pub emoji: Option<String>,
    /// The channel, in an event about the channel itself.
    pub subject: Option<RelayedChannel>,
}

/// A member as one is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayedMember {
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: Role,
    /// Still in the channel?
    pub status: MemberStatus,
}

/// A message as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayedMessage {
    /// Its id.
    pub id: MessageId,
    /// Who sent it.
    pub sender: UserId,
    /// Its text; a deleted message has none.
    pub content: Option<String>,
    /// Its kind.
    pub kind: MessageKind,
    /// The message to which it is a reply.
    pub parent: Option<MessageId>,
    /// Which members it names.
    pub mentions: Vec<UserId>,
    /// It is a tombstone.
    pub is_deleted: bool,
}

/// A channel as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayedChannel {
    /// Its kind.
    pub kind: ChannelKind,
    /// Its name; a direct channel has none.
    pub name: Option<String>,
    /// Who made it.
    pub created_by: UserId,
    /// It takes no more messages.
    pub is_archived: bool,
}
