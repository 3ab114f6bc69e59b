//! What sessions want to hear: more, less, and whether they are in a channel at all.

use discuss_domain::{ChannelId, Seq};

use super::places::Place;
use super::sessions::{Handle, Person, Session, SessionId};
use super::state::{Leaving, Output, Turn};

impl<S, F, O> Turn<'_, S, F, O>
where
    S: Handle,
    F: AsRef<[u8]>,
    O: FnMut(Output<'_, S, F>),
{
    /// The session wants nothing more of this channel until it joins again. Only of a channel that it is
    /// in: else it would hear nothing of it either when its person is added.
    pub fn leave(&mut self, id: SessionId, channel_id: ChannelId) -> Leaving {
        let heard = self.heard(id, channel_id);
        let Some(session) = self.hub.sessions.get_mut(id) else {
            return Leaving::Unknown;
        };
        if !session.started {
            return Leaving::Busy;
        }
        match session.places.get(channel_id) {
            None | Some(Place::Left(_)) => return Leaving::Unknown,
            // Whoever reads joins at the end of it, and is waited for.
            Some(Place::Reading { .. } | Place::Added(_)) => return Leaving::Busy,
            Some(Place::Narrowed(_)) => return Leaving::Quiet,
            Some(Place::Live) => {}
        }
        let place = Place::Narrowed(heard.unwrap_or_default());
        session.places.set(channel_id, place);
        if let Some(channel) = self.hub.channels.get_mut(&channel_id) {
            channel.remove_live(id);
            self.look_for_idleness(channel_id);
        }
        Leaving::Done
    }

    /// The session leaves the channel if it may not hear it; [`Leaving::Unknown`] too where it may.
    pub fn leave_unless_it_may_hear(&mut self, id: SessionId, channel: ChannelId) -> Leaving {
        let session = self.hub.sessions.get_mut(id);
        if session.is_none_or(|session| session.handle.may_hear(channel)) {
            return Leaving::Unknown;
        }
        self.leave(id, channel)
    }

    /// How far a session has come that is live in the channel.
    fn heard(&self, id: SessionId, channel: ChannelId) -> Option<Seq> {
        let channel = self.hub.channels.get(&channel)?;
        Some(channel.position.max(channel.find_live(id)?.from))
    }

    /// The session wants to hear the channel, of which its person is a member as of a snapshot of the log that
    /// reached `at`. `from` is told after which seq it hears it, before any event. Answers whether it does: not
    /// before it starts, not while it reads what it missed, nor when it may not or the snapshot is too old.
    pub fn subscribe(
        &mut self,
        id: SessionId,
        channel_id: ChannelId,
        at: Seq,
        from: impl FnOnce(Seq),
    ) -> bool {
        let heard = self.heard(id, channel_id);
        let started = |session: &&mut Session<S>| session.started;
        let Some(session) = self.hub.sessions.get_mut(id).filter(started) else {
            return false;
        };
        if !session.handle.may_hear(channel_id) {
            return false;
        }
        match session.places.get(channel_id) {
            Some(Place::Reading { .. }) => return false,
            Some(Place::Left(left)) if left > at => return false,
            Some(Place::Live) => from(heard.unwrap_or(at)),
            Some(Place::Narrowed(_) | Place::Added(_) | Place::Left(_)) | None => {
                from(at);
                self.join(id, channel_id, at);
            }
        }
        true
    }

    /// Whether the session's person is in the channel, as far as it is known here.
    pub fn is_in(&mut self, id: SessionId, channel: ChannelId) -> bool {
        let session = self.hub.sessions.get_mut(id);
        session.is_some_and(|session| session.places.is_in(channel))
    }

    /// Whether a started session of this person has no place in the channel: if the person is a
    /// member, the event that added them was missed.
    pub fn lacks(&mut self, person: Person, channel: ChannelId) -> bool {
        let sessions = self.hub.sessions.of(person.tenant, &[person.user]);
        sessions.into_iter().any(|id| {
            let session = self.hub.sessions.get_mut(id);
            session.is_some_and(|session| {
                let place = session.places.get(channel);
                session.started && matches!(place, None | Some(Place::Left(_)))
            })
        })
    }
}
