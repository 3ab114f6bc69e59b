//! The hub's whole state, what it is asked for and what it asks for.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use discuss_domain::{ChannelId, Seq, TenantId};

use super::channel::{Channel, Hole};
use super::sessions::{Handle, Registry, SessionId};

/// The bounds of a hub.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A hole waits this long for a late event before the log is asked.
    pub hole_wait: Duration,
    /// After a failed fetch, this long until the next.
    pub retry_wait: Duration,
    /// Events of one channel that may wait for their turn.
    pub early_events: usize,
    /// Bytes of one channel that may wait for their turn.
    pub early_bytes: usize,
    /// Events handed out are remembered for so long, for those who join a little behind.
    pub recent_for: Duration,
    /// Bytes remembered, all channels together.
    pub recent_bytes: usize,
    /// So many remembered events are handed to a session that joins behind the hub; beyond that it
    /// reads the log, since what is handed out counts against its queue's bound.
    pub join_events: i64,
    /// And so many bytes of them.
    pub join_bytes: usize,
    /// A channel without a listener is followed for so long.
    pub linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hole_wait: Duration::from_millis(30),
            retry_wait: Duration::from_millis(200),
            early_events: 1_024,
            early_bytes: 1 << 20,
            recent_for: Duration::from_secs(3),
            recent_bytes: 8 << 20,
            join_events: 200,
            join_bytes: 256 << 10,
            linger: Duration::from_secs(10),
        }
    }
}

/// Names one fetch, so that an answer that comes too late is known as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FetchId(u64);

/// What the hub wants done.
#[derive(Debug)]
pub enum Output<'a, S, F> {
    /// Send this frame to this session.
    Deliver {
        /// The session's handle.
        session: &'a S,
        /// The frame.
        frame: &'a F,
    },
    /// Show this frame to this session, unless too much waits for it already.
    Show {
        /// The session's handle.
        session: &'a S,
        /// The frame.
        frame: &'a F,
    },
    /// Read the log after this seq and answer with [`Turn::page`] or [`Turn::fetch_failed`].
    Fetch {
        /// The channel.
        channel: ChannelId,
        /// To be given back with the answer.
        fetch: FetchId,
        /// The first seq wanted is the next one.
        after: Seq,
    },
    /// Subscribe to the channel, then say where the log stands ([`Turn::log_at`]).
    Follow {
        /// The channel's tenant.
        tenant: TenantId,
        /// The channel.
        channel: ChannelId,
    },
    /// Subscribe no longer.
    Unfollow {
        /// The channel's tenant.
        tenant: TenantId,
        /// The channel.
        channel: ChannelId,
    },
    /// The session is behind the hub: let it read the log ([`super::Replay`]) after this seq, then
    /// [`Turn::join`] or [`Turn::refuse`].
    CatchUp {
        /// The session.
        session: SessionId,
        /// Its handle.
        handle: &'a S,
        /// The channel.
        channel: ChannelId,
        /// What it has.
        after: Seq,
    },
    /// An event adds the session's person to the channel: it hears it from now on, if it may.
    Added {
        /// The session's handle.
        session: &'a S,
        /// The channel.
        channel: ChannelId,
    },
}

/// How a session starts in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Its person is a member as of this seq, and it has everything up to here.
    At(Seq),
    /// It reads the log by itself first.
    Reading,
    /// Its person is a member as of this seq, but it gets nothing of it until it joins.
    Narrowed(Seq),
}

/// What became of a session's wish to hear nothing more of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Leaving {
    /// It hears nothing more.
    Done,
    /// It heard nothing before.
    Quiet,
    /// It has not started, or reads what it missed: afterwards, please.
    Busy,
    /// It is not in the channel.
    #[default]
    Unknown,
}

/// What happened since they were last taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames handed to sessions.
    pub deliveries: u64,
    /// Events that had been seen before.
    pub doubles: u64,
    /// Holes that opened.
    pub holes: u64,
    /// Times that too many early events waited.
    pub overflows: u64,
    /// Fetches asked for.
    pub fetches: u64,
    /// Events that came from a fetch.
    pub repaired: u64,
    /// Times that the log no longer had what the hub missed.
    pub lost: u64,
}

