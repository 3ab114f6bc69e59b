//! Pages of the log that several read at once, or one after the other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use discuss_domain::{ChannelId, Seq};
use tokio::sync::OnceCell;

use super::PAGE_EVENTS;
use crate::event_frame::Frame;
use crate::hub::Event;

/// A page is shared for so long; what came later is read as the next,
const SHARED_FOR: Duration = Duration::from_secs(1);
/// and one to which nothing comes any more for so long after it was wanted last,
const FULL_SHARED_FOR: Duration = Duration::from_secs(5);
/// but not for longer than this: what was said in it may have been erased.
const SHARED_AT_MOST: Duration = Duration::from_secs(30);
/// Pages that are shared at most.
const SHARED: usize = 256;
/// Bytes of their frames at most.
const SHARED_BYTES: usize = 48 << 20;

/// The events of a page.
pub(super) type Events = Arc<Vec<Event<Frame>>>;

/// The pages that are shared, by their channels and what they come after.
#[derive(Default)]
pub(super) struct Shared {
    pages: HashMap<(ChannelId, Seq), SharedPage>,
}

#[derive(Clone)]
pub(super) struct SharedPage {
    read_at: Instant,
    wanted_at: Instant,
    pub(super) events: Arc<OnceCell<Events>>,
    /// Of its frames; nothing while it is being read.
    bytes: usize,
    /// Nothing comes to it any more.
    is_full: bool,
}

impl Shared {
    pub(super) fn forget_stale(&mut self) {
        self.pages.retain(|_, page| page.is_fresh());
    }

    /// The page that others share, or a new one that is shared if there is room.
    pub(super) fn share(&mut self, key: (ChannelId, Seq)) -> SharedPage {
        if let Some(page) = self.pages.get_mut(&key)
            && page.is_fresh()
        {
            if page.is_full {
                page.wanted_at = Instant::now();
            }
            return page.clone();
        }
        if self.pages.len() >= SHARED {
            self.forget_stale();
        }
        let now = Instant::now();
        let page = SharedPage {
            read_at: now,
            wanted_at: now,
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
    pub(super) fn weigh(
        &mut self,
        key: (ChannelId, Seq),
        page: &SharedPage,
        events: &[Event<Frame>],
    ) {
        let bytes = events.iter().map(|event| event.frame.as_ref().len()).sum();
        let is_full = events.len() >= PAGE_EVENTS;
        self.keep(key, page, (bytes, is_full));
    }

    fn keep(&mut self, key: (ChannelId, Seq), page: &SharedPage, (bytes, is_full): (usize, bool)) {
        if self.bytes().saturating_add(bytes) > SHARED_BYTES {
            self.forget_stale();
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
        self.wanted_at.elapsed() < shared_for && self.read_at.elapsed() < SHARED_AT_MOST
    }
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

    #[test]
    fn a_page_is_read_anew_after_a_while_however_often_it_is_wanted() {
        let mut shared = Shared::default();
        let page = shared.share(key(1));
        shared.keep(key(1), &page, (10, true));
        let again = shared.share(key(1));
        assert!(Arc::ptr_eq(&again.events, &page.events));
        let before = Instant::now().checked_sub(SHARED_AT_MOST).unwrap();
        shared.pages.get_mut(&key(1)).unwrap().read_at = before;
        let other = shared.share(key(1));
        assert!(!Arc::ptr_eq(&other.events, &page.events));
    }
}
