//! What the sessions of the model do.

use discuss_domain::{ChannelId, Seq, TenantId, UserId};

use super::client::{Client, Has};
use super::happenings::{choose, take};
use super::world::{Ear, World, tenant};
use crate::hub::{Leaving, Person, SessionId, Start, Step};

/// How a session starts in its first channel.
#[derive(Clone, Copy)]
pub(super) enum Beginning {
    /// It resumes so far back, or not at all.
    Resumes(Option<i64>),
    /// It may not hear it.
    Narrowed,
}

impl World {
    pub(super) fn open(&mut self, user: UserId) {
        self.opened += 1;
        let id = SessionId::from(self.opened);
        // Odd sessions are of the first tenant.
        let tenant = TenantId::from(if self.opened % 2 == 1 { 1 } else { 2 });
        let client = Client::new(id, tenant, user);
        let bars = client.access.bars.clone();
        self.clients.push(client);
        self.turn(|turn| turn.open(id, Person { tenant, user }, Ear { id, bars }));
    }

    pub(super) fn load(&mut self, at: usize) {
        let Some(client) = choose(&mut self.clients, at).filter(|client| client.loaded.is_none())
        else {
            return;
        };
        let logs = self
            .logs
            .iter()
            .filter(|log| tenant(log.channel) == client.tenant);
        let member = logs.filter(|log| log.has_member(client.user, log.head()));
        client.loaded = Some(member.map(|log| (log.channel, log.head())).collect());
    }

    pub(super) fn start(&mut self, at: usize, beginning: Beginning) {
        let Some(client) = choose(&mut self.clients, at).filter(|client| !client.started) else {
            return;
        };
        let Some(loaded) = client.loaded.clone() else {
            return;
        };
        client.started = true;
        client.has = loaded
            .iter()
            .map(|(channel, seq)| (*channel, Has::All(*seq)))
            .collect();
        let mut starts: Vec<_> = loaded
            .iter()
            .map(|(channel, seq)| (*channel, Start::At(*seq)))
            .collect();
        if let Some((channel, start)) = starts.first_mut() {
            let at = loaded[0].1;
            match beginning {
                Beginning::Resumes(Some(back)) => {
                    *start = Start::Reading;
                    client.read_from(*channel, Seq::from((at.get() - back).max(0)));
                }
                Beginning::Resumes(None) => {}
                Beginning::Narrowed => {
                    *start = Start::Narrowed(at);
                    client.has.insert(*channel, Has::Quiet(at));
                }
            }
        }
        for (channel, at) in client.access.bars.all() {
            starts.retain(|(other, _)| *other != channel);
            starts.push((channel, Start::Narrowed(at)));
            client.receive_silence(channel, at);
        }
        let id = client.id;
        self.turn(|turn| turn.start(id, &starts));
    }

    pub(super) fn resume(&mut self, at: usize, channel: usize, back: i64) {
        let log = &self.logs[channel];
        let Some(client) = choose(&mut self.clients, at) else {
            return;
        };
        if !client.started || tenant(log.channel) != client.tenant {
            return;
        }
        let from = Seq::from((log.head().get() - back).max(0));
        let head = log.head();
        let is_member = log.has_member(client.user, head);
        let may_join = is_member && log.has_member(client.user, from);
        let (id, channel) = (client.id, log.channel);
        if client.is_barred(channel) {
            if is_member {
                client.receive_silence(channel, head);
                self.turn(|turn| {
                    turn.withdraw(id, channel);
                    turn.silence(id, channel, head);
                });
            }
            return;
        }
        if is_member {
            client.access.returning.remove(&channel);
        }
        client.read_from(channel, from);
        if may_join {
            // What the hub remembers is enough, or the hub says that it is not.
            client.readings.remove(&channel);
        }
        self.turn(|turn| {
            turn.withdraw(id, channel);
            if may_join {
                turn.rejoin(id, channel, (from, head));
            }
        });
    }

    pub(super) fn look(&mut self, at: usize, channel: usize) {
        let log = &self.logs[channel];
        if let Some(client) = choose(&mut self.clients, at)
            && tenant(log.channel) == client.tenant
            && log.has_member(client.user, log.head())
        {
            client.wanted = Some((log.channel, log.head()));
        }
    }

