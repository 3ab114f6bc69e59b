//! People, as far as Discuss knows them.

use crate::ids::{TenantId, UserId};

/// Somebody whose identity was checked, and what their token says of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Their tenant.
    pub tenant: TenantId,
    /// Who they are in it.
    pub user: UserId,
    /// Full name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// A person of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Who they are in their tenant.
    pub id: UserId,
    /// Full name, when it is known.
    pub name: Option<String>,
    /// E-mail address, when it is known.
    pub email: Option<String>,
    /// Picture, when there is one.
    pub avatar_url: Option<String>,
}

impl User {
    /// Somebody of whom only the id is known.
    #[must_use]
    pub const fn unknown(id: UserId) -> Self {
        Self {
            id,
            name: None,
            email: None,
            avatar_url: None,
        }
    }

    /// The name to show: never empty.
    #[must_use]
    pub fn display_name(&self) -> String {
        match (&self.name, self.id) {
            (Some(name), _) => name.clone(),
            (None, UserId::SYSTEM) => "System".to_owned(),
            (None, id) => format!("User {id}"),
        }
    }
}
