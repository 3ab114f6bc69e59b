//! What may happen in the model, one thing after the other.

use std::time::Duration;

use discuss_domain::{ChannelId, Seq, TenantId, UserId};

use super::Op;
use super::client::{Client, Has};
use super::world::{World, tenant};
use crate::hub::{Effect, Event, Person, SessionId, Start, Step};

impl World {
    pub(super) fn apply(&mut self, op: Op) {
        match op {
            Op::Post(channel) => {
                let seq = self.logs[channel].append(Effect::Nothing);
                self.publish(channel, seq);
            }
            Op::Add(channel, user) => {
                let added = self.logs[channel].add(user_id(user));
                if let Some(seq) = added {
                    self.publish(channel, seq);
                }
            }
            Op::Remove(channel, user) => {
                let removed = self.logs[channel].remove(user_id(user));
                if let Some(seq) = removed {
                    self.publish(channel, seq);
                }
            }
            Op::Prune(channel, keep) => self.logs[channel].prune(keep),
            Op::Open(user) => self.open(user_id(user)),
            Op::Load(at) => self.load(at),
            Op::Start(at, back) => self.start(at, back),
            Op::Resume(at, channel, back) => self.resume(at, channel, back),
            Op::Look(at, channel) => self.look(at, channel),
            Op::Hear(at) => self.hear(at),
            Op::Close(at) => self.close(at),
            Op::Read(at) => self.read(at),
            Op::Answer(at) => self.answer(at),
            carried => self.carry(carried),
        }
    }

    /// What Redis, the fetches, the reader and time do.
    fn carry(&mut self, op: Op) {
        match op {
            Op::Publish(at) => take(&mut self.published, at)
                .into_iter()
                .for_each(|event| self.arrive(event)),
            Op::Double(at) => pick(&self.published, at)
                .into_iter()
                .for_each(|event| self.arrive(event)),
            Op::Lose(at) => drop(take(&mut self.published, at)),
            Op::Subscribe(at) => {
                if let Some(channel) = take(&mut self.subscribing, at) {
                    self.subscribed.insert(channel);
                    self.heads.push((channel, self.log(channel).head()));
                }
            }
            Op::Head(at) => {
                if let Some((channel, head)) = take(&mut self.heads, at) {
                    self.turn(|turn| turn.log_at(channel, head));
                }
            }
            Op::Fetch(at) => {
                if let Some((channel, fetch, after)) = take(&mut self.fetches, at) {
                    self.fetched
                        .push((channel, fetch, self.log(channel).page(after)));
                }
            }
            Op::Fetched(at) => {
                if let Some((channel, fetch, page)) = take(&mut self.fetched, at) {
                    self.turn(|turn| turn.page(channel, fetch, page));
                }
            }
            Op::FetchFails(at) => {
                if let Some((channel, fetch, _)) = take(&mut self.fetches, at) {
                    self.turn(|turn| turn.fetch_failed(channel, fetch));
                }
            }
            Op::News => {
                let passes = self
                    .logs
                    .iter_mut()
                    .map(|log| (log.channel, log.take_news()));
                self.news
                    .extend(passes.filter(|(_, news)| !news.is_empty()));
            }
            Op::Told(at) => take(&mut self.news, at)
                .into_iter()
                .for_each(|news| self.tell(news)),
            Op::Tick(millis) => {
                self.now += Duration::from_millis(millis);
                self.turn(|turn| {
                    turn.tick();
                });
            }
            other => unreachable!("{other:?}"),
        }
    }

    /// Who is added hears of it whether or not the channel is followed.
    fn publish(&mut self, channel: usize, seq: Seq) {
        let event = self.logs[channel].event(seq);
        let id = self.logs[channel].channel;
        let adds = matches!(event.effect, Effect::Adds(_));
        if adds || self.subscribed.contains(&id) {
            self.published.push((id, event));
        }
    }

    fn arrive(&mut self, (channel, event): (ChannelId, Event<String>)) {
        self.turn(|turn| turn.published(tenant(channel), channel, event));
    }

    fn tell(&mut self, (channel, events): (ChannelId, Vec<Event<String>>)) {
        let head = events.last().unwrap().seq;
        for event in events {
            if matches!(event.effect, Effect::Adds(_)) {
                self.turn(|turn| turn.published(tenant(channel), channel, event));
            }
        }
        self.turn(|turn| turn.log_at(channel, head));
    }

    fn open(&mut self, user: UserId) {
        self.opened += 1;
        let id = SessionId::from(self.opened);
        // Odd sessions are of the first tenant.
        let tenant = TenantId::from(if self.opened % 2 == 1 { 1 } else { 2 });
        self.clients.push(Client::new(id, tenant, user));
        self.turn(|turn| turn.open(id, Person { tenant, user }, id));
    }

    fn load(&mut self, at: usize) {
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

    fn start(&mut self, at: usize, back: Option<i64>) {
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
        if let (Some(back), Some((channel, start))) = (back, starts.first_mut()) {
            let from = Seq::from((loaded[0].1.get() - back).max(0));
            *start = Start::Reading;
            client.read_from(*channel, from);
        }
        let id = client.id;
        self.turn(|turn| turn.start(id, &starts));
    }

    fn resume(&mut self, at: usize, channel: usize, back: i64) {
        let log = &self.logs[channel];
        let Some(client) = choose(&mut self.clients, at) else {
            return;
        };
        if !client.started || tenant(log.channel) != client.tenant {
            return;
        }
        let from = Seq::from((log.head().get() - back).max(0));
        let head = log.head();
        let may_join = log.has_member(client.user, head) && log.has_member(client.user, from);
        let (id, channel) = (client.id, log.channel);
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

    fn look(&mut self, at: usize, channel: usize) {
        let log = &self.logs[channel];
        if let Some(client) = choose(&mut self.clients, at)
            && tenant(log.channel) == client.tenant
            && log.has_member(client.user, log.head())
        {
            client.wanted = Some((log.channel, log.head()));
        }
    }

    fn hear(&mut self, at: usize) {
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
            client.receive_subscribed(channel, from);
        }
        self.obey_all(outputs);
    }

    fn close(&mut self, at: usize) {
        if let Some(client) = take(&mut self.clients, at) {
            self.turn(|turn| turn.close(client.id));
        }
    }

    fn read(&mut self, at: usize) {
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

    fn answer(&mut self, at: usize) {
        let Some(client) = choose(&mut self.clients, at) else {
            return;
        };
        let Some((channel, page)) = client.take_page() else {
            return;
        };
        let id = client.id;
        let log = self.logs.iter().find(|log| log.channel == channel).unwrap();
        let head = page.page.head;
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
                client.readings.remove(&channel);
                self.turn(|turn| {
                    turn.join(id, channel, at);
                });
            }
            Step::Gap { from, to } => {
                client.receive_gap(channel, from, to);
                client.readings.remove(&channel);
                self.turn(|turn| {
                    turn.join(id, channel, to);
                });
            }
        }
    }
}

/// The one that `at` points to.
fn choose<T>(things: &mut [T], at: usize) -> Option<&mut T> {
    let count = things.len();
    (count > 0).then(|| &mut things[at % count])
}

fn pick<T: Clone>(things: &[T], at: usize) -> Option<T> {
    (!things.is_empty()).then(|| things[at % things.len()].clone())
}

fn take<T>(things: &mut Vec<T>, at: usize) -> Option<T> {
    (!things.is_empty()).then(|| things.remove(at % things.len()))
}

fn user_id(user: usize) -> UserId {
    UserId::from(i64::try_from(user).unwrap() + 1)
}
