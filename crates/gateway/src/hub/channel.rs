//! One channel as the hub sees it: how far it has come, what waits, who listens.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use discuss_domain::{Seq, TenantId};

use super::event::Event;
use super::sessions::{Handle, SessionId};
use super::state::{FetchId, Limits};

/// A channel with, now or lately, a local member.
pub(super) struct Channel<S, F> {
    pub(super) tenant: TenantId,
    /// The newest seq handed out.
    pub(super) position: Seq,
    /// The newest seq known to exist.
    pub(super) head: Seq,
    /// The hole after `position`, when `head` is beyond it.
    pub(super) hole: Option<Hole>,
    /// The fetch that is under way.
    pub(super) fetch: Option<FetchId>,
    /// Since when nobody listens.
    pub(super) idle_since: Option<Instant>,
    early: BTreeMap<Seq, Event<F>>,
    early_bytes: usize,
    /// The newest events, without a hole, up to `position`: for those who join a little behind.
    recent: VecDeque<Event<F>>,
    /// In the order of session ids.
    live: Vec<Live<S>>,
}

/// A missing seq.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hole {
    /// The hub stood here when it opened.
    pub(super) after: Seq,
    /// When the log is asked.
    pub(super) due: Instant,
}

/// A session that gets what the channel hands out.
pub(super) struct Live<S> {
    pub(super) handle: S,
    /// It has everything up to here already.
    pub(super) from: Seq,
}

/// What became of an event that came before its turn.
pub(super) enum Early<F> {
    Waits,
    Double,
    /// Too many wait: these are forgotten, the log has them.
    Overflow(Vec<Event<F>>),
}

impl<S: Handle, F: AsRef<[u8]>> Channel<S, F> {
    pub(super) fn new(tenant: TenantId, position: Seq) -> Self {
        Self {
            tenant,
            position,
            head: position,
            hole: None,
            fetch: None,
            idle_since: None,
            early: BTreeMap::new(),
            early_bytes: 0,
            recent: VecDeque::new(),
            live: Vec::new(),
        }
    }

    /// Keeps an event whose turn has not come.
    pub(super) fn wait(&mut self, event: Event<F>, limits: &Limits) -> Early<F> {
        self.head = self.head.max(event.seq);
        if self.early.contains_key(&event.seq) {
            return Early::Double;
        }
        self.early_bytes = self.early_bytes.saturating_add(event.frame.as_ref().len());
        self.early.insert(event.seq, event);
        if self.early.len() > limits.early_events || self.early_bytes > limits.early_bytes {
            return Early::Overflow(self.take_early());
        }
        Early::Waits
    }

    /// The waiting event whose turn has come. Those whose turn is over are dropped.
    pub(super) fn take_next(&mut self) -> Option<Event<F>> {
        loop {
            let entry = self.early.first_entry()?;
            if *entry.key() > self.position.next() {
                return None;
            }
            let event = entry.remove();
            self.early_bytes = self.early_bytes.saturating_sub(event.frame.as_ref().len());
            if event.seq == self.position.next() {
                return Some(event);
            }
        }
    }

    fn take_early(&mut self) -> Vec<Event<F>> {
        self.early_bytes = 0;
        std::mem::take(&mut self.early).into_values().collect()
    }

    /// Starts anew at `position`, with nothing waiting and nothing remembered; answers what waited.
    pub(super) fn jump(&mut self, position: Seq) -> Vec<Event<F>> {
        self.recent.clear();
        self.position = position;
        self.head = position;
        self.hole = None;
        self.take_early()
    }

    /// Remembers an event that was just handed out.
    pub(super) fn remember(&mut self, event: Event<F>) {
        self.recent.push_back(event);
    }

    /// Forgets the remembered events up to `seq`; answers how many bytes they held.
    pub(super) fn forget_recent(&mut self, seq: Seq) -> usize {
        let mut freed: usize = 0;
        while let Some(event) = self.recent.pop_front_if(|event| event.seq <= seq) {
            freed = freed.saturating_add(event.frame.as_ref().len());
        }
        freed
    }

    /// The events after `after` up to the position, when they are few and small and all of them remembered.
    pub(super) fn recent_after(
        &self,
        after: Seq,
        limits: &Limits,
    ) -> Option<impl Iterator<Item = &Event<F>>> {
        if after >= self.position {
            return Some(self.recent.range(self.recent.len()..));
        }
        let count = self.position.get().saturating_sub(after.get());
        let few = usize::try_from(count)
            .ok()
            .filter(|_| count <= limits.join_events)?;
        let first = self.recent.len().checked_sub(few)?;
        let bytes = self
            .recent
            .range(first..)
            .map(|event| event.frame.as_ref().len());
        (bytes.sum::<usize>() <= limits.join_bytes).then(|| self.recent.range(first..))
    }

    pub(super) fn live(&self) -> &[Live<S>] {
        &self.live
    }

    pub(super) fn find_live(&self, id: SessionId) -> Option<&Live<S>> {
        let index = self
            .live
            .binary_search_by_key(&id, |live| live.handle.id())
            .ok()?;
        self.live.get(index)
    }

    pub(super) fn insert_live(&mut self, live: Live<S>) {
        self.idle_since = None;
        let id = live.handle.id();
        if let Err(index) = self
            .live
            .binary_search_by_key(&id, |other| other.handle.id())
        {
            if self.live.len() == self.live.capacity() {
                // Doubled, ten thousand sockets in thirty channels each would hold as much again for nothing.
                self.live.reserve_exact(4 + self.live.len() / 8);
            }
            self.live.insert(index, live);
        }
    }

    pub(super) fn remove_live(&mut self, id: SessionId) -> Option<Live<S>> {
        let index = self
            .live
            .binary_search_by_key(&id, |live| live.handle.id())
            .ok()?;
        Some(self.live.remove(index))
    }

    pub(super) fn take_live(&mut self) -> Vec<Live<S>> {
        std::mem::take(&mut self.live)
    }
}
