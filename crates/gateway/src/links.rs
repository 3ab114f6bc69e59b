//! The connections of this process, as the presence of their people: held in Redis while they are open.

use std::sync::Arc;
use std::time::Duration;

use discuss_app::AppError;
use discuss_app::presence::{Links, NewLink};
use discuss_wire::errors::ErrorCode;
use discuss_wire::stomp::{Version, encode};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::frames::{self, Close};
use crate::gateway::Gateway;
use crate::outgoing::{Dialect, Outgoing};

mod local;
mod telling;

pub(crate) use local::LocalLinks;
pub(crate) use telling::run as run_telling;

/// What changed is told to Redis so often.
const TELL: Duration = Duration::from_millis(100);
/// While Redis is away, it is tried again so often.
const RETRY: Duration = Duration::from_secs(1);
/// Who ends takes no longer to let go of what was open.
const RELEASE: Duration = Duration::from_secs(1);
/// Who has too many connections is welcome again after this.
pub(crate) const TOO_MANY: Duration = Duration::from_secs(30);

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
        let told = async {
            let _turn = gateway.links.telling.lock().await;
            release(&gateway, &links).await?;
            if renewed_at.elapsed() >= renew_every {
                renew(&gateway, &links).await?;
                renewed_at = Instant::now();
            }
            hold_changed(&gateway, &links).await
        };
        match told.await {
            Ok(()) => is_away = false,
            Err(error) => {
                if !std::mem::replace(&mut is_away, true) {
                    tracing::warn!(%error, "nobody knows who is there");
                }
                sleep(RETRY).await;
            }
        }
    }
}

async fn renew(gateway: &Gateway, links: &Links) -> Result<(), AppError> {
    let open = gateway.links.all();
    let forgotten = links.renew(&open).await?;
    let forgotten = forgotten.into_iter().filter_map(|place| open.get(place));
    gateway.links.note_changed(forgotten.map(|(_, link)| *link));
    Ok(())
}

async fn hold_changed(gateway: &Gateway, links: &Links) -> Result<(), AppError> {
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

async fn release(gateway: &Gateway, links: &Links) -> Result<(), AppError> {
    let ended = gateway.links.take_ended();
    let released = links.release(&ended).await;
    if released.is_err() {
        // Their leases end by themselves.
        metrics::counter!("discuss_presence_unreleased_total")
            .increment(u64::try_from(ended.len()).unwrap_or_default());
    }
    released
}

/// Lets go of the last connections before the process ends; while Redis is away their leases end by themselves.
pub(crate) async fn release_last(gateway: &Gateway) {
    let releasing = async {
        let links = Links::new(gateway.app.clone(), gateway.limits.presence_terms());
        let _turn = gateway.links.telling.lock().await;
        release(gateway, &links).await
    };
    match timeout(RELEASE, releasing).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "who was here is seen as here for a lease"),
        Err(_elapsed) => tracing::warn!("redis is slow: who was here is seen as here for a lease"),
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
