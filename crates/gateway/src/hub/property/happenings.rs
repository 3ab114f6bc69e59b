//! What may happen in the model, one thing after the other.

use std::time::Duration;

use discuss_domain::{ChannelId, Seq, UserId};

use super::Op;
use super::sessions::Beginning;
use super::world::{World, tenant};
use crate::hub::{Effect, Event};

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
            Op::GoBack(channel, events) => self.logs[channel].go_back(events),
            Op::Open(user) => self.open(user_id(user)),
            Op::Load(at) => self.load(at),
            Op::Start(at, back) => self.start(at, Beginning::Resumes(back)),
            Op::StartNarrowed(at) => self.start(at, Beginning::Narrowed),
            Op::Resume(at, channel, back) => self.resume(at, channel, back),
            Op::Look(at, channel) => self.look(at, channel),
            Op::Hear(at) => self.hear(at),
            Op::Leave(at, channel) => self.leave(at, channel),
            Op::Close(at) => self.close(at),
            Op::Read(at) => self.read(at),
            Op::Answer(at) => self.answer(at),
            Op::Silence(at) => self.silence(at),
            Op::AnswerAbout(at, channel, may_hear) => self.answer_about(at, channel, may_hear),
            Op::Enact(at) => self.enact(at),
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
                    self.turn(|turn| turn.log_read_at(channel, head));
                }
            }
            Op::Compare(channel) => {
                let log = &self.logs[channel];
                let (id, head) = (log.channel, log.head());
                self.turn(|turn| turn.log_read_at(id, head));
            }
            Op::Fetch(at) | Op::Fetched(at) | Op::FetchFails(at) => self.fetch(op, at),
            Op::News => self.read_news(),
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

    /// What becomes of the hub's fetches.
    fn fetch(&mut self, op: Op, at: usize) {
        if matches!(op, Op::Fetched(_)) {
            if let Some((channel, fetch, page)) = take(&mut self.fetched, at) {
                self.turn(|turn| turn.page(channel, fetch, page));
            }
            return;
        }
        let Some((channel, fetch, after)) = take(&mut self.fetches, at) else {
            return;
        };
        if matches!(op, Op::Fetch(_)) {
            let page = self.log(channel).page(after);
            self.fetched.push((channel, fetch, page));
        } else {
            self.turn(|turn| turn.fetch_failed(channel, fetch));
        }
    }

    fn read_news(&mut self) {
        let logs = self.logs.iter_mut();
        let passes = logs.map(|log| (log.channel, log.take_news()));
        let news = passes.filter(|(_, news)| !news.is_empty());
        self.news.extend(news);
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
}

/// The one that `at` points to.
pub(super) fn choose<T>(things: &mut [T], at: usize) -> Option<&mut T> {
    let count = things.len();
    (count > 0).then(|| &mut things[at % count])
}

fn pick<T: Clone>(things: &[T], at: usize) -> Option<T> {
    (!things.is_empty()).then(|| things[at % things.len()].clone())
}

pub(super) fn take<T>(things: &mut Vec<T>, at: usize) -> Option<T> {
    (!things.is_empty()).then(|| things.remove(at % things.len()))
}

fn user_id(user: usize) -> UserId {
    UserId::from(i64::try_from(user).unwrap() + 1)
}
