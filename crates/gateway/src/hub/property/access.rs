//! Access to records in the model: who may not hear a channel is told so and hears no more, until they may.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use discuss_domain::{ChannelId, Seq};

use super::client::{Client, Has};
use super::happenings::choose;
use super::world::{World, tenant};
use crate::hub::Leaving;

/// The channels that a session may not hear, and how far their logs had come when that was answered. The hub asks the
/// same ones.
#[derive(Clone, Default)]
pub(super) struct Bars(Rc<RefCell<BTreeMap<ChannelId, Seq>>>);

impl Bars {
    pub(super) fn has(&self, channel: ChannelId) -> bool {
        self.0.borrow().contains_key(&channel)
    }

    pub(super) fn all(&self) -> BTreeMap<ChannelId, Seq> {
        self.0.borrow().clone()
    }
}

/// What answers about access have changed for a session.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) bars: Bars,
    /// It hears them, and is to be told that it may not.
    pub(super) closing: Vec<ChannelId>,
    /// It does not hear them, and may again.
    pub(super) returning: BTreeMap<ChannelId, Seq>,
}

impl World {
    /// The record's service answers for a member of the channel that they may see it, or that they may not.
    pub(super) fn answer_about(&mut self, at: usize, channel: usize, may_hear: bool) {
        let log = &self.logs[channel];
        let (channel, head) = (log.channel, log.head());
        let Some(Client {
            user,
            tenant: of,
            access,
            ..
        }) = choose(&mut self.clients, at)
        else {
            return;
        };
        if *of != tenant(channel) || !log.has_member(*user, head) {
            return;
        }
        let mut bars = access.bars.0.borrow_mut();
        if may_hear && bars.remove(&channel).is_some() {
            access.returning.insert(channel, head);
        } else if !may_hear && bars.insert(channel, head).is_none() {
            access.returning.remove(&channel);
            access.closing.push(channel);
        }
    }

    /// What was answered for a session is carried out, as far as it can be by now.
    pub(super) fn enact(&mut self, at: usize) {
        let Some(client) = choose(&mut self.clients, at) else {
            return;
        };
        let closing = std::mem::take(&mut client.access.closing);
        let returning = client.access.returning.clone();
        for channel in closing {
            self.close_to(at, channel);
        }
        for (channel, head) in returning {
            self.let_in(at, (channel, head));
        }
    }

    fn close_to(&mut self, at: usize, channel: ChannelId) {
        let Some(id) = choose(&mut self.clients, at).map(|client| client.id) else {
            return;
        };
        let (leaving, outputs) = self.ask(|turn| turn.leave_unless_it_may_hear(id, channel));
        if let Some(client) = choose(&mut self.clients, at) {
            match leaving {
                Leaving::Done => client.receive_denial(channel),
                Leaving::Busy => client.access.closing.push(channel),
                Leaving::Quiet | Leaving::Unknown => {}
            }
        }
        self.obey_all(outputs);
    }

    fn let_in(&mut self, at: usize, (channel, head): (ChannelId, Seq)) {
        let Some(id) = choose(&mut self.clients, at).map(|client| client.id) else {
            return;
        };
        let mut told = None;
        let (_, outputs) =
            self.ask(|turn| turn.subscribe(id, channel, head, |from| told = Some(from)));
        if let (Some(from), Some(client)) = (told, choose(&mut self.clients, at)) {
            client.access.returning.remove(&channel);
            client.receive_subscribed(channel, from);
        }
        self.obey_all(outputs);
    }
}

impl Client {
    /// Whether it may not hear the channel.
    pub(super) fn is_barred(&self, channel: ChannelId) -> bool {
        self.access.bars.has(channel)
    }

    /// The client is told that it may not hear a channel that it hears.
    fn receive_denial(&mut self, channel: ChannelId) {
        let Some(Has::All(last)) = self.has.get(&channel).copied() else {
            panic!("{self:?} was told that it may not hear {channel}");
        };
        self.has.insert(channel, Has::Quiet(last));
    }
}
