//! The sessions of this process and the people behind them.

use std::collections::{BTreeSet, HashMap};

use discuss_domain::{ChannelId, Seq, TenantId, UserId};

use super::places::{Place, Places};
use super::state::Output;

/// A connection, numbered within this process in the order of opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u64);

impl SessionId {
    const FIRST: Self = Self(u64::MIN);
    const LAST: Self = Self(u64::MAX);
}

impl From<u64> for SessionId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// What the hub hands its outputs to: one for each session.
pub trait Handle: Clone {
    /// Which session it is of.
    fn id(&self) -> SessionId;

    /// Whether it may hear a channel that its person is in, where something else than membership decides too.
    fn may_hear(&self, _channel: ChannelId) -> bool {
        true
    }
}

/// Somebody: user ids mean something only within their tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

impl<S: Handle> Session<S> {
    /// Whether it is to hear the channel, of which its person is a member as of this seq; else that is noted.
    pub(super) fn hears(&mut self, channel: ChannelId, as_of: Seq) -> bool {
        let may_hear = self.handle.may_hear(channel);
        if !may_hear {
            self.places.set(channel, Place::Narrowed(as_of));
        }
        may_hear
    }

    /// Its person is added to the channel by the event of this seq: whether it is to hear it.
    pub(super) fn enters<F>(
        &mut self,
        (channel, added): (ChannelId, Seq),
        out: &mut impl FnMut(Output<'_, S, F>),
    ) -> bool {
        out(Output::Added {
            session: &self.handle,
            channel,
        });
        self.hears(channel, added)
    }
}

/// All open connections, and whose they are. Every shard has them all, ten thousand of them: what a table keeps free
/// is to be small.
pub(super) struct Registry<S> {
    sessions: HashMap<SessionId, Box<Session<S>>>,
    people: BTreeSet<(Person, SessionId)>,
}

impl<S> Registry<S> {
    pub(super) fn new() -> Self {
        Self {
            sessions: HashMap::new(),
            people: BTreeSet::new(),
        }
    }

    pub(super) fn open(&mut self, id: SessionId, person: Person, handle: S) {
        let session = Session {
            person,
            handle,
            started: false,
            places: Places::default(),
        };
        self.sessions.insert(id, Box::new(session));
        self.people.insert((person, id));
    }

    pub(super) fn close(&mut self, id: SessionId) -> Option<Session<S>> {
        let session = self.sessions.remove(&id)?;
        self.people.remove(&(session.person, id));
        Some(*session)
    }

    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session<S>> {
        self.sessions.get_mut(&id).map(Box::as_mut)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (SessionId, &Session<S>)> {
        self.sessions.iter().map(|(id, session)| (*id, &**session))
    }

    /// The sessions of these people; a copy, because each may change while they are walked.
    pub(super) fn of(&self, tenant: TenantId, users: &[UserId]) -> Vec<SessionId> {
        let of = |user: &UserId| {
            let person = Person {
                tenant,
                user: *user,
            };
            let all = (person, SessionId::FIRST)..=(person, SessionId::LAST);
            self.people.range(all).map(|(_, id)| *id)
        };
        users.iter().flat_map(of).collect()
    }
}
