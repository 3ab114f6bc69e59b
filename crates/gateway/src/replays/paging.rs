//! A replay's pages: read, and handed to the socket.

use std::time::Duration;

use discuss_domain::{ChannelId, Seq};
use serde_json::json;
use tokio::time::timeout;

use super::portions::{Portion, portions};
use super::{RETRY, Reading};
use crate::event_frame::Frame;
use crate::frames;
use crate::hub::{MemberPage, Page, Step};
use crate::pages::{self, PAGE_EVENTS};
use crate::replay_pace::ReadingTurn;

/// So long somebody who was found a member is taken for one.
const STANDS: Duration = Duration::from_secs(5);
/// Who takes a portion no faster than this does not keep others from reading.
const SLOW: Duration = Duration::from_secs(1);

impl Reading {
    /// Reads the channel's next page, when the socket has taken what was read before. A long one waits for its turn,
    /// and is read again then.
    pub(super) async fn read_page(&mut self, channel: ChannelId) {
        self.drained().await;
        self.turn = self.turn.take().filter(|turn| !turn.is_over());
        if self.is_long && self.turn.is_none() {
            tokio::select! {
                turn = self.gateway.replay_pace.turn() => self.turn = turn,
                _ = self.session.outgoing.closed() => return,
            }
        }
        let Some(replay) = self.replays.get_mut(&channel) else {
            return;
        };
        let wanted = (channel, replay.wants_after());
        let standing = self.standings.remove(&channel);
        let standing = standing
            .filter(|(head, since)| *head > wanted.1 && since.elapsed() < STANDS)
            .map(|(head, _)| head);
        match pages::read_as(&self.gateway, self.session.person, wanted, standing).await {
            Ok(page) => self.take_page(channel, page).await,
            Err(error) => {
                tracing::debug!(%error, %channel, "a replay waits for the log");
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    async fn take_page(&mut self, channel: ChannelId, page: MemberPage<Frame>) {
        let MemberPage { member, page } = page;
        let portions = portions(page.events);
        if portions.len() > 1 && self.turn.is_none() {
            self.is_long = true;
            return;
        }
        for (number, Portion { bytes, events }) in portions.into_iter().enumerate() {
            if self.turn.is_some() {
                self.drained().await;
                let is_gone = self.session.outgoing.close_reason().is_some();
                let is_over = self.turn.as_ref().is_none_or(ReadingTurn::is_over);
                // In each turn at least one goes out.
                if is_gone || self.turn.is_none() || (is_over && number > 0) {
                    return;
                }
                self.gateway.replay_pace.wait(bytes).await;
            }
            let Some(replay) = self.replays.get_mut(&channel) else {
                return;
            };
            let page = Page {
                after: replay.wants_after(),
                head: page.head,
                events,
            };
            if member && self.session.is_barred(channel) {
                self.turn_away(channel, page.head);
                return;
            }
            let step = replay.step(MemberPage { member, page });
            self.take(channel, step);
        }
    }

    /// Waits until the socket has taken nearly everything. Who takes it slowly gives up their turn meanwhile.
    pub(super) async fn drained(&mut self) {
        let outgoing = &self.session.outgoing;
        if self.turn.is_some() && timeout(SLOW, outgoing.drained()).await.is_err() {
            self.turn = None;
        }
        outgoing.drained().await;
    }

    fn take(&mut self, channel: ChannelId, step: Step<Frame>) {
        match step {
            Step::Continue(frames) => {
                self.is_long |= frames.len() >= PAGE_EVENTS;
                self.push(frames);
            }
            Step::Join(frames, at) => {
                let had_all = frames.is_empty();
                self.push(frames);
                self.join(channel, at);
                if had_all {
                    // Where the hub has handed out more, the log may have gone back: else it is read for ever.
                    self.gateway.hubs.log_read_at(channel, at);
                }
            }
            Step::Gap { from, to } => {
                let gap = json!({ "channelId": channel, "fromSeq": from, "toSeq": to });
                metrics::counter!("discuss_gateway_gaps_total").increment(1);
                self.push(vec![frames::own("GAP", gap, None)]);
                self.join(channel, to);
            }
            Step::Refused { as_of } => {
                self.replays.remove(&channel);
                self.gateway.hubs.refuse(self.session.id, channel, as_of);
                self.refuse(channel);
            }
        }
    }

    pub(super) fn push(&self, frames: Vec<Frame>) {
        metrics::counter!("discuss_gateway_replayed_total")
            .increment(u64::try_from(frames.len()).unwrap_or(0));
        for frame in frames {
            self.session.outgoing.push_replayed(&frame);
        }
    }

    fn join(&mut self, channel: ChannelId, at: Seq) {
        let at = self.gateway.hubs.join(self.session.id, channel, at);
        self.take_joined(channel, at);
    }
}
