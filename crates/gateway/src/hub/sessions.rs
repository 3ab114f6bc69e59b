//! The sessions of this process and the people behind them.

use std::collections::HashMap;

use discuss_domain::{TenantId, UserId};

use super::places::Places;

/// A connection, numbered within this process in the order of opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u64);

impl From<u64> for SessionId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// What the hub hands its outputs to: one for each session.
pub trait Handle: Clone {
    /// Which session it is of.
    fn id(&self) -> SessionId;
}

/// Somebody: user ids mean something only within their tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Person {
    /// The tenant.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
}

/// An open connection.
pub(super) struct Session<S> {
    pub(super) person: Person,
    pub(super) handle: S,
    /// Nothing is delivered before the start: what the person is added to meanwhile is noted.
    pub(super) started: bool,
    pub(super) places: Places,
}

/// All open connections, and whose they are.
pub(super) struct Registry<S> {
    sessions: HashMap<SessionId, Session<S>>,
    people: HashMap<Person, Vec<SessionId>>,
}

impl<S> Registry<S> {
    pub(super) fn new() -> Self {
        Self {
            sessions: HashMap::new(),
            people: HashMap::new(),
        }
    }

    pub(super) fn open(&mut self, id: SessionId, person: Person, handle: S) {
        let session = Session {
            person,
            handle,
            started: false,
            places: Places::default(),
        };
        self.sessions.insert(id, session);
        self.people.entry(person).or_default().push(id);
    }

    pub(super) fn close(&mut self, id: SessionId) -> Option<Session<S>> {
        let session = self.sessions.remove(&id)?;
        if let Some(ids) = self.people.get_mut(&session.person) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.people.remove(&session.person);
            }
        }
        Some(session)
    }

    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session<S>> {
        self.sessions.get_mut(&id)
    }

    /// The sessions of these people; a copy, because each may change while they are walked.
    pub(super) fn of(&self, tenant: TenantId, users: &[UserId]) -> Vec<SessionId> {
        users
            .iter()
            .filter_map(|user| {
                self.people.get(&Person {
                    tenant,
                    user: *user,
                })
            })
            .flatten()
            .copied()
            .collect()
    }
}
