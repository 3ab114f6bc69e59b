//! The end of a model run: everything under way arrives, then everybody must have everything.

use super::Op;
use super::client::Client;
use super::log::Log;
use super::world::{World, tenant};

/// More rounds than any run needs.
const ROUNDS: usize = 200;

impl World {
    /// Lets everything under way end well, in some order; what is published and has not arrived may
    /// be lost.
    pub(super) fn settle(&mut self, lose: bool) {
        for _ in 0..ROUNDS {
            if self.is_settled() {
                return;
            }
            self.drain(if lose { Op::Lose(0) } else { Op::Publish(0) });
            self.apply(Op::News);
            for op in [
                Op::Told(0),
                Op::Subscribe(0),
                Op::Head(0),
                Op::Fetch(0),
                Op::Fetched(0),
            ] {
                self.drain(op);
            }
            for at in 0..self.clients.len() {
                self.apply(Op::Load(at));
                self.apply(Op::Start(at, None));
                self.apply(Op::Read(0));
                self.apply(Op::Answer(at));
                self.apply(Op::Enact(at));
            }
            self.apply(Op::Tick(60));
        }
        panic!("the run does not settle");
    }

    fn drain(&mut self, op: Op) {
        let waiting = self.published.len()
            + self.news.len()
            + self.subscribing.len()
            + self.heads.len()
            + self.fetches.len()
            + self.fetched.len();
        for _ in 0..waiting {
            self.apply(op);
        }
    }

    fn is_settled(&self) -> bool {
        let carried = self.published.is_empty()
            && self.news.is_empty()
            && self.subscribing.is_empty()
            && self.heads.is_empty()
            && self.fetches.is_empty()
            && self.fetched.is_empty();
        let told = self.logs.iter().all(Log::is_told);
        let idle = |client: &Client| {
            client.started && client.readings.is_empty() && client.access.closing.is_empty()
        };
        carried && told && self.clients.iter().all(idle) && !self.hub.has_holes()
    }

    /// Everybody has everything up to the head of each channel they are a member of.
    pub(super) fn check_that_nobody_misses_anything(&self) {
        for client in &self.clients {
            for log in self
                .logs
                .iter()
                .filter(|log| tenant(log.channel) == client.tenant)
            {
                client.check_complete(log);
            }
        }
    }
}
