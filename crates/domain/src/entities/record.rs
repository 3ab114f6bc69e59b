//! What is kept of a record.

use std::collections::BTreeMap;

use super::{EntityEvent, Happened, Label, Version};
use crate::ids::UserId;
use crate::members::Role;

/// A value and the version that set it: the newest stays, in whatever order they come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register<T> {
    set: Option<(Version, T)>,
}

impl<T> Default for Register<T> {
    fn default() -> Self {
        Self { set: None }
    }
}

impl<T> From<Option<(Version, T)>> for Register<T> {
    fn from(set: Option<(Version, T)>) -> Self {
        Self { set }
    }
}

impl<T: Ord> Register<T> {
    /// Takes the value unless a newer one is there; says whether the value is another one now. Of two
    /// values with the same version the greater wins, so that here too no order matters.
    pub fn set(&mut self, version: &Version, value: T) -> bool {
        match &self.set {
            Some((known, old)) if (known, old) >= (version, &value) => false,
            old => {
                let is_new = old.as_ref().is_none_or(|(_, old)| *old != value);
                self.set = Some((version.clone(), value));
                is_new
            }
        }
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        self.set.as_ref().map(|(_, value)| value)
    }

    /// The value and the version that set it.
    #[must_use]
    pub const fn versioned(&self) -> Option<&(Version, T)> {
        self.set.as_ref()
    }
}

/// What is kept of a record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordState {
    /// A creation was seen.
    pub is_announced: bool,
    /// Its name.
    pub name: Register<Label>,
    /// How far it has come.
    pub status: Register<Label>,
    /// Whether it was deleted or put away.
    pub gone: Register<bool>,
    /// Who is to be in its channel and is not yet, as what.
    pub waiting: BTreeMap<UserId, Role>,
}

impl RecordState {
    /// Takes what an event says of this record; answers the status, if it is another one by this.
    pub(super) fn take(&mut self, event: &EntityEvent) -> Option<Label> {
        let version = &event.version;
        for user in &event.facts.people {
            self.expect(*user, Role::Member);
        }
        match event.happened {
            Happened::Created { by } => {
                self.is_announced = true;
                self.gone.set(version, false);
                if let Some(by) = by {
                    self.expect(by, Role::Owner);
                }
            }
            Happened::Gone => {
                self.gone.set(version, true);
            }
            Happened::Returned => {
                self.gone.set(version, false);
            }
            Happened::Changed | Happened::Became(_) => {}
        }
        if let Some(name) = &event.facts.name {
            self.name.set(version, name.clone());
        }
        let status = event.facts.status.clone()?;
        self.status.set(version, status.clone()).then_some(status)
    }

    /// Somebody is to be in the channel; who is to be more than that stays so.
    pub fn expect(&mut self, user: UserId, role: Role) {
        let expected = self.waiting.entry(user).or_insert(role);
        *expected = role.max(*expected);
    }

    /// When it was deleted or put away, epoch milliseconds; nothing while it is there.
    #[must_use]
    pub fn gone_at_ms(&self) -> Option<i64> {
        match self.gone.versioned() {
            Some((version, true)) => Some(version.at_ms),
            _ => None,
        }
    }
}