    pub(super) fn hear(&mut self, at: usize) {
        let Some(client) = choose(&mut self.clients, at) else {
            return;
        };
        let Some((channel, seq)) = client.wanted.take() else {
            return;
        };
        let (id, mut told) = (client.id, None);
        let (hears, outputs) =
            self.ask(|turn| turn.subscribe(id, channel, seq, |from| told = Some(from)));
        assert_eq!(hears, told.is_some());
        if let (Some(from), Some(client)) = (told, choose(&mut self.clients, at)) {
            client.access.returning.remove(&channel);
            client.receive_subscribed(channel, from);
        }
        self.obey_all(outputs);
    }

    pub(super) fn leave(&mut self, at: usize, channel: usize) {
        let channel = self.logs[channel].channel;
        let Some(id) = choose(&mut self.clients, at)
            .filter(|client| tenant(channel) == client.tenant && !client.is_barred(channel))
            .map(|client| client.id)
        else {
            return;
        };
        let (leaving, outputs) = self.ask(|turn| turn.leave(id, channel));
        if let Some(client) = choose(&mut self.clients, at) {
            let log = self.logs.iter().find(|log| log.channel == channel).unwrap();
            if matches!(leaving, Leaving::Done | Leaving::Quiet) {
                client.access.returning.remove(&channel);
            }
            client.receive_left(log, leaving);
        }
        self.obey_all(outputs);
    }

    pub(super) fn close(&mut self, at: usize) {
        if let Some(client) = take(&mut self.clients, at) {
            self.turn(|turn| turn.close(client.id));
        }
    }

    pub(super) fn read(&mut self, at: usize) {
        for client in &mut self.clients {
            for (channel, reading) in client.readings.iter_mut().skip(at % 2) {
                let log = self
                    .logs
                    .iter()
                    .find(|log| log.channel == *channel)
                    .unwrap();
                let after = reading.replay.wants_after();
                reading
                    .page
                    .get_or_insert_with(|| log.member_page(client.user, after));
            }
        }
    }

    pub(super) fn silence(&mut self, at: usize) {
        let Some(client) = choose(&mut self.clients, at) else {
            return;
        };
        if let Some((channel, page)) = client.take_page().filter(|(_, page)| page.member) {
            self.turn_away(at, (channel, page.page.head));
        }
    }

    fn turn_away(&mut self, at: usize, (channel, as_of): (ChannelId, Seq)) {
        if let Some(client) = choose(&mut self.clients, at) {
            let id = client.id;
            client.receive_silence(channel, as_of);
            self.turn(|turn| turn.silence(id, channel, as_of));
        }
    }

    pub(super) fn answer(&mut self, session: usize) {
        let Some(client) = choose(&mut self.clients, session) else {
            return;
        };
        let Some((channel, page)) = client.take_page() else {
            return;
        };
        let (id, head) = (client.id, page.page.head);
        if page.member && client.is_barred(channel) {
            self.turn_away(session, (channel, head));
            return;
        }
        let log = self.logs.iter().find(|log| log.channel == channel).unwrap();
        let step = client.readings.get_mut(&channel).unwrap().replay.step(page);
        match step {
            Step::Refused { as_of } => {
                client.receive_refusal(channel, as_of);
                self.turn(|turn| turn.refuse(id, channel, as_of));
            }
            Step::Continue(frames) => client.receive_read(log, &frames),
            Step::Join(frames, at) => {
                assert_eq!(at, head);
                client.receive_read(log, &frames);
                self.join(session, (channel, at));
                if frames.is_empty() {
                    self.turn(|turn| turn.log_read_at(channel, at));
                }
            }
            Step::Gap { from, to } => {
                client.receive_gap(channel, from, to);
                self.join(session, (channel, to));
            }
        }
    }

    fn join(&mut self, at: usize, (channel, seq): (ChannelId, Seq)) {
        let Some(client) = choose(&mut self.clients, at) else {
            return;
        };
        client.readings.remove(&channel);
        let id = client.id;
        let (joined, outputs) = self.ask(|turn| turn.join(id, channel, seq));
        if let Some(client) = choose(&mut self.clients, at).filter(|_| joined.is_some()) {
            client.access.returning.remove(&channel);
        }
        self.obey_all(outputs);
    }
}
