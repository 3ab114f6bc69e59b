//! The hub, cut into shards by channel, and what its outputs lead to.

use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Instant;

use discuss_app::Topic;
use discuss_domain::{ChannelId, Seq, TenantId, UserId};
use discuss_wire::fanout::FanoutEvent;
use tokio::sync::mpsc;

use crate::event_frame::Frame;
use crate::hub::{
    Counters, Effect, Event, FetchId, Hub, Leaving, Limits, Output, Page, Person, SessionId, Start,
    Turn,
};
use crate::session::Session;
use crate::topics::Topics;

mod audience;
mod obeying;

/// Shards at most. There are as many as processors: each has a lock of its own, and knows every session.
const MOST_SHARDS: usize = 16;

type Sink<'a> = &'a mut dyn FnMut(Output<'_, Arc<Session>, Frame>);

/// What the hub wants read from the log.
pub(crate) enum Task {
    /// For a channel with a hole; at most one a channel is under way.
    Fetch(ChannelId, FetchId, Seq),
    /// For a session that has an order; at most one a session is under way.
    Read(Arc<Session>),
    /// Whether a session may hear a channel that its person was added to.
    Ask(Arc<Session>, ChannelId),
}

/// All shards of the hub.
pub(crate) struct Hubs {
    shards: Vec<Mutex<Hub<Arc<Session>, Frame>>>,
    topics: Arc<Topics>,
    tasks: mpsc::UnboundedSender<Task>,
    /// Channels that are followed since the log was looked at last.
    followed_lately: Mutex<Vec<ChannelId>>,
}

impl Hubs {
    /// Empty shards; what they want subscribed goes to `topics`, what they want read to `tasks`.
    pub(crate) fn new(topics: Arc<Topics>, tasks: mpsc::UnboundedSender<Task>) -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        let shard = |_| Mutex::new(Hub::new(Limits::default()));
        Self {
            shards: (0..processors.min(MOST_SHARDS)).map(shard).collect(),
            topics,
            tasks,
            followed_lately: Mutex::default(),
        }
    }

    /// The channels that are followed since this was asked last: what was committed in them before is
    /// no news any more, so their heads must be read once.
    pub(crate) fn take_followed_lately(&self) -> Vec<ChannelId> {
        let lately = self.followed_lately.lock();
        std::mem::take(&mut *lately.unwrap_or_else(PoisonError::into_inner))
    }

    /// A session opened: whatever its person is added to from now on is noted for it.
    pub(crate) fn open(&self, session: &Arc<Session>) {
        self.topics.want(user_topic(session.person));
        self.topics.want(Topic::Presence(session.person.tenant));
        for shard in &self.shards {
            self.on(shard, |turn| {
                turn.open(session.id, session.person, Arc::clone(session));
            });
        }
    }

    /// The session starts in these channels.
    pub(crate) fn start(&self, session: SessionId, channels: &[(ChannelId, Start)]) {
        for (index, shard) in self.shards.iter().enumerate() {
            let of_shard: Vec<_> = channels
                .iter()
                .filter(|(channel, _)| self.shard_of(*channel) == index)
                .copied()
                .collect();
            self.on(shard, |turn| turn.start(session, &of_shard));
        }
    }

    /// The session is gone.
    pub(crate) fn close(&self, session: &Session) {
        for shard in &self.shards {
            self.on(shard, |turn| turn.close(session.id));
        }
        self.topics.unwant(user_topic(session.person));
        self.topics.unwant(Topic::Presence(session.person.tenant));
    }

    /// The session reads the channel's log by itself.
    pub(crate) fn withdraw(&self, session: SessionId, channel: ChannelId) {
        self.at(channel, |turn| turn.withdraw(session, channel));
    }

    /// The session has everything up to `at`; answers how far it has come when it is live.
    pub(crate) fn join(&self, session: SessionId, channel: ChannelId, at: Seq) -> Option<Seq> {
        self.at(channel, |turn| turn.join(session, channel, at))
    }

    /// The session wants to hear the channel, whose log reached `at`; `from` is told after which seq it does. Answers
    /// whether it does.
    pub(crate) fn subscribe(
        &self,
        session: SessionId,
        channel: ChannelId,
        at: Seq,
        from: impl FnOnce(Seq),
    ) -> bool {
        self.at(channel, |turn| turn.subscribe(session, channel, at, from))
    }

    /// The session has everything up to the first seq; the log reaches the second.
    pub(crate) fn rejoin(
        &self,
        session: SessionId,
        channel: ChannelId,
        seqs: (Seq, Seq),
    ) -> Option<Seq> {
        self.at(channel, |turn| turn.rejoin(session, channel, seqs))
    }

    /// The session's person is no member.
    pub(crate) fn refuse(&self, session: SessionId, channel: ChannelId, as_of: Seq) {
        self.at(channel, |turn| turn.refuse(session, channel, as_of));
    }

    /// The session reads the channel no more, which it may not hear.
    pub(crate) fn silence(&self, session: SessionId, channel: ChannelId, as_of: Seq) {
        self.at(channel, |turn| turn.silence(session, channel, as_of));
    }

    /// An event came.
    pub(crate) fn published(&self, tenant: TenantId, event: &FanoutEvent) {
        let channel = event.channel;
        let event = self::event(event);
        self.at(channel, |turn| turn.published(tenant, channel, event));
    }

    /// The log reaches this seq.
    pub(crate) fn log_at(&self, channel: ChannelId, head: Seq) {
        self.at(channel, |turn| turn.log_at(channel, head));
    }

    /// The log was read, and reached this seq.
    pub(crate) fn log_read_at(&self, channel: ChannelId, head: Seq) {
        self.at(channel, |turn| turn.log_read_at(channel, head));
    }

    /// A fetch was answered.
    pub(crate) fn page(&self, channel: ChannelId, fetch: FetchId, page: Page<Frame>) {
        self.at(channel, |turn| turn.page(channel, fetch, page));
    }

    /// A fetch failed.
    pub(crate) fn fetch_failed(&self, channel: ChannelId, fetch: FetchId) {
        self.at(channel, |turn| turn.fetch_failed(channel, fetch));
    }

    /// State without a seq, for everybody in the channel.
    pub(crate) fn notice(&self, channel: ChannelId, frame: &Frame) {
        self.at(channel, |turn| turn.notice(channel, frame));
    }

    /// State without a seq, for one person.
    pub(crate) fn notice_person(&self, person: Person, frame: &Frame) {
        if let Some(shard) = self.shards.first() {
            self.on(shard, |turn| turn.notice_person(person, frame));
        }
    }

    /// What somebody does in a channel, for all others in it.
    pub(crate) fn notice_others(&self, channel: ChannelId, user: UserId, frame: &Frame) {
        self.at(channel, |turn| turn.notice_others(channel, user, frame));
    }

    /// The session wants nothing more of the channel.
    pub(crate) fn leave(&self, session: SessionId, channel: ChannelId) -> Leaving {
        self.at(channel, |turn| turn.leave(session, channel))
    }

    /// The session gets nothing more of the channel if it may not hear it.
    pub(crate) fn leave_unless_it_may_hear(
        &self,
        session: SessionId,
        channel: ChannelId,
    ) -> Leaving {
        self.at(channel, |turn| {
            turn.leave_unless_it_may_hear(session, channel)
        })
    }

    /// Whether the session's person is in the channel, as far as it is known here.
    pub(crate) fn is_in(&self, session: SessionId, channel: ChannelId) -> bool {
        self.at(channel, |turn| turn.is_in(session, channel))
    }

    /// How many sessions a person has in this process.
    pub(crate) fn count_of(&self, person: Person) -> usize {
        let first = self.shards.first();
        first.map_or(0, |shard| self.on(shard, |turn| turn.count_own(person)))
    }

    /// Time has passed; answers what happened meanwhile.
    pub(crate) fn tick(&self) -> Vec<Counters> {
        let tick = |shard| {
            self.on(shard, |turn| {
                turn.tick();
                turn.take_counters()
            })
        };
        self.shards.iter().map(tick).collect()
    }

    /// The channels that are followed.
    pub(crate) fn followed(&self) -> Vec<ChannelId> {
        let ids = |shard: &Mutex<Hub<_, _>>| {
            let hub = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let ids = hub.followed().map(|(_, channel)| channel);
            ids.collect::<Vec<_>>()
        };
        self.shards.iter().flat_map(ids).collect()
    }

    /// Whether a started session of this member of the channel has no place in it.
    pub(crate) fn lacks(&self, person: Person, channel: ChannelId) -> bool {
        self.at(channel, |turn| turn.lacks(person, channel))
    }

    fn at<R>(
        &self,
        channel: ChannelId,
        input: impl FnOnce(&mut Turn<'_, Arc<Session>, Frame, Sink<'_>>) -> R,
    ) -> R
    where
        R: Default,
    {
        self.shards
            .get(self.shard_of(channel))
            .map_or_else(R::default, |shard| self.on(shard, input))
    }

    /// Which of the shards has the channel.
    fn shard_of(&self, channel: ChannelId) -> usize {
        usize::try_from(channel.get()).unwrap_or_default() % self.shards.len()
    }

    fn on<R>(
        &self,
        shard: &Mutex<Hub<Arc<Session>, Frame>>,
        input: impl FnOnce(&mut Turn<'_, Arc<Session>, Frame, Sink<'_>>) -> R,
    ) -> R {
        let mut obey = |output: Output<'_, Arc<Session>, Frame>| self.obey(&output);
        let mut sink: Sink<'_> = &mut obey;
        let mut hub = shard.lock().unwrap_or_else(PoisonError::into_inner);
        input(&mut hub.turn(Instant::now(), &mut sink))
    }
}

/// What is published, as the hub takes it.
pub(crate) fn event(event: &FanoutEvent) -> Event<Frame> {
    Event {
        seq: event.seq,
        effect: event
            .kind
            .map_or(Effect::Nothing, |kind| Effect::of(kind, &event.users)),
        frame: Frame::text(&event.frame),
    }
}

fn user_topic(person: Person) -> Topic {
    Topic::User(person.tenant, person.user)
}
