//! Reading the log: for the hub's holes, and for sessions that are behind.
//!
//! After an outage many sessions are behind from the same seq: a page is read once for all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use discuss_app::{App, AppError, channels, log};
use discuss_domain::{ChannelId, Seq};
use tokio::sync::{OnceCell, Semaphore};

use crate::gateway::Gateway;
use crate::hub::{Event, FetchId, MemberPage, Page, Person};
use crate::hubs::event;

/// Events of a page.
const PAGE: i64 = 100;
/// Pages that are read at the same time, so that sends find connections.
const READS: usize = 8;
/// A page is shared for so long; what came later is read as the next.
const SHARED_FOR: Duration = Duration::from_secs(1);
/// Pages that are shared at most.
const SHARED: usize = 256;

type Events = Arc<Vec<Event<Bytes>>>;

/// The pages that are being read, or were a moment ago.
pub(crate) struct Pages {
    app: App,
    reads: Semaphore,
    shared: Mutex<HashMap<(ChannelId, Seq), SharedPage>>,
}

#[derive(Clone)]
struct SharedPage {
    wanted_at: Instant,
    events: Arc<OnceCell<Events>>,
}

impl Pages {
    pub(crate) fn new(app: App) -> Self {
        Self {
            app,
            reads: Semaphore::new(READS),
            shared: Mutex::default(),
        }
    }

    /// The events after `after`, at most a page, read now.
    async fn read(&self, channel: ChannelId, after: Seq) -> Result<Vec<Event<Bytes>>, AppError> {
        let _permit = self.reads.acquire().await;
        let events = log::list_after(&self.app, channel, after, PAGE).await?;
        Ok(events.iter().map(event).collect())
    }

    /// The same, as somebody else may have read it a moment ago, when the log reached further.
    async fn read_shared(&self, channel: ChannelId, after: Seq) -> Result<Events, AppError> {
        let page = self.share(channel, after);
        let read = || async { self.read(channel, after).await.map(Arc::new) };
        let events = page.events.get_or_try_init(read).await?;
        Ok(Arc::clone(events))
    }

    fn share(&self, channel: ChannelId, after: Seq) -> SharedPage {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |page: &SharedPage| page.wanted_at.elapsed() < SHARED_FOR;
        if let Some(page) = shared.get(&(channel, after))
            && is_fresh(page)
        {
            return page.clone();
        }
        if shared.len() >= SHARED {
            shared.retain(|_, page| is_fresh(page));
        }
        let page = SharedPage {
            wanted_at: Instant::now(),
            events: Arc::default(),
        };
        if shared.len() < SHARED {
            shared.insert((channel, after), page.clone());
        }
        page
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

async fn read(gateway: &Gateway, channel: ChannelId, after: Seq) -> Result<Page<Bytes>, AppError> {
    let events = gateway.pages.read(channel, after).await?;
    let head = match events.last() {
        Some(last) => last.seq,
        // Nothing there: is it gone, or has the log never come so far?
        None => head(gateway, channel).await?,
    };
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
) -> Result<MemberPage<Bytes>, AppError> {
    let (member, head) = match standing {
        Some(head) => (true, head),
        None => stand(gateway, person, channel).await?,
    };
    let mut events = Vec::new();
    if member && head > after {
        let shared = gateway.pages.read_shared(channel, after).await?;
        events.extend(shared.iter().filter(|event| event.seq <= head).cloned());
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
