//! Business records and the channels they get.
//!
//! Other services tell of their records by events, which come in any order and more than once. What is
//! kept of a record is therefore made of parts that every order of the same events leaves alike:
//! - name, status and whether the record is gone are [registers](Register): each keeps the value with the
//!   newest [`Version`], whenever that came;
//! - the people and the links to other records are sets that only grow, whatever the version;
//! - a record is announced once any creation of it was seen. Only then is there a channel; what was heard
//!   before that waits in the record.
//!
//! Records that became one another (a lead an order, a customer another one) are linked. All that hang
//! together share one channel, under the name of the record where the links end; see [`Group`].

use std::fmt;

use crate::text::{TextError, require_bounded};

mod event;
mod group;
#[cfg(test)]
mod property;
mod record;

pub use event::{EntityEvent, EntityNews, Facts, Happened, Version};
pub use group::{Group, Link, Topic};
pub use record::{RecordState, Register};

/// The sorts of business record that get a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityType {
    /// Somebody who buys.
    Customer,
    /// Somebody who may.
    Lead,
    /// A sale that may come about.
    Opportunity,
    /// A task of personal task management.
    Task,
    /// A project.
    Project,
    /// An item of work within a project.
    WorkItem,
    /// A purchase order.
    Order,
    /// Who is bought from.
    Supplier,
    /// Goods on their way.
    Shipment,
    /// Goods in store.
    InventoryItem,
}

impl EntityType {
    /// Every sort.
    pub const ALL: [Self; 10] = [
        Self::Customer,
        Self::Lead,
        Self::Opportunity,
        Self::Task,
        Self::Project,
        Self::WorkItem,
        Self::Order,
        Self::Supplier,
        Self::Shipment,
        Self::InventoryItem,
    ];

    /// The name on the wire and in the tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Lead => "lead",
            Self::Opportunity => "opportunity",
            Self::Task => "task",
            Self::Project => "project",
            Self::WorkItem => "work_item",
            Self::Order => "order",
            Self::Supplier => "supplier",
            Self::Shipment => "shipment",
            Self::InventoryItem => "inventory_item",
        }
    }

    /// The word for it that people read.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Customer => "Customer",
            Self::Lead => "Lead",
            Self::Opportunity => "Opportunity",
            Self::Task => "Task",
            Self::Project => "Project",
            Self::WorkItem => "Work item",
            Self::Order => "Order",
            Self::Supplier => "Supplier",
            Self::Shipment => "Shipment",
            Self::InventoryItem => "Inventory item",
        }
    }

    /// The sort of that name, written as services do: in any case, with `_` or `-` between words.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase().replace(['-', ' '], "_");
        match name.as_str() {
            "purchase_order" => Some(Self::Order),
            "workitem" => Some(Self::WorkItem),
            "inventoryitem" | "inventory" => Some(Self::InventoryItem),
            name => Self::ALL.into_iter().find(|sort| sort.as_str() == name),
        }
    }

    /// Its service tells of deletions without a tenant: ids are unique across the tenants there.
    #[must_use]
    pub const fn is_deleted_without_tenant(self) -> bool {
        matches!(self, Self::Task)
    }
}

/// The id of a business record in its own service: a text of 1 to 200 characters, numbers too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(String);

impl RecordId {
    /// Longest id, in characters.
    pub const MAX_CHARS: usize = 200;

    /// Checks `text`, without the white space around it.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TextError::Blank);
        }
        require_bounded(text, Self::MAX_CHARS)?;
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A business record, within its tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordRef {
    /// What sort of record.
    pub sort: EntityType,
    /// Its id there.
    pub id: RecordId,
}

impl fmt::Display for RecordRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.sort.as_str(), self.id.0)
    }
}

/// A name or a status, as a record gives it: at most 200 characters, longer ones are cut.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(String);

impl Label {
    /// Longest label, in characters.
    pub const MAX_CHARS: usize = 200;

    /// Takes `text` without the white space around it; nothing if that leaves nothing.
    pub fn parse(text: &str) -> Result<Option<Self>, TextError> {
        require_bounded(text, usize::MAX)?;
        let cut: String = text.trim().chars().take(Self::MAX_CHARS).collect();
        Ok((!cut.is_empty()).then_some(Self(cut)))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sort_is_found_by_its_name_and_as_services_write_it() {
        for sort in EntityType::ALL {
            assert_eq!(EntityType::find(sort.as_str()), Some(sort));
            assert_eq!(EntityType::find(&sort.as_str().to_uppercase()), Some(sort));
        }
        assert_eq!(EntityType::find("Work Item"), Some(EntityType::WorkItem));
        assert_eq!(EntityType::find("PURCHASE_ORDER"), Some(EntityType::Order));
        assert_eq!(EntityType::find("invoice"), None);
    }

    #[test]
    fn an_id_is_a_short_text() {
        let id = |text: &str| RecordId::parse(text).map(|id| id.0);
        assert_eq!(id(" SO-2024/00123 "), Ok("SO-2024/00123".to_owned()));
        assert_eq!(id("  "), Err(TextError::Blank));
        assert_eq!(id("a\0"), Err(TextError::Null));
        assert!(id(&"x".repeat(201)).is_err());
    }

    #[test]
    fn a_label_is_cut_and_a_blank_one_is_none() {
        let label = |text: &str| Label::parse(text).map(|label| label.map(|label| label.0));
        assert_eq!(label("  "), Ok(None));
        assert_eq!(label(" Acme "), Ok(Some("Acme".to_owned())));
        assert_eq!(label("A\0"), Err(TextError::Null));
        assert_eq!(label(&"ộ".repeat(300)), Ok(Some("ộ".repeat(200))));
    }
}
