//! Erasing all that a person wrote (GDPR).

use chrono::{DateTime, Utc};

use crate::ids::{ChannelId, MessageId, Seq, TenantId, UserId};

/// A person's wish that all they wrote be gone, and how far that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// When they asked last.
    pub asked_at: DateTime<Utc>,
    /// How many of their messages are tombstones by it so far.
    pub erased: i64,
    /// When all was gone; `None` while it is under way.
    pub finished_at: Option<DateTime<Utc>>,
}

/// An erasure that somebody works at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// The person's tenant.
    pub tenant: TenantId,
    /// Whose messages go.
    pub user: UserId,
    /// Messages up to this one go; what was written later stays.
    pub newest: MessageId,
    /// How far it has come.
    pub place: Place,
}

/// A place among all messages of a person's channels: a channel, and a seq up to which it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The channel.
    pub channel: ChannelId,
    /// The last seq of it that is done.
    pub seq: Seq,
}
