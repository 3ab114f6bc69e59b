//! What comes from outside the sessions: published events, pages and heads of the log.

use discuss_domain::{ChannelId, Seq, TenantId};

use super::channel::{Channel, Early, Live};
use super::event::{Effect, Event, Page};
use super::places::Place;
use super::sessions::{Handle, SessionId};
use super::state::{FetchId, Output, Turn};

impl<S, F, O> Turn<'_, S, F, O>
where
    S: Handle,
    F: AsRef<[u8]>,
    O: FnMut(Output<'_, S, F>),
{
    /// An event was published, or the reader of the log's news found that it adds somebody.
    ///
    /// Of a channel that is not followed only those that add somebody local matter.
    pub fn published(&mut self, tenant: TenantId, id: ChannelId, event: Event<F>) {
        let Some(channel) = self.hub.channels.get(&id) else {
            if !self.newcomers(tenant, id, &event).is_empty() {
                self.follow(tenant, id, event.seq.previous());
                self.advance(id, event);
            }
            return;
        };
        if event.seq <= channel.position {
            self.take_late(tenant, id, &event);
            return;
        }
        self.take_in(id, event);
        self.drain(id);
    }

    /// The log of a followed channel is known to reach this seq.
    pub fn log_at(&mut self, id: ChannelId, head: Seq) {
        if let Some(channel) = self.hub.channels.get_mut(&id) {
            channel.head = channel.head.max(head);
            self.look_for_hole(id);
        }
    }

    /// The log of a followed channel was read, and reached this seq. If that is less than the hub has handed out, the hub
    /// was quicker, or the log went back (its database was restored, or a copy took over that lacked the last of it):
    /// the log is asked.
    pub fn log_read_at(&mut self, id: ChannelId, head: Seq) {
        self.log_at(id, head);
        if self
            .hub
            .position(id)
            .is_some_and(|position| head < position)
        {
            self.fetch(id);
        }
    }

    /// The log answered a fetch.
    pub fn page(&mut self, id: ChannelId, fetch: FetchId, page: Page<F>) {
        let Some(channel) = self.hub.channels.get_mut(&id) else {
            return;
        };
        if channel.fetch != Some(fetch) {
            return;
        }
        channel.fetch = None;
        let went_back = page.head < page.after;
        let empty = page.events.is_empty();
        let pruned = empty && page.head > channel.position;
        let unreachable = self.repair(id, page.events);
        if went_back || pruned || !unreachable.is_empty() {
            self.lose(id, page.head, unreachable);
            return;
        }
        self.drain(id);
        let due = if empty {
            self.now + self.hub.limits.retry_wait
        } else {
            self.now
        };
        self.fetch_at(id, due);
    }

    /// The log could not be read.
    pub fn fetch_failed(&mut self, id: ChannelId, fetch: FetchId) {
        let Some(channel) = self.hub.channels.get_mut(&id) else {
            return;
        };
        if channel.fetch == Some(fetch) {
            channel.fetch = None;
            let due = self.now + self.hub.limits.retry_wait;
            self.fetch_at(id, due);
        }
    }

    /// An event the hub is past. It still counts for whom it adds and who has never had a place in
    /// the channel: the channel may have been taken up beyond it, for somebody else.
    fn take_late(&mut self, tenant: TenantId, id: ChannelId, event: &Event<F>) {
        self.hub.counters.doubles = self.hub.counters.doubles.saturating_add(1);
        for session in self.newcomers(tenant, id, event) {
            self.join_added(session, id, event.seq);
        }
    }

    /// Hands the event out when it is next, else lets it wait.
    fn take_in(&mut self, id: ChannelId, event: Event<F>) {
        let hub = &mut *self.hub;
        let Some(channel) = hub.channels.get_mut(&id) else {
            return;
        };
        if event.seq == channel.position.next() {
            self.advance(id, event);
            return;
        }
        match channel.wait(event, &hub.limits) {
            Early::Waits => self.look_for_hole(id),
            Early::Double => hub.counters.doubles = hub.counters.doubles.saturating_add(1),
            Early::Overflow(forgotten) => {
                hub.counters.overflows = hub.counters.overflows.saturating_add(1);
                self.look_for_hole(id);
                self.fetch_at(id, self.now);
                self.send_newcomers_to_log(id, &forgotten);
            }
        }
    }

    /// Whom forgotten events add does not wait until the hub comes there again.
    fn send_newcomers_to_log(&mut self, id: ChannelId, forgotten: &[Event<F>]) {
        let Some(tenant) = self.hub.channels.get(&id).map(|channel| channel.tenant) else {
            return;
        };
        for event in forgotten {
            for session in self.newcomers(tenant, id, event) {
                self.join_added(session, id, event.seq);
            }
        }
    }

    /// Hands out what waited for its turn, then looks whether something is still missing.
    fn drain(&mut self, id: ChannelId) {
        while let Some(event) = self.hub.channels.get_mut(&id).and_then(Channel::take_next) {
            self.advance(id, event);
        }
        self.look_for_hole(id);
    }

    /// Hands out the events of a page that the hub has not had, up to the first that is missing;
    /// answers those behind it.
    fn repair(&mut self, id: ChannelId, events: Vec<Event<F>>) -> Vec<Event<F>> {
        let mut events = events.into_iter();
        while let Some(event) = events.next() {
            let Some(position) = self.hub.position(id) else {
                return Vec::new();
            };
            if event.seq > position.next() {
                return std::iter::once(event).chain(events).collect();
            }
            if event.seq == position.next() {
                self.hub.counters.repaired = self.hub.counters.repaired.saturating_add(1);
                self.advance(id, event);
            }
        }
        Vec::new()
    }

    /// Hands out the event after the channel's position.
    fn advance(&mut self, id: ChannelId, event: Event<F>) {
        let Some(channel) = self.hub.channels.get_mut(&id) else {
            return;
        };
        let tenant = channel.tenant;
        channel.position = event.seq;
        channel.head = channel.head.max(event.seq);
        for session in self.newcomers(tenant, id, &event) {
            self.go_live(session, id, event.seq.previous());
        }
        self.deliver(id, &event);
        self.take_out(tenant, id, &event);
        self.remember(id, event);
    }

    fn deliver(&mut self, id: ChannelId, event: &Event<F>) {
        let Some(channel) = self.hub.channels.get(&id) else {
            return;
        };
        let mut delivered: u64 = 0;
        for live in channel.live() {
            if live.from < event.seq {
                (self.out)(Output::Deliver {
                    session: &live.handle,
                    frame: &event.frame,
                });
                delivered = delivered.saturating_add(1);
            }
        }
        self.hub.counters.deliveries = self.hub.counters.deliveries.saturating_add(delivered);
    }

    /// The local sessions that this event makes live in the channel. For those that may not be live
    /// yet it is noted.
    fn newcomers(&mut self, tenant: TenantId, id: ChannelId, event: &Event<F>) -> Vec<SessionId> {
        let Effect::Adds(people) = &event.effect else {
            return Vec::new();
        };
        let mut newcomers = self.hub.sessions.of(tenant, people);
        newcomers.retain(|session| self.note_added(*session, id, event.seq));
        newcomers
    }

    fn note_added(&mut self, session: SessionId, id: ChannelId, seq: Seq) -> bool {
        let Some(session) = self.hub.sessions.get_mut(session) else {
            return false;
        };
        let noted = match session.places.get(id) {
            // Who is added after that was removed before.
            Some(Place::Left(at) | Place::Narrowed(at)) if at < seq => {
                return session.enters((id, seq), &mut *self.out);
            }
            Some(Place::Live | Place::Left(_) | Place::Narrowed(_)) => return false,
            None if session.started => return session.enters((id, seq), &mut *self.out),
            Some(Place::Reading { added }) => Place::Reading {
                added: added.max(Some(seq)),
            },
            Some(Place::Added(noted)) => Place::Added(noted.max(seq)),
            None => Place::Added(seq),
        };
        session.places.set(id, noted);
        false
    }

    /// Ends the subscriptions of those whom this event removes, after it was handed out.
    fn take_out(&mut self, tenant: TenantId, id: ChannelId, event: &Event<F>) {
        let Effect::Removes(people) = &event.effect else {
            return;
        };
        for session in self.hub.sessions.of(tenant, people) {
            self.take_out_one(session, id, event.seq);
        }
        self.look_for_idleness(id);
    }

    fn take_out_one(&mut self, id: SessionId, channel_id: ChannelId, seq: Seq) {
        let Some(session) = self.hub.sessions.get_mut(id) else {
            return;
        };
        let Some(place) = session.places.get(channel_id) else {
            return;
        };
        match place {
            Place::Live => {
                let Some(channel) = self.hub.channels.get_mut(&channel_id) else {
                    return;
                };
                if channel.find_live(id).is_some_and(|live| live.from < seq) {
                    channel.remove_live(id);
                    session.places.set(channel_id, Place::Left(seq));
                }
            }
            Place::Narrowed(at) if at < seq => session.places.set(channel_id, Place::Left(seq)),
            Place::Reading { added } => {
                let added = added.filter(|added| *added > seq);
                session.places.set(channel_id, Place::Reading { added });
            }
            Place::Added(added) if added < seq => session.places.forget(channel_id),
            Place::Narrowed(_) | Place::Added(_) | Place::Left(_) => {}
        }
    }

    /// The log no longer has what the hub misses, or has gone back. The hub goes on at its head; each
    /// session finds out by itself what it has lost. What is left of the page, and what waited, still
    /// says who was added.
    fn lose(&mut self, id: ChannelId, head: Seq, mut rest: Vec<Event<F>>) {
        self.hub.counters.lost = self.hub.counters.lost.saturating_add(1);
        let Some(channel) = self.hub.channels.get_mut(&id) else {
            return;
        };
        let (tenant, position, known) = (channel.tenant, channel.position, channel.head);
        let freed = channel.forget_recent(position);
        self.hub.recent_bytes = self.hub.recent_bytes.saturating_sub(freed);
        let waiting = channel.jump(head);
        if head >= position {
            rest.extend(waiting);
            // What was told of it while the page was under way.
            channel.head = channel.head.max(known);
        }
        self.hub.holes.remove(&id);
        for Live { handle, from } in channel.take_live() {
            self.catch_up(handle.id(), id, from.max(position));
        }
        for event in rest {
            self.published(tenant, id, event);
        }
        self.look_for_hole(id);
        self.look_for_idleness(id);
    }
}
