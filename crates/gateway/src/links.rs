//! The connections of this process, as the presence of their people: held in Redis while they are open.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use discuss_app::AppError;
use discuss_app::presence::{Links, NewLink};
use discuss_domain::presence::Device;
use discuss_domain::{TenantId, UserId};
use discuss_wire::errors::ErrorCode;
use discuss_wire::stomp::{Version, encode};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use uuid::Uuid;

use crate::frames::{self, Close};
use crate::gateway::Gateway;
use crate::outgoing::{Dialect, Outgoing};

mod telling;

pub(crate) use telling::run as run_telling;

/// What changed is told to Redis so often.
const TELL: Duration = Duration::from_millis(100);
/// While Redis is away, it is tried again so often.
const RETRY: Duration = Duration::from_secs(1);
/// Who has too many connections is welcome again after this.
pub(crate) const TOO_MANY: Duration = Duration::from_secs(30);

/// The connections of this process.
#[derive(Default)]
pub(crate) struct LocalLinks {
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

    fn take_changed(&self) -> Vec<NewLink> {
        let mut state = self.lock();
        let changed = std::mem::take(&mut state.changed);
        let take = |link: Uuid| {
            let open = state.open.get_mut(&link)?;
            open.changed_at = None;
            Some(open.link)
        };
        changed.into_values().filter_map(take).collect()
    }

    fn take_ended(&self) -> Vec<((TenantId, UserId), Uuid)> {
        std::mem::take(&mut self.lock().ended)
    }

    fn all(&self) -> Vec<((TenantId, UserId), Uuid)> {
        let state = self.lock();
        let open = state.open.values();
        open.map(|open| (open.link.person, open.link.link))
            .collect()
    }

    fn note_changed(&self, links: impl IntoIterator<Item = Uuid>) {
        let mut state = self.lock();
        links.into_iter().for_each(|link| state.note_changed(link));
    }

    /// Notes that Redis was told of a link; answers where to tell its client what came of it, the first time.
    fn note_held(&self, link: Uuid) -> Option<Arc<Outgoing>> {
        let mut state = self.lock();
        let open = state.open.get_mut(&link)?;
        let was_held = std::mem::replace(&mut open.is_held, true);
        (!was_held).then(|| Arc::clone(&open.outgoing))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps Redis told for as long as the process runs.
pub(crate) async fn run(gateway: Arc<Gateway>) {
    let terms = gateway.limits.presence_terms();
    let links = Links::new(gateway.app.clone(), terms);
    let renew_every = terms.lease / 3;
    let mut ticks = interval(TELL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut renewed_at = Instant::now();
    let mut is_away = false;
    loop {
        ticks.tick().await;
        let is_due = renewed_at.elapsed() >= renew_every;
        match tell(&gateway, &links, is_due).await {
            Ok(()) => {
                is_away = false;
                if is_due {
                    renewed_at = Instant::now();
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut is_away, true) {
                    tracing::warn!(%error, "nobody knows who is there");
                }
                sleep(RETRY).await;
            }
        }
    }
}

async fn tell(gateway: &Gateway, links: &Links, renews: bool) -> Result<(), AppError> {
    let ended = gateway.links.take_ended();
    if let Err(error) = links.release(&ended).await {
        // Their leases end by themselves.
        metrics::counter!("discuss_presence_unreleased_total")
            .increment(u64::try_from(ended.len()).unwrap_or_default());
        return Err(error);
    }
    if renews {
        let open = gateway.links.all();
        let forgotten = links.renew(&open).await?;
        let forgotten = forgotten.into_iter().filter_map(|place| open.get(place));
        gateway.links.note_changed(forgotten.map(|(_, link)| *link));
    }
    let changed = gateway.links.take_changed();
    if changed.is_empty() {
        return Ok(());
    }
    match links.hold(&changed).await {
        Ok(counts) => {
            close_surplus(gateway, &changed, &counts);
            Ok(())
        }
        Err(error) => {
            let open = changed.iter().map(|link| link.link);
            gateway.links.note_changed(open);
            Err(error)
        }
    }
}

/// Closes connections that were opened beyond what one person may have, in all processes together.
fn close_surplus(gateway: &Gateway, held: &[NewLink], counts: &[usize]) {
    let most = gateway.limits.gateway_sockets_per_user;
    for (link, count) in held.iter().zip(counts) {
        let is_new = gateway.links.note_held(link.link);
        if let Some(outgoing) = is_new
            && most > 0
            && *count > most
        {
            refuse_surplus(&outgoing);
        }
    }
}

/// Says in its dialect why a connection is closed, and closes it.
fn refuse_surplus(outgoing: &Outgoing) {
    let message = "too many connections";
    match outgoing.dialect {
        Dialect::Json => outgoing.push(&frames::throttled(message, TOO_MANY)),
        Dialect::Stomp(_) => {
            let code = ErrorCode::ConnectionThrottled.symbol();
            let headers = [("message", message), ("code", code)];
            // Nothing in it is escaped: it is the same in all versions.
            let error = encode("ERROR", &headers, message.as_bytes(), Version::V12);
            outgoing.push_bytes(frames::text(&error));
        }
    }
    outgoing.close(Close::Throttled);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::Bounds;

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
