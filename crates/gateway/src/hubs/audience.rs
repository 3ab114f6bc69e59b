//! Whom something concerns.

use std::collections::BTreeMap;
use std::sync::Arc;

use discuss_domain::ChannelId;

use super::Hubs;
use crate::event_frame::Frame;
use crate::hub::{Person, SessionId};
use crate::session::Session;

impl Hubs {
    /// Whether somebody is there, for themselves and who is in one of these channels: once each.
    pub(crate) fn show(&self, person: Person, channels: &[ChannelId], frame: &Frame) {
        let mut sessions = self.sessions_in(channels);
        if let Some(shard) = self.shards.first() {
            self.on(shard, |turn| turn.add_own(person, &mut sessions));
        }
        for session in sessions.values() {
            session.outgoing.push_spare(frame);
        }
    }

    /// The sessions that hear one of the channels.
    pub(crate) fn sessions_in(&self, channels: &[ChannelId]) -> BTreeMap<SessionId, Arc<Session>> {
        let mut sessions = BTreeMap::new();
        for channel in channels {
            self.at(*channel, |turn| turn.add_live(*channel, &mut sessions));
        }
        sessions
    }

    /// The sessions whose person is in the channel, and those that have not started.
    pub(crate) fn sessions_about(&self, channel: ChannelId) -> BTreeMap<SessionId, Arc<Session>> {
        let mut sessions = BTreeMap::new();
        self.at(channel, |turn| turn.add_about(channel, &mut sessions));
        sessions
    }

    /// The sessions that have not started.
    pub(crate) fn unstarted(&self) -> BTreeMap<SessionId, Arc<Session>> {
        let mut sessions = BTreeMap::new();
        if let Some(shard) = self.shards.first() {
            self.on(shard, |turn| turn.add_unstarted(&mut sessions));
        }
        sessions
    }
}