/// The hub. `S` is a session's handle, `F` a frame.
pub struct Hub<S, F> {
    pub(super) limits: Limits,
    pub(super) channels: HashMap<ChannelId, Channel<S, F>>,
    pub(super) sessions: Registry<S>,
    /// The channels with a hole.
    pub(super) holes: BTreeSet<ChannelId>,
    /// What the channels remember, oldest first.
    pub(super) recent: VecDeque<(Instant, ChannelId, Seq)>,
    pub(super) recent_bytes: usize,
    /// The channels that fell idle, oldest first.
    pub(super) idle: VecDeque<(Instant, ChannelId)>,
    pub(super) counters: Counters,
    fetches: u64,
}

impl<S, F> Hub<S, F> {
    /// An empty hub.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            channels: HashMap::new(),
            sessions: Registry::new(),
            holes: BTreeSet::new(),
            recent: VecDeque::new(),
            recent_bytes: 0,
            idle: VecDeque::new(),
            counters: Counters::default(),
            fetches: 0,
        }
    }

    /// Begins to tell the hub something: `now` is the time, `out` does what it asks for.
    pub fn turn<'a, O>(&'a mut self, now: Instant, out: &'a mut O) -> Turn<'a, S, F, O>
    where
        O: FnMut(Output<'_, S, F>),
    {
        Turn {
            hub: self,
            now,
            out,
        }
    }

    /// The channels that are followed.
    pub fn followed(&self) -> impl Iterator<Item = (TenantId, ChannelId)> {
        self.channels
            .iter()
            .map(|(id, channel)| (channel.tenant, *id))
    }

    /// How far the channel has come, when it is followed.
    #[must_use]
    pub fn position(&self, channel: ChannelId) -> Option<Seq> {
        self.channels.get(&channel).map(|channel| channel.position)
    }

    /// Whether a channel misses something.
    #[must_use]
    pub fn has_holes(&self) -> bool {
        !self.holes.is_empty()
    }

    /// What happened since the last call.
    pub fn take_counters(&mut self) -> Counters {
        std::mem::take(&mut self.counters)
    }

    pub(super) fn next_fetch(&mut self) -> FetchId {
        self.fetches = self.fetches.saturating_add(1);
        FetchId(self.fetches)
    }
}

/// One turn of the hub: its methods are the hub's inputs.
pub struct Turn<'a, S, F, O> {
    pub(super) hub: &'a mut Hub<S, F>,
    pub(super) now: Instant,
    pub(super) out: &'a mut O,
}

impl<S, F, O> Turn<'_, S, F, O>
where
    S: Handle,
    F: AsRef<[u8]>,
    O: FnMut(Output<'_, S, F>),
{
    /// The channel's state; one that was unknown starts at `position` and is followed from now on.
    pub(super) fn follow(&mut self, tenant: TenantId, id: ChannelId, position: Seq) {
        if self.hub.channels.contains_key(&id) {
            return;
        }
        self.hub.channels.insert(id, Channel::new(tenant, position));
        (self.out)(Output::Follow {
            tenant,
            channel: id,
        });
    }

    /// Opens, keeps or closes the channel's hole, after its position or head changed.
    pub(super) fn look_for_hole(&mut self, id: ChannelId) {
        let Some(channel) = self.hub.channels.get_mut(&id) else {
            return;
        };
        if channel.head <= channel.position {
            channel.hole = None;
            self.hub.holes.remove(&id);
            return;
        }
        if channel
            .hole
            .is_some_and(|hole| hole.after == channel.position)
        {
            return;
        }
        let due = self.now + self.hub.limits.hole_wait;
        channel.hole = Some(Hole {
            after: channel.position,
            due,
        });
        self.hub.holes.insert(id);
        self.hub.counters.holes = self.hub.counters.holes.saturating_add(1);
    }

    /// Sets when the log is asked for what the channel's hole misses.
    pub(super) fn fetch_at(&mut self, id: ChannelId, due: Instant) {
        if let Some(hole) = self
            .hub
            .channels
            .get_mut(&id)
            .and_then(|channel| channel.hole.as_mut())
        {
            hole.due = due;
        }
    }
}
