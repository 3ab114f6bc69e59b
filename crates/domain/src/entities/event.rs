//! What other services tell of their records.

use super::{Label, RecordRef};
use crate::ids::{TenantId, UserId};

/// When something happened to a record: the newer version wins, whenever it arrives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Epoch milliseconds, by the clock of the record's service.
    pub at_ms: i64,
    /// The event's id: tells apart what happened within a millisecond.
    pub event: String,
}

/// What a record of Kafka tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntityNews {
    /// Something happened to a business record.
    Event(EntityEvent),
    /// Records are gone, whosever they were: the event names no tenant.
    GoneEverywhere {
        /// Which.
        records: Vec<RecordRef>,
        /// When.
        version: Version,
    },
}

/// Something happened to a business record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityEvent {
    /// Whose record.
    pub tenant: TenantId,
    /// Which.
    pub record: RecordRef,
    /// When.
    pub version: Version,
    /// What.
    pub happened: Happened,
    /// What else it says of the record.
    pub facts: Facts,
}

/// What happened to a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// It came to be.
    Created {
        /// Who made it, if that is known: an owner of its channel.
        by: Option<UserId>,
    },
    /// Only the facts changed.
    Changed,
    /// It was deleted, or put away.
    Gone,
    /// It was taken back.
    Returned,
    /// It became another record, or was merged into one.
    Became(RecordRef),
}

/// What an event says of its record; what is left out did not change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Its name.
    pub name: Option<Label>,
    /// How far it has come.
    pub status: Option<Label>,
    /// Who works on it: they are added to its channel.
    pub people: Vec<UserId>,
}
