//! What the log says was committed lately: it finds whatever Redis did not bring.
//!
//! What a pass found is kept until the hub has it, whichever step fails meanwhile: a pass does not
//! bring it again. How far channels have got, the hub keeps itself.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use discuss_app::log::{self, Follower};
use discuss_app::{AppError, channels};
use discuss_domain::ChannelId;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::gateway::Gateway;
use crate::hub::Person;
use crate::redis_feed::look_at_heads;

/// The pause between passes.
const PAUSE: Duration = Duration::from_secs(1);
/// The same while Redis is away.
const PAUSE_WITHOUT_REDIS: Duration = Duration::from_millis(200);
/// Channels or people of one query.
const BATCH: usize = 200;
/// Events of one query.
const JOINS: i64 = 1_000;

/// Reads the news for as long as the process runs.
pub(crate) async fn run(gateway: Arc<Gateway>) {
    let mut news = News::default();
    let mut redis_is_up = gateway.redis_is_up.subscribe();
    let mut is_away = false;
    loop {
        let read = news.read(&gateway).await;
        if let Err(error) = &read
            && !is_away
        {
            // Once an outage.
            tracing::warn!(%error, "the log's news can't be read");
        }
        is_away = read.is_err();
        pause(&mut redis_is_up).await;
    }
}

/// Waits for the next pass; an outage of Redis shortens the pause at once.
async fn pause(redis_is_up: &mut watch::Receiver<bool>) {
    let pause = if *redis_is_up.borrow_and_update() {
        PAUSE
    } else {
        PAUSE_WITHOUT_REDIS
    };
    tokio::select! {
        () = sleep(pause) => {}
        Ok(()) = redis_is_up.changed() => {}
    }
}

/// The log's news, and what of them the hub does not have yet.
#[derive(Default)]
struct News {
    follower: Follower,
    /// Channels that are followed anew, whose heads are to be read.
    followed: Vec<ChannelId>,
    /// Channels somebody may have joined, whose joins are to be told.
    joined: BTreeSet<ChannelId>,
}

impl News {
    /// One pass, and what it is followed by.
    async fn read(&mut self, gateway: &Gateway) -> Result<(), AppError> {
        for news in self.follower.pass(&gateway.app).await? {
            gateway.hubs.log_at(news.channel, news.last_seq);
            if news.has_joins {
                self.joined.insert(news.channel);
            }
        }
        // After the pass: from now on the news of these channels come to the hub.
        self.followed.extend(gateway.hubs.take_followed_lately());
        look_at_heads(gateway, &self.followed).await?;
        self.followed.clear();
        if self.follower.must_compare() {
            self.compare(gateway).await?;
            self.follower.compared();
        }
        self.tell_joins(gateway).await
    }

    /// Compares everything: the heads of what is followed, and the channels of whoever is connected.
    async fn compare(&mut self, gateway: &Gateway) -> Result<(), AppError> {
        look_at_heads(gateway, &gateway.hubs.followed()).await?;
        for batch in gateway.topics.people().chunks(BATCH) {
            for (tenant, followed) in channels::list_followed(&gateway.app, batch).await? {
                let person = Person {
                    tenant,
                    user: followed.user,
                };
                if gateway.hubs.lacks(person, followed.channel) {
                    self.joined.insert(followed.channel);
                }
            }
        }
        Ok(())
    }

    /// Tells the hub by which events people joined. Those it knows already do no harm.
    async fn tell_joins(&mut self, gateway: &Gateway) -> Result<(), AppError> {
        let joined: Vec<ChannelId> = self.joined.iter().copied().collect();
        let mut batches: Vec<&[ChannelId]> = joined.chunks(BATCH).collect();
        while let Some(batch) = batches.pop() {
            let joins = log::list_joins(&gateway.app, batch, JOINS).await?;
            if joins.is_cut && batch.len() > 1 {
                // One channel must not crowd out the others.
                batches.extend(batch.chunks(1));
                continue;
            }
            for (tenant, event) in &joins.events {
                gateway.hubs.published(*tenant, event);
            }
            for channel in batch {
                self.joined.remove(channel);
            }
        }
        Ok(())
    }
}
