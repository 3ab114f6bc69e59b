//! What time does: holes are fetched, what was remembered is forgotten, idle channels are left.

use discuss_domain::ChannelId;

use super::event::Event;
use super::sessions::Handle;
use super::state::{Output, Turn};

impl<S, F, O> Turn<'_, S, F, O>
where
    S: Handle,
    F: AsRef<[u8]>,
    O: FnMut(Output<'_, S, F>),
{
    /// Time has passed.
    pub fn tick(&mut self) {
        self.fetch_holes();
        self.forget_recent();
        self.unfollow_idle();
    }

    fn fetch_holes(&mut self) {
        let holes: Vec<ChannelId> = self.hub.holes.iter().copied().collect();
        for id in holes {
            let Some(channel) = self.hub.channels.get(&id) else {
                continue;
            };
            if channel.hole.is_some_and(|hole| hole.due <= self.now) {
                self.fetch(id);
            }
        }
    }

    /// Asks the log what comes after the channel's position, unless it is being asked.
    pub(super) fn fetch(&mut self, id: ChannelId) {
        let fetch = self.hub.next_fetch();
        let Some(channel) = self.hub.channels.get_mut(&id) else {
            return;
        };
        if channel.fetch.is_some() {
            return;
        }
        channel.fetch = Some(fetch);
        let after = channel.position;
        self.hub.counters.fetches = self.hub.counters.fetches.saturating_add(1);
        (self.out)(Output::Fetch {
            channel: id,
            fetch,
            after,
        });
    }

    /// Keeps an event that was handed out for those who join a little behind.
    pub(super) fn remember(&mut self, id: ChannelId, event: Event<F>) {
        let hub = &mut *self.hub;
        hub.recent_bytes = hub.recent_bytes.saturating_add(event.frame.as_ref().len());
        hub.recent.push_back((self.now, id, event.seq));
        if let Some(channel) = hub.channels.get_mut(&id) {
            channel.remember(event);
        }
        if hub.recent_bytes > hub.limits.recent_bytes {
            self.forget_recent();
        }
    }

    fn forget_recent(&mut self) {
        let hub = &mut *self.hub;
        let limits = hub.limits;
        while let Some((at, id, seq)) = hub.recent.front().copied() {
            let old = self.now.saturating_duration_since(at) >= limits.recent_for;
            if !old && hub.recent_bytes <= limits.recent_bytes {
                return;
            }
            hub.recent.pop_front();
            let freed = hub
                .channels
                .get_mut(&id)
                .map_or(0, |channel| channel.forget_recent(seq));
            hub.recent_bytes = hub.recent_bytes.saturating_sub(freed);
        }
    }

    fn unfollow_idle(&mut self) {
        let linger = self.hub.limits.linger;
        while let Some((since, id)) = self
            .hub
            .idle
            .pop_front_if(|(since, _)| self.now.saturating_duration_since(*since) >= linger)
        {
            let Some(channel) = self.hub.channels.get_mut(&id) else {
                continue;
            };
            if channel.idle_since != Some(since) {
                continue;
            }
            if channel.hole.is_some() {
                // What is missing may add somebody: it comes first.
                channel.idle_since = Some(self.now);
                self.hub.idle.push_back((self.now, id));
            } else {
                self.unfollow(id);
            }
        }
    }

    fn unfollow(&mut self, id: ChannelId) {
        let Some(mut channel) = self.hub.channels.remove(&id) else {
            return;
        };
        let freed = channel.forget_recent(channel.position);
        self.hub.recent_bytes = self.hub.recent_bytes.saturating_sub(freed);
        self.hub.holes.remove(&id);
        (self.out)(Output::Unfollow {
            tenant: channel.tenant,
            channel: id,
        });
    }
}
