//! The model of everything around the hub: the log, Redis, the reader of the news, the clients.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use discuss_domain::{ChannelId, Seq, TenantId};

use super::access::Bars;
use super::client::{Client, Reading, parse};
use super::log::Log;
use crate::hub::{Event, FetchId, Handle, Hub, Limits, Output, Page, Replay, SessionId, Turn};

pub(super) const CHANNELS: usize = 3;
pub(super) const USERS: usize = 3;

/// Two channels are of the first tenant, one of the second; users have the same ids in both.
pub(super) fn tenant(channel: ChannelId) -> TenantId {
    TenantId::from(if channel.get() <= 2 { 1 } else { 2 })
}

/// In the model a session is its number, and the channels that it may not hear.
#[derive(Clone)]
pub(super) struct Ear {
    pub(super) id: SessionId,
    pub(super) bars: Bars,
}

impl Handle for Ear {
    fn id(&self) -> SessionId {
        self.id
    }

    fn may_hear(&self, channel: ChannelId) -> bool {
        !self.bars.has(channel)
    }
}

/// What takes the hub's outputs.
pub(super) type Sink<'a> = &'a mut dyn FnMut(Output<'_, Ear, String>);

/// An output of the hub, as it was.
pub(super) enum Out {
    Deliver(SessionId, String),
    Added(SessionId, ChannelId),
    Fetch(ChannelId, FetchId, Seq),
    Follow(ChannelId),
    Unfollow(ChannelId),
    CatchUp(SessionId, ChannelId, Seq),
}

impl From<Output<'_, Ear, String>> for Out {
    fn from(output: Output<'_, Ear, String>) -> Self {
        match output {
            Output::Deliver { session, frame } | Output::Show { session, frame } => {
                Self::Deliver(session.id, frame.clone())
            }
            Output::Fetch {
                channel,
                fetch,
                after,
            } => Self::Fetch(channel, fetch, after),
            Output::Added { session, channel } => Self::Added(session.id, channel),
            Output::Follow { channel, .. } => Self::Follow(channel),
            Output::Unfollow { channel, .. } => Self::Unfollow(channel),
            Output::CatchUp {
                session,
                channel,
                after,
                ..
            } => Self::CatchUp(session, channel, after),
        }
    }
}

pub(super) struct World {
    pub(super) hub: Hub<Ear, String>,
    pub(super) now: Instant,
    pub(super) logs: Vec<Log>,
    pub(super) clients: Vec<Client>,
    pub(super) opened: u64,
    pub(super) subscribed: BTreeSet<ChannelId>,
    /// Published and not arrived.
    pub(super) published: Vec<(ChannelId, Event<String>)>,
    pub(super) subscribing: Vec<ChannelId>,
    pub(super) heads: Vec<(ChannelId, Seq)>,
    pub(super) fetches: Vec<(ChannelId, FetchId, Seq)>,
    pub(super) fetched: Vec<(ChannelId, FetchId, Page<String>)>,
    pub(super) news: Vec<(ChannelId, Vec<Event<String>>)>,
    /// Of whom it was to be asked whether they may hear what they were added to.
    pub(super) added: Vec<(SessionId, ChannelId)>,
}

impl World {
    pub(super) fn new() -> Self {
        let limits = Limits {
            early_events: 4,
            early_bytes: 18,
            recent_for: Duration::from_millis(80),
            recent_bytes: 24,
            join_events: 4,
            join_bytes: 12,
            linger: Duration::from_millis(100),
            ..Limits::default()
        };
        Self {
            hub: Hub::new(limits),
            now: Instant::now(),
            logs: (1_i64..)
                .take(CHANNELS)
                .map(|id| Log::new(ChannelId::from(id)))
                .collect(),
            clients: Vec::new(),
            opened: 0,
            subscribed: BTreeSet::new(),
            published: Vec::new(),
            subscribing: Vec::new(),
            heads: Vec::new(),
            fetches: Vec::new(),
            fetched: Vec::new(),
            news: Vec::new(),
            added: Vec::new(),
        }
    }

    pub(super) fn log(&self, channel: ChannelId) -> &Log {
        self.logs.iter().find(|log| log.channel == channel).unwrap()
    }

    /// Tells the hub something and does what it asks for.
    pub(super) fn turn(&mut self, input: impl FnOnce(&mut Turn<'_, Ear, String, Sink<'_>>)) {
        let ((), outputs) = self.ask(input);
        self.obey_all(outputs);
    }

    /// Asks the hub something: its answer, and what it asks for itself, which is not done yet.
    pub(super) fn ask<R>(
        &mut self,
        input: impl FnOnce(&mut Turn<'_, Ear, String, Sink<'_>>) -> R,
    ) -> (R, Vec<Out>) {
        let mut outputs = Vec::new();
        let mut collect = |output: Output<'_, Ear, String>| outputs.push(Out::from(output));
        let mut sink: Sink<'_> = &mut collect;
        let answer = input(&mut self.hub.turn(self.now, &mut sink));
        (answer, outputs)
    }

    pub(super) fn obey_all(&mut self, outputs: Vec<Out>) {
        for output in outputs {
            self.obey(output);
        }
    }

    fn obey(&mut self, output: Out) {
        match output {
            Out::Deliver(session, frame) => {
                let (channel, seq) = parse(&frame);
                let log = self.logs.iter().find(|log| log.channel == channel).unwrap();
                let client = self
                    .clients
                    .iter_mut()
                    .find(|client| client.id == session)
                    .unwrap();
                client.receive_live(log, seq);
            }
            Out::Added(session, channel) => self.added.push((session, channel)),
            Out::Fetch(channel, fetch, after) => self.fetches.push((channel, fetch, after)),
            Out::Follow(channel) => self.subscribing.push(channel),
            Out::Unfollow(channel) => {
                self.subscribing.retain(|other| *other != channel);
                self.subscribed.remove(&channel);
            }
            Out::CatchUp(session, channel, after) => {
                let client = self
                    .clients
                    .iter_mut()
                    .find(|client| client.id == session)
                    .unwrap();
                let replay = Replay::after(after);
                client
                    .readings
                    .insert(channel, Reading { replay, page: None });
            }
        }
    }
}
