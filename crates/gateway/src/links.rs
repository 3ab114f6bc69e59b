//! The connections of this process, as the presence of their people: held in Redis while they are open.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use discuss_app::AppError;
use discuss_app::presence::{Links, NewLink};
use discuss_domain::presence::Device;
use discuss_domain::{TenantId, UserId};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use uuid::Uuid;

use crate::frames::{self, Close};
use crate::gateway::Gateway;
use crate::outgoing::Outgoing;

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
    open: HashMap<Uuid, (NewLink, Arc<Outgoing>)>,
    /// Those of which Redis is to be told, in the order in which that was noted: of too many the last is
    /// one too many.
    changed: Vec<Uuid>,
    /// Those of which Redis was never told.
    unheld: HashSet<Uuid>,
    ended: Vec<((TenantId, UserId), Uuid)>,
}

impl LocalLinks {
    /// A connection opened.
    pub(crate) fn open(&self, link: NewLink, outgoing: &Arc<Outgoing>) {
        let mut state = self.lock();
        state.changed.push(link.link);
        state.unheld.insert(link.link);
        state.open.insert(link.link, (link, Arc::clone(outgoing)));
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
        if let Some((open, _)) = state.open.get_mut(&link) {
            change(open);
            state.changed.push(link);
        }
    }

    /// A connection ended.
    pub(crate) fn close(&self, link: Uuid) {
        let mut state = self.lock();
        state.unheld.remove(&link);
        if let Some((open, _)) = state.open.remove(&link) {
            state.ended.push((open.person, link));
        }
    }

    fn take_changed(&self) -> Vec<NewLink> {
        let mut state = self.lock();
        let mut had = HashSet::new();
        let mut changed = std::mem::take(&mut state.changed);
        changed.retain(|link| had.insert(*link));
        let open = changed.iter().filter_map(|link| state.open.get(link));
        open.map(|(link, _)| *link).collect()
    }

    fn take_ended(&self) -> Vec<((TenantId, UserId), Uuid)> {
        std::mem::take(&mut self.lock().ended)
    }

    fn all(&self) -> Vec<((TenantId, UserId), Uuid)> {
        let state = self.lock();
        let open = state.open.values();
        open.map(|(link, _)| (link.person, link.link)).collect()
    }

    fn note_changed(&self, links: impl IntoIterator<Item = Uuid>) {
        self.lock().changed.extend(links);
    }

    /// Notes that Redis was told of a link; answers whether that was the first time.
    fn note_held(&self, link: Uuid) -> bool {
        self.lock().unheld.remove(&link)
    }

    fn outgoing_of(&self, link: Uuid) -> Option<Arc<Outgoing>> {
        let state = self.lock();
        let (_, outgoing) = state.open.get(&link)?;
        Some(Arc::clone(outgoing))
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
        if is_new
            && most > 0
            && *count > most
            && let Some(outgoing) = gateway.links.outgoing_of(link.link)
        {
            outgoing.push(&frames::throttled("too many connections", TOO_MANY));
            outgoing.close(Close::Throttled);
        }
    }
}
