//! What the log says was committed lately: it finds whatever Redis did not bring.

use std::sync::Arc;
use std::time::Duration;

use discuss_app::log::{self, NewsReader};
use discuss_app::{AppError, channels};
use discuss_domain::{ChannelId, TenantId, UserId};
use tokio::time::{Instant, sleep};

use crate::gateway::Gateway;
use crate::hub::Person;
use crate::redis_feed::look_at_heads;

/// The pause between passes.
const PAUSE: Duration = Duration::from_secs(1);
/// The same while Redis is away.
const PAUSE_WITHOUT_REDIS: Duration = Duration::from_millis(200);
/// How often everything that is followed is compared with the log.
const FULL_CHECK: Duration = Duration::from_mins(1);
/// Channels or people of one query.
const BATCH: usize = 200;
/// Events of one query.
const JOINS: u16 = 1_000;

/// Reads the news for as long as the process runs.
pub(crate) async fn run(gateway: Arc<Gateway>) {
    let mut is_away = false;
    loop {
        let began = Instant::now();
        if let Err(error) = read(&gateway).await {
            // Once an outage.
            if !is_away || began.elapsed() > PAUSE {
                tracing::warn!(%error, "the log's news can't be read");
            }
            is_away = true;
        }
        sleep(PAUSE).await;
    }
}

/// Reads on one connection until that fails.
async fn read(gateway: &Gateway) -> Result<(), AppError> {
    let mut reader = log::news(&gateway.app).await?;
    pass(gateway, &mut reader).await?;
    check_all(gateway).await?;
    let mut checked = Instant::now();
    let mut redis_is_up = gateway.redis_is_up.subscribe();
    loop {
        let pause = if *redis_is_up.borrow_and_update() {
            PAUSE
        } else {
            PAUSE_WITHOUT_REDIS
        };
        tokio::select! {
            () = sleep(pause) => {}
            // An outage shortens the pause at once.
            changed = redis_is_up.changed() => if changed.is_err() { return Ok(()) },
        }
        pass(gateway, &mut reader).await?;
        if checked.elapsed() >= FULL_CHECK {
            check_all(gateway).await?;
            checked = Instant::now();
        }
    }
}

async fn pass(gateway: &Gateway, reader: &mut NewsReader) -> Result<(), AppError> {
    let news = reader.pass().await?;
    look_at_heads(gateway, gateway.hubs.take_followed_lately()).await?;
    let joined: Vec<ChannelId> = news
        .iter()
        .filter(|news| news.has_joins)
        .map(|news| news.channel)
        .collect();
    for news in &news {
        gateway.hubs.log_at(news.channel, news.last_seq);
    }
    tell_joins(gateway, &joined).await
}

/// Tells the hub by which events people joined these channels. Those it knows already do no harm.
async fn tell_joins(gateway: &Gateway, channels: &[ChannelId]) -> Result<(), AppError> {
    let mut batches: Vec<&[ChannelId]> = channels.chunks(BATCH).collect();
    while let Some(batch) = batches.pop() {
        let joins = log::list_joins(&gateway.app, batch, JOINS.into()).await?;
        if joins.len() >= usize::from(JOINS) && batch.len() > 1 {
            // One channel must not crowd out the others.
            batches.extend(batch.chunks(1));
            continue;
        }
        for (tenant, event) in joins {
            gateway.hubs.published(tenant, &event);
        }
    }
    Ok(())
}

/// Compares everything: the heads of what is followed, and the channels of whoever is connected.
async fn check_all(gateway: &Gateway) -> Result<(), AppError> {
    look_at_heads(gateway, gateway.hubs.followed()).await?;
    let people: Vec<(TenantId, UserId)> = gateway.topics.people();
    let mut missed = Vec::new();
    for batch in people.chunks(BATCH) {
        for (tenant, followed) in channels::list_followed(&gateway.app, batch).await? {
            let person = Person {
                tenant,
                user: followed.user,
            };
            if gateway.hubs.lacks(person, followed.channel) {
                missed.push(followed.channel);
            }
        }
    }
    missed.sort_unstable();
    missed.dedup();
    tell_joins(gateway, &missed).await
}
