//! What a process knows of its connections, and what of that Redis is still to be told.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use discuss_app::presence::NewLink;
use discuss_domain::presence::Device;
use discuss_domain::{TenantId, UserId};
use uuid::Uuid;

use crate::outgoing::Outgoing;

/// The connections of this process.
#[derive(Default)]
pub(crate) struct LocalLinks {
    /// Held by whoever tells Redis: one after the other, so that nothing is under way when the last does.
    pub(super) telling: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: HashMap<Uuid, Open>,
    /// Those of which Redis is to be told, in the order in which that was noted: of too many the last is
    /// one too many.
    changed: BTreeMap<u64, Uuid>,
    /// How often something was noted there.
    noted: u64,
    ended: Vec<((TenantId, UserId), Uuid)>,
}

/// An open connection.
struct Open {
    link: NewLink,
    outgoing: Arc<Outgoing>,
    /// Where it stands among those of which Redis is to be told.
    changed_at: Option<u64>,
    /// Redis was told of it once.
    is_held: bool,
}

impl State {
    /// Redis is to be told of a link, unless it ended.
    fn note_changed(&mut self, link: Uuid) {
        let Some(open) = self.open.get_mut(&link) else {
            return;
        };
        if open.changed_at.is_none() {
            self.noted = self.noted.saturating_add(1);
            self.changed.insert(self.noted, link);
            open.changed_at = Some(self.noted);
        }
    }
}

impl LocalLinks {
    /// A connection opened.
    pub(crate) fn open(&self, link: NewLink, outgoing: &Arc<Outgoing>) {
        let mut state = self.lock();
        let open = Open {
            link,
            outgoing: Arc::clone(outgoing),
            changed_at: None,
            is_held: false,
        };
        state.open.insert(link.link, open);
        state.note_changed(link.link);
    }

    /// Something is done on a connection again, or nothing any more.
    pub(crate) fn set_active(&self, link: Uuid, is_active: bool) {
        self.change(link, |link| link.is_active = is_active);
    }

    /// A connection says with what it is made.
    pub(crate) fn set_device(&self, link: Uuid, device: Device) {
        self.change(link, |link| link.device = device);
    }

    fn change(&self, link: Uuid, change: impl FnOnce(&mut NewLink)) {
        let mut state = self.lock();
        if let Some(open) = state.open.get_mut(&link) {
            change(&mut open.link);
            state.note_changed(link);
        }
    }

    /// A connection ended.
    pub(crate) fn close(&self, link: Uuid) {
        let mut state = self.lock();
        if let Some(open) = state.open.remove(&link) {
            if let Some(place) = open.changed_at {
                state.changed.remove(&place);
            }
            state.ended.push((open.link.person, link));
        }
    }

    pub(super) fn take_changed(&self) -> Vec<NewLink> {
        let mut state = self.lock();
        let changed = std::mem::take(&mut state.changed);
        let take = |link: Uuid| {
            let open = state.open.get_mut(&link)?;
            open.changed_at = None;
            Some(open.link)
        };
        changed.into_values().filter_map(take).collect()
    }

    pub(super) fn take_ended(&self) -> Vec<((TenantId, UserId), Uuid)> {
        std::mem::take(&mut self.lock().ended)
    }

    pub(super) fn all(&self) -> Vec<((TenantId, UserId), Uuid)> {
        let state = self.lock();
        let open = state.open.values();
        open.map(|open| (open.link.person, open.link.link))
            .collect()
    }

    pub(super) fn note_changed(&self, links: impl IntoIterator<Item = Uuid>) {
        let mut state = self.lock();
        links.into_iter().for_each(|link| state.note_changed(link));
    }

    /// Notes that Redis was told of a link; answers where to tell its client what came of it, the first time.
    pub(super) fn note_held(&self, link: Uuid) -> Option<Arc<Outgoing>> {
        let mut state = self.lock();
        let open = state.open.get_mut(&link)?;
        let was_held = std::mem::replace(&mut open.is_held, true);
        (!was_held).then(|| Arc::clone(&open.outgoing))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::{Bounds, Dialect};

    fn open(links: &LocalLinks) -> Uuid {
        let link = NewLink {
            person: (TenantId::from(1), UserId::from(2)),
            link: Uuid::new_v4(),
            device: Device::Web,
            is_active: true,
        };
        let bounds = Bounds {
            frames: 1,
            bytes: 1,
        };
        links.open(link, &Arc::new(Outgoing::new(bounds, Dialect::Json)));
        link.link
    }

    #[test]
    fn what_redis_is_to_be_told_is_noted_once_of_each_connection_that_is_open() {
        let links = LocalLinks::default();
        let [first, second, third] = [(); 3].map(|()| open(&links));
        for _ in 0..3 {
            for link in [third, second, first] {
                links.set_device(link, Device::Mobile);
                links.note_changed([link]);
            }
        }
        links.close(second);
        links.note_changed([second]);
        assert_eq!(links.lock().changed.len(), 2);
        let taken = links.take_changed();
        let ids: Vec<Uuid> = taken.iter().map(|link| link.link).collect();
        assert_eq!(ids, [first, third]);
        assert!(taken.iter().all(|link| link.device == Device::Mobile));
        assert!(links.take_changed().is_empty());
        links.set_active(first, false);
        assert_eq!(links.take_changed().len(), 1);
    }
}
