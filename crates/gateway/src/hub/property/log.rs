//! The model's log of one channel.

use std::sync::Arc;

use discuss_domain::{ChannelId, Seq, UserId};

use crate::hub::{Effect, Event, MemberPage, Page};

/// How many events a page holds: few, so that a reading takes several.
const PAGE: usize = 3;

pub(super) struct Log {
    pub(super) channel: ChannelId,
    effects: Vec<Effect>,
    /// So many of the oldest events are gone.
    pruned: usize,
    /// The reader of the news has come so far.
    told: usize,
}

impl Log {
    pub(super) fn new(channel: ChannelId) -> Self {
        Self {
            channel,
            effects: Vec::new(),
            pruned: 0,
            told: 0,
        }
    }

    pub(super) fn append(&mut self, effect: Effect) -> Seq {
        self.effects.push(effect);
        self.head()
    }

    pub(super) fn add(&mut self, user: UserId) -> Option<Seq> {
        let newcomer = !self.has_member(user, self.head());
        newcomer.then(|| self.append(Effect::Adds(Arc::new([user]))))
    }

    pub(super) fn remove(&mut self, user: UserId) -> Option<Seq> {
        let member = self.has_member(user, self.head());
        member.then(|| self.append(Effect::Removes(Arc::new([user]))))
    }

    pub(super) fn head(&self) -> Seq {
        seq(self.effects.len())
    }

    pub(super) fn effect(&self, at: Seq) -> &Effect {
        &self.effects[index(at) - 1]
    }

    /// Whether the user is a member once the event of this seq has happened.
    pub(super) fn has_member(&self, user: UserId, at: Seq) -> bool {
        let deciding = self.effects[..index(at)].iter().rev();
        let mut deciding = deciding.filter(|effect| effect.adds(user) || effect.removes(user));
        deciding.next().is_some_and(|effect| effect.adds(user))
    }

    /// Whether an event after this seq makes the user a member again.
    pub(super) fn adds_after(&self, user: UserId, at: Seq) -> bool {
        self.effects[index(at)..]
            .iter()
            .any(|effect| effect.adds(user))
    }

    /// Whether an event after this seq removes the user.
    pub(super) fn removes_after(&self, user: UserId, at: Seq) -> bool {
        self.effects[index(at)..]
            .iter()
            .any(|effect| effect.removes(user))
    }

    pub(super) fn event(&self, at: Seq) -> Event<String> {
        Event {
            seq: at,
            effect: self.effect(at).clone(),
            frame: format!("{}:{at}", self.channel),
        }
    }

    pub(super) fn page(&self, after: Seq) -> Page<String> {
        let first = index(after).max(self.pruned) + 1;
        let seqs = (first..=self.effects.len()).take(PAGE);
        let events = seqs.map(|number| self.event(seq(number))).collect();
        Page {
            after,
            head: self.head(),
            events,
        }
    }

    pub(super) fn member_page(&self, user: UserId, after: Seq) -> MemberPage<String> {
        MemberPage {
            member: self.has_member(user, self.head()),
            page: self.page(after),
        }
    }

    /// Prunes what the reader of the news has told, up to the newest `keep`.
    pub(super) fn prune(&mut self, keep: usize) {
        let prunable = self.effects.len().saturating_sub(keep).min(self.told);
        self.pruned = self.pruned.max(prunable);
    }

    /// The newest events never were.
    pub(super) fn go_back(&mut self, events: usize) {
        let left = self.effects.len().saturating_sub(events);
        self.effects.truncate(left);
        self.told = self.told.min(left);
    }

    pub(super) fn is_told(&self) -> bool {
        self.told == self.effects.len()
    }

    /// The events since the reader's last pass.
    pub(super) fn take_news(&mut self) -> Vec<Event<String>> {
        let news = (self.told + 1..=self.effects.len())
            .map(|number| self.event(seq(number)))
            .collect();
        self.told = self.effects.len();
        news
    }
}

pub(super) fn seq(number: usize) -> Seq {
    Seq::from(i64::try_from(number).unwrap())
}

fn index(seq: Seq) -> usize {
    usize::try_from(seq.get()).unwrap()
}
