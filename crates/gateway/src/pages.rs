//! Reading the log: for the hub's holes, and for sessions that are behind.
//!
//! After an outage many sessions are behind in the same channels: pages begin at multiples of their length, and each is
//! read once for all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use discuss_app::{App, AppError, channels, log};
use discuss_domain::{ChannelId, Seq};
use tokio::sync::{OnceCell, Semaphore};

use crate::event_frame::Frame;
use crate::gateway::Gateway;
use crate::hub::{Event, FetchId, MemberPage, Page, Person};
use crate::hubs::event;

/// Events of a page.
const PAGE: i64 = 100;
/// The same.
pub(crate) const PAGE_EVENTS: usize = 100;
/// Pages that are read at the same time, so that sends find connections.
const READS: usize = 8;
/// A page is shared for so long; what came later is read as the next,
const SHARED_FOR: Duration = Duration::from_secs(1);
/// and one to which nothing comes any more for so long after it was wanted last.
const FULL_SHARED_FOR: Duration = Duration::from_secs(5);
/// Pages that are shared at most.
const SHARED: usize = 256;
/// Bytes of their frames at most.
const SHARED_BYTES: usize = 48 << 20;

type Events = Arc<Vec<Event<Frame>>>;

/// The pages that are being read, or were a moment ago.
pub(crate) struct Pages {
    app: App,
    reads: Semaphore,
    shared: Mutex<Shared>,
}

/// The pages that are shared, by their channels and what they come after.
#[derive(Default)]
struct Shared {
    pages: HashMap<(ChannelId, Seq), SharedPage>,
}

#[derive(Clone)]
struct SharedPage {
    wanted_at: Instant,
    events: Arc<OnceCell<Events>>,
    /// Of its frames; nothing while it is being read.
    bytes: usize,
    /// Nothing comes to it any more.
    is_full: bool,
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
    async fn read(&self, channel: ChannelId, after: Seq) -> Result<Vec<Event<Frame>>, AppError> {
        let _permit = self.reads.acquire().await;
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
        self.shared().pages.retain(|_, page| page.is_fresh());
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// The page that others share, or a new one that is shared if there is room.
    fn share(&mut self, key: (ChannelId, Seq)) -> SharedPage {
        if let Some(page) = self.pages.get_mut(&key)
            && page.is_fresh()
        {
            if page.is_full {
                page.wanted_at = Instant::now();
            }
            return page.clone();
        }
        if self.pages.len() >= SHARED {
            self.pages.retain(|_, page| page.is_fresh());
        }
        let page = SharedPage {
            wanted_at: Instant::now(),
            events: Arc::default(),
            bytes: 0,
            is_full: false,
        };
        if self.pages.len() < SHARED {
            self.pages.insert(key, page.clone());
        }
        page
    }

    /// The page was read: when there is no room for so many bytes, whoever comes now does not share it.
    fn weigh(&mut self, key: (ChannelId, Seq), page: &SharedPage, events: &[Event<Frame>]) {
        let bytes = events.iter().map(|event| event.frame.as_ref().len()).sum();
        let is_full = events.len() >= PAGE_EVENTS;
        self.keep(key, page, (bytes, is_full));
    }

    fn keep(&mut self, key: (ChannelId, Seq), page: &SharedPage, (bytes, is_full): (usize, bool)) {
        if self.bytes().saturating_add(bytes) > SHARED_BYTES {
            self.pages.retain(|_, page| page.is_fresh());
        }
        let fits = self.bytes().saturating_add(bytes) <= SHARED_BYTES;
        let Some(kept) = self.pages.get_mut(&key) else {
            return;
        };
        // Another may have taken the place of one that took long to read.
        if !Arc::ptr_eq(&kept.events, &page.events) {
            return;
        }
        if fits {
            (kept.bytes, kept.is_full) = (bytes, is_full);
        } else {
            self.pages.remove(&key);
        }
    }

    fn bytes(&self) -> usize {
        self.pages.values().map(|page| page.bytes).sum()
    }
}

impl SharedPage {
    fn is_fresh(&self) -> bool {
        let shared_for = if self.is_full {
            FULL_SHARED_FOR
        } else {
            SHARED_FOR
        };
        self.wanted_at.elapsed() < shared_for
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

#[cfg(test)]
mod tests {
    use super::*;

    fn key(channel: i64) -> (ChannelId, Seq) {
        (ChannelId::from(channel), Seq::from(1))
    }

    fn is_shared(shared: &Shared, page: &SharedPage, channel: i64) -> bool {
        let kept = shared.pages.get(&key(channel));
        kept.is_some_and(|kept| Arc::ptr_eq(&kept.events, &page.events))
    }

    #[test]
    fn pages_are_shared_up_to_a_number_of_them() {
        let mut shared = Shared::default();
        let most = i64::try_from(SHARED).unwrap();
        for channel in 0..most {
            let page = shared.share(key(channel));
            assert!(is_shared(&shared, &page, channel));
        }
        let page = shared.share(key(most));
        assert!(!is_shared(&shared, &page, most));
    }

    #[test]
    fn pages_are_shared_up_to_a_number_of_bytes() {
        let mut shared = Shared::default();
        let [first, second, third] = [1, 2, 3].map(|channel| shared.share(key(channel)));
        shared.keep(key(1), &first, (SHARED_BYTES - 10, false));
        shared.keep(key(2), &second, (11, false));
        shared.keep(key(3), &third, (10, false));
        assert!(is_shared(&shared, &first, 1));
        assert!(!is_shared(&shared, &second, 2));
        assert!(is_shared(&shared, &third, 3));
        assert_eq!(shared.bytes(), SHARED_BYTES);
    }

    #[test]
    fn a_page_that_took_long_to_read_does_not_count_for_the_one_in_its_place() {
        let mut shared = Shared::default();
        let slow = shared.share(key(1));
        shared.pages.clear();
        let other = shared.share(key(1));
        shared.keep(key(1), &slow, (SHARED_BYTES + 1, false));
        assert!(is_shared(&shared, &other, 1));
        assert_eq!(shared.bytes(), 0);
    }
}
