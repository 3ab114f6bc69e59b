//! Reading the log: for the hub's holes, and for sessions that are behind.
//!
//! After an outage many sessions are behind in the same channels: pages begin at multiples of their length, and each is
//! read once for all of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use discuss_app::{App, AppError, channels, log};
use discuss_domain::{ChannelId, Seq};
use tokio::sync::Semaphore;

use crate::event_frame::Frame;
use crate::gateway::Gateway;
use crate::hub::{Event, FetchId, MemberPage, Page, Person};
use crate::hubs::event;

mod shared;

use shared::{Events, Shared};

/// Events of a page.
const PAGE: i64 = 100;
/// The same.
pub(crate) const PAGE_EVENTS: usize = 100;
/// Pages of replays that are read at the same time, so that sends find connections.
const READS: usize = 8;
/// The same for the hub's holes: those who are live do not wait for those who come back.
const FETCHES: usize = 4;

/// The pages that are being read, or were a moment ago.
pub(crate) struct Pages {
    app: App,
    reads: Semaphore,
    fetches: Semaphore,
    shared: Mutex<Shared>,
}

impl Pages {
    pub(crate) fn new(app: App) -> Self {
        Self {
            app,
            reads: Semaphore::new(READS),
            fetches: Semaphore::new(FETCHES),
            shared: Mutex::default(),
        }
    }

    /// The events after `after`, at most a page, read now.
    async fn read(&self, channel: ChannelId, after: Seq) -> Result<Vec<Event<Frame>>, AppError> {
        let _permit = self.reads.acquire().await;
        self.list_after(channel, after).await
    }

    async fn list_after(
        &self,
        channel: ChannelId,
        after: Seq,
    ) -> Result<Vec<Event<Frame>>, AppError> {
        let events = log::list_after(&self.app, channel, after, PAGE).await?;
        Ok(events.iter().map(event).collect())
    }

    /// The same, as somebody else may have read it a moment ago, when the log reached further.
    async fn read_shared(&self, channel: ChannelId, after: Seq) -> Result<Events, AppError> {
        let page = self.shared().share((channel, after));
        let read = || async {
            let events = self.read(channel, after).await?;
            self.shared().weigh((channel, after), &page, &events);
            Ok::<_, AppError>(Arc::new(events))
        };
        let events = page.events.get_or_try_init(read).await?;
        Ok(Arc::clone(events))
    }

    /// Forgets the pages that are shared no longer.
    pub(crate) fn forget_stale(&self) {
        self.shared().forget_stale();
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers a fetch of the hub.
pub(crate) async fn fetch(gateway: &Gateway, channel: ChannelId, fetch: FetchId, after: Seq) {
    match read(gateway, channel, after).await {
        Ok(page) => gateway.hubs.page(channel, fetch, page),
        Err(error) => {
            tracing::debug!(%error, %channel, "a hole can't be filled yet");
            gateway.hubs.fetch_failed(channel, fetch);
        }
    }
}

async fn read(gateway: &Gateway, channel: ChannelId, after: Seq) -> Result<Page<Frame>, AppError> {
    let _permit = gateway.pages.fetches.acquire().await;
    let mut events = gateway.pages.list_after(channel, after).await?;
    let mut reached = after;
    if events.is_empty() {
        // Is what comes next gone, has the log never come so far, or does it only now?
        reached = head(gateway, channel).await?;
        if reached > after {
            events = gateway.pages.list_after(channel, after).await?;
        }
    }
    let head = events.last().map_or(reached, |last| last.seq);
    Ok(Page {
        after,
        head,
        events,
    })
}

async fn head(gateway: &Gateway, channel: ChannelId) -> Result<Seq, AppError> {
    let heads = channels::list_last_seqs(&gateway.app, &[channel]).await?;
    Ok(heads.first().map_or(Seq::ZERO, |(_, head)| *head))
}

/// Where a session's person stands: a member as of a log that reached this seq, or not looked up yet.
pub(crate) type Standing = Option<Seq>;

/// A page for a session. Where its person stands is looked at first, so what the page has beyond that
/// is left for the next.
pub(crate) async fn read_as(
    gateway: &Gateway,
    person: Person,
    (channel, after): (ChannelId, Seq),
    standing: Standing,
) -> Result<MemberPage<Frame>, AppError> {
    let (member, head) = match standing {
        Some(head) => (true, head),
        None => stand(gateway, person, channel).await?,
    };
    let mut events = Vec::new();
    if member && head > after {
        let first = Seq::from(after.get() - after.get().rem_euclid(PAGE));
        let wanted = |event: &&Event<Frame>| event.seq > after && event.seq <= head;
        let shared = gateway.pages.read_shared(channel, first).await?;
        events.extend(shared.iter().filter(wanted).cloned());
        if events.is_empty() {
            // It was read when the log did not reach so far.
            let own = gateway.pages.read(channel, after).await?;
            events.extend(own.iter().filter(wanted).cloned());
        }
    }
    Ok(MemberPage {
        member,
        page: Page {
            after,
            head,
            events,
        },
    })
}

async fn stand(
    gateway: &Gateway,
    person: Person,
    channel: ChannelId,
) -> Result<(bool, Seq), AppError> {
    let _permit = gateway.pages.reads.acquire().await;
    let person = (person.tenant, person.user);
    let standing = log::find_standing(&gateway.app, person, channel).await?;
    Ok(standing.map_or((false, Seq::ZERO), |standing| {
        (standing.is_member, standing.last_seq)
    }))
}
