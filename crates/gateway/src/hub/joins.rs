//! What comes from the sessions: opening, joining, reading by themselves, closing.

use discuss_domain::{ChannelId, Seq};

use super::channel::Live;
use super::places::{Place, Places};
use super::sessions::{Handle, Person, SessionId};
use super::state::{Counters, Output, Start, Turn};

impl<S, F, O> Turn<'_, S, F, O>
where
    S: Handle,
    F: AsRef<[u8]>,
    O: FnMut(Output<'_, S, F>),
{
    /// A session opened. It gets nothing before [`Turn::start`], but from now on what its person is
    /// added to is noted: so its channels are looked up after this, and none is missed.
    pub fn open(&mut self, session: SessionId, person: Person, handle: S) {
        self.hub.sessions.open(session, person, handle);
    }

    /// The session starts, in these channels of its person and in those it was added to meanwhile.
    pub fn start(&mut self, id: SessionId, channels: &[(ChannelId, Start)]) {
        let Some(session) = self.hub.sessions.get_mut(id) else {
            return;
        };
        session.started = true;
        let places = Places::with_capacity(channels.len());
        let noted = std::mem::replace(&mut session.places, places);
        for (channel, start) in channels {
            let added = noted.get(*channel).and_then(added_at);
            match start {
                Start::At(at) => drop(self.join(id, *channel, *at)),
                Start::Narrowed(at) => self.narrow(id, *channel, (*at, added)),
                Start::Reading => self.set_place(id, *channel, Place::Reading { added }),
            }
        }
        for (channel, place) in noted.into_others() {
            if let Some(added) = added_at(place)
                && !channels.iter().any(|(named, _)| *named == channel)
            {
                self.join_added(id, channel, added);
            }
        }
    }

    /// The session reads this channel's log by itself from now on; it is not live in it until it
    /// joins again.
    pub fn withdraw(&mut self, id: SessionId, channel_id: ChannelId) {
        let Some(session) = self.hub.sessions.get_mut(id) else {
            return;
        };
        session
            .places
            .set(channel_id, Place::Reading { added: None });
        if let Some(channel) = self.hub.channels.get_mut(&channel_id) {
            channel.remove_live(id);
            self.look_for_idleness(channel_id);
        }
    }

    /// The session has everything up to `at`, and its person is a member as of a snapshot of the log
    /// that reached `at`. It is live from there, or told to read on. Answers how far it has come when
    /// it is live.
    pub fn join(&mut self, id: SessionId, channel_id: ChannelId, at: Seq) -> Option<Seq> {
        let session = self.hub.sessions.get_mut(id)?;
        if session.places.get(channel_id) == Some(Place::Live) || !session.hears(channel_id, at) {
            return None;
        }
        let tenant = session.person.tenant;
        self.follow(tenant, channel_id, at);
        let channel = self.hub.channels.get_mut(&channel_id)?;
        if at < channel.position {
            return self.join_from(id, channel_id, (at, true));
        }
        channel.head = channel.head.max(at);
        self.go_live(id, channel_id, at);
        self.look_for_hole(channel_id);
        Some(at)
    }

    /// The session has everything up to `after`, and its person is a member as of a snapshot of the
    /// log that reached `head`. It is live at once when the hub has come so far and remembers the
    /// rest, else it is told to read the log. Answers how far it has come when it is live.
    pub fn rejoin(
        &mut self,
        id: SessionId,
        channel_id: ChannelId,
        (after, head): (Seq, Seq),
    ) -> Option<Seq> {
        let session = self.hub.sessions.get_mut(id)?;
        if !session.hears(channel_id, head) {
            return None;
        }
        if after == head {
            return self.join(id, channel_id, after);
        }
        let position = self.hub.position(channel_id);
        if position.is_some_and(|position| after < position && head <= position) {
            return self.join_from(id, channel_id, (after, true));
        }
        self.catch_up(id, channel_id, after);
        None
    }

    /// The session's person is no member as of a snapshot of the log that reached `as_of`.
    pub fn refuse(&mut self, id: SessionId, channel: ChannelId, as_of: Seq) {
        let Some(session) = self.hub.sessions.get_mut(id) else {
            return;
        };
        let Some(Place::Reading { added }) = session.places.get(channel) else {
            return;
        };
        if let Some(added) = added.filter(|added| *added > as_of) {
            self.join_added(id, channel, added);
            return;
        }
        self.set_place(id, channel, Place::Left(as_of));
    }

    /// The session reads no more of the channel, of which its person is a member as of a snapshot of the log that
    /// reached `as_of`: it may not hear it.
    pub fn silence(&mut self, id: SessionId, channel: ChannelId, as_of: Seq) {
        let Some(session) = self.hub.sessions.get_mut(id) else {
            return;
        };
        if let Some(Place::Reading { added }) = session.places.get(channel) {
            self.narrow(id, channel, (as_of, added));
        }
    }

    /// The session is gone.
    pub fn close(&mut self, id: SessionId) {
        let Some(session) = self.hub.sessions.close(id) else {
            return;
        };
        for channel_id in session.places.live() {
            if let Some(channel) = self.hub.channels.get_mut(channel_id) {
                channel.remove_live(id);
                self.look_for_idleness(*channel_id);
            }
        }
    }

    /// What happened since the last call.
    pub fn take_counters(&mut self) -> Counters {
        self.hub.take_counters()
    }

    /// The event of seq `added` made the session's person a member, and the hub will not hand it out
    /// any more, or cannot yet.
    pub(super) fn join_added(&mut self, id: SessionId, channel_id: ChannelId, added: Seq) {
        let session = self.hub.sessions.get_mut(id);
        if !session.is_some_and(|session| session.enters((channel_id, added), &mut *self.out)) {
            return;
        }
        let after = added.previous();
        let position = self.hub.position(channel_id);
        if position.is_some_and(|position| added <= position) {
            self.join_from(id, channel_id, (after, false));
        } else {
            self.catch_up(id, channel_id, after);
        }
    }

    /// Gives the session what the hub remembers after its own position and makes it live; when the
    /// hub does not remember that much, the session reads the log.
    fn join_from(
        &mut self,
        id: SessionId,
        channel_id: ChannelId,
        (after, member): (Seq, bool),
    ) -> Option<Seq> {
        let hub = &mut *self.hub;
        let channel = hub.channels.get(&channel_id)?;
        let session = hub.sessions.get_mut(id)?;
        let Some(events) = channel.recent_after(after, &hub.limits) else {
            self.catch_up(id, channel_id, after);
            return None;
        };
        let user = session.person.user;
        let mut member = member;
        let mut left = None;
        for event in events {
            member = member || event.effect.adds(user);
            if member {
                (self.out)(Output::Deliver {
                    session: &session.handle,
                    frame: &event.frame,
                });
                hub.counters.deliveries = hub.counters.deliveries.saturating_add(1);
            }
            if event.effect.removes(user) {
                member = false;
                left = Some(event.seq);
            }
        }
        let position = channel.position;
        if member {
            self.go_live(id, channel_id, position);
            return Some(position);
        }
        if let Some(left) = left {
            self.set_place(id, channel_id, Place::Left(left));
        }
        None
    }

    /// Makes the session live; it gets every event after `from`.
    pub(super) fn go_live(&mut self, id: SessionId, channel_id: ChannelId, from: Seq) {
        let hub = &mut *self.hub;
        if let Some(channel) = hub.channels.get_mut(&channel_id)
            && let Some(session) = hub.sessions.get_mut(id)
        {
            session.places.set(channel_id, Place::Live);
            let handle = session.handle.clone();
            channel.insert_live(Live { handle, from });
        }
    }

    /// Sends the session to the log for what comes after `after`.
    pub(super) fn catch_up(&mut self, id: SessionId, channel: ChannelId, after: Seq) {
        let Some(session) = self.hub.sessions.get_mut(id) else {
            return;
        };
        session.places.set(channel, Place::Reading { added: None });
        (self.out)(Output::CatchUp {
            session: id,
            handle: &session.handle,
            channel,
            after,
        });
    }

    /// Notes since when nobody listens.
    pub(super) fn look_for_idleness(&mut self, id: ChannelId) {
        if let Some(channel) = self.hub.channels.get_mut(&id)
            && channel.live().is_empty()
            && channel.idle_since.is_none()
        {
            channel.idle_since = Some(self.now);
            self.hub.idle.push_back((self.now, id));
        }
    }

    /// The session wants nothing more of the channel, unless its person was added after `as_of`.
    fn narrow(&mut self, id: SessionId, channel: ChannelId, (as_of, added): (Seq, Option<Seq>)) {
        let Some(session) = self.hub.sessions.get_mut(id) else {
            return;
        };
        session.places.set(channel, Place::Narrowed(as_of));
        if let Some(added) = added.filter(|added| *added > as_of) {
            self.join_added(id, channel, added);
        }
    }

    fn set_place(&mut self, id: SessionId, channel: ChannelId, place: Place) {
        if let Some(session) = self.hub.sessions.get_mut(id) {
            session.places.set(channel, place);
        }
    }
}

fn added_at(place: Place) -> Option<Seq> {
    match place {
        Place::Added(seq) => Some(seq),
        Place::Live | Place::Reading { .. } | Place::Left(_) | Place::Narrowed(_) => None,
    }
}
