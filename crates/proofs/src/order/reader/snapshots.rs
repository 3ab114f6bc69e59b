//! The reader as the relay and the gateways use it.

use discuss_app::App;
use discuss_app::log::Follower;
use discuss_app::log::tail::Tail;
use discuss_domain::{ChannelId, MessageId, Seq};
use discuss_storage::event_log::{self, LoggedEvent};

use super::super::told::{Told, digest};
use super::last_seqs;

/// Events of a page.
const PAGE: i64 = 500;

pub(super) struct BySnapshots {
    app: App,
    follower: Follower,
    tail: Tail,
}

impl BySnapshots {
    pub(super) fn new(app: App) -> Self {
        Self {
            app,
            follower: Follower::default(),
            tail: Tail::default(),
        }
    }

    pub(super) async fn pass(
        &mut self,
        told: &mut Told,
        channels: &[ChannelId],
    ) -> anyhow::Result<()> {
        for news in self.follower.pass(&self.app).await? {
            self.tail.learn(news.channel, news.last_seq);
        }
        if self.follower.must_compare() {
            for (channel, last_seq) in last_seqs(&self.app, channels).await? {
                self.tail.learn(channel, last_seq);
            }
            self.follower.compared();
        }
        let behind: Vec<ChannelId> = self.tail.behind().map(|(channel, _)| channel).collect();
        for channel in behind {
            self.catch_up(told, channel).await?;
        }
        Ok(())
    }

    async fn catch_up(&mut self, told: &mut Told, channel: ChannelId) -> anyhow::Result<()> {
        while self.tail.behind().any(|(behind, _)| behind == channel) {
            let page = self.page(channel).await?;
            let seqs: Vec<Seq> = page.iter().map(|event| event.seq).collect();
            if let Err(hole) = self.tail.take(channel, &seqs) {
                told.fault(hole.to_string());
                return Ok(());
            }
            for event in &page {
                told.tell(channel, event.seq, said(event));
            }
        }
        Ok(())
    }

    async fn page(&self, channel: ChannelId) -> anyhow::Result<Vec<LoggedEvent>> {
        let mut connection = self.app.database().connection().await?;
        let head = self.tail.head(channel);
        Ok(event_log::list_after(&mut connection, channel, head, PAGE).await?)
    }
}

fn said(event: &LoggedEvent) -> u64 {
    let message = event.message.as_ref();
    let id = message.map(|message| MessageId::get(message.id));
    let text = message.and_then(|message| message.content.as_deref());
    digest((event.kind.as_str(), event.actor.get(), id, text))
}
