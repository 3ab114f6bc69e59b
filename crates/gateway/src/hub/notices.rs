//! State without a seq: marks, counts, who types, who is there.

use std::collections::BTreeMap;

use discuss_domain::{ChannelId, UserId};

use super::sessions::{Handle, Person, SessionId};
use super::state::{Output, Turn};

impl<S, F, O> Turn<'_, S, F, O>
where
    S: Handle,
    F: AsRef<[u8]>,
    O: FnMut(Output<'_, S, F>),
{
    /// State goes to everybody who is live in the channel.
    pub fn notice(&mut self, id: ChannelId, frame: &F) {
        if let Some(channel) = self.hub.channels.get(&id) {
            for live in channel.live() {
                (self.out)(Output::Deliver {
                    session: &live.handle,
                    frame,
                });
            }
        }
    }

    /// State goes to every started session of one person.
    pub fn notice_person(&mut self, person: Person, frame: &F) {
        for id in self.hub.sessions.of(person.tenant, &[person.user]) {
            if let Some(session) = self.hub.sessions.get_mut(id)
                && session.started
            {
                (self.out)(Output::Deliver {
                    session: &session.handle,
                    frame,
                });
            }
        }
    }

    /// What somebody does in the channel goes to everybody else who is live in it, and may be left out
    /// where too much waits.
    pub fn notice_others(&mut self, id: ChannelId, user: UserId, frame: &F) {
        let hub = &mut *self.hub;
        let Some(channel) = hub.channels.get(&id) else {
            return;
        };
        for live in channel.live() {
            let session = hub.sessions.get_mut(live.handle.id());
            if session.is_some_and(|session| session.person.user != user) {
                (self.out)(Output::Show {
                    session: &live.handle,
                    frame,
                });
            }
        }
    }

    /// Adds those who are live in the channel.
    pub fn add_live(&mut self, id: ChannelId, sessions: &mut BTreeMap<SessionId, S>) {
        if let Some(channel) = self.hub.channels.get(&id) {
            for live in channel.live() {
                sessions
                    .entry(live.handle.id())
                    .or_insert_with(|| live.handle.clone());
            }
        }
    }

    /// Adds those whose person is in the channel, whether they hear it or not, and those that have not started: their
    /// channels are not known here.
    pub fn add_about(&mut self, id: ChannelId, sessions: &mut BTreeMap<SessionId, S>) {
        for (session_id, session) in self.hub.sessions.all() {
            if !session.started || session.places.is_in(id) {
                sessions.insert(session_id, session.handle.clone());
            }
        }
    }

    /// Adds those that have not started.
    pub fn add_unstarted(&mut self, sessions: &mut BTreeMap<SessionId, S>) {
        for (session_id, session) in self.hub.sessions.all() {
            if !session.started {
                sessions.insert(session_id, session.handle.clone());
            }
        }
    }

    /// Adds the started sessions of one person.
    pub fn add_own(&mut self, person: Person, sessions: &mut BTreeMap<SessionId, S>) {
        for id in self.hub.sessions.of(person.tenant, &[person.user]) {
            if let Some(session) = self.hub.sessions.get_mut(id)
                && session.started
            {
                sessions.insert(id, session.handle.clone());
            }
        }
    }

    /// How many sessions a person has.
    pub fn count_own(&mut self, person: Person) -> usize {
        self.hub.sessions.of(person.tenant, &[person.user]).len()
    }
}
