//! Asking again about sessions that are open.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use discuss_app::permissions::is_askable;
use discuss_domain::{ChannelId, Seq, TenantId};
use tokio::time::sleep;

use super::{About, Gate, apply, ask, unrecorded};
use crate::gateway::Gateway;
use crate::hub::SessionId;
use crate::loader::Loaded;
use crate::session::Session;

/// What could not be looked up is tried again after so long.
const RETRY: Duration = Duration::from_secs(1);

/// Has every session whose person is in the channel be asked about again.
pub(crate) fn look_again_in(gateway: &Arc<Gateway>, tenant: TenantId, channel: ChannelId) {
    for session in gateway.hubs.sessions_about(channel).into_values() {
        // Of whom nothing was asked yet it is asked later than this.
        let is_asked = session.gated(|gate| gate.has_begun()) == Some(true);
        if is_asked && session.person.tenant == tenant {
            look_again(gateway, &session, About::these([channel]));
        }
    }
}

/// The events of these channels are listened to from now on: what was told of access to their records before was not
/// heard. Has those be asked about again who hear them by now, or are about to start.
pub(crate) fn look_again_at_listened(gateway: &Arc<Gateway>, channels: &[ChannelId]) {
    if channels.is_empty() || !gateway.app.asks_services() {
        return;
    }
    for session in gateway.hubs.unstarted().into_values() {
        look_again_where_asked(gateway, &session, channels);
    }
    let mut listening: BTreeMap<SessionId, (Arc<Session>, Vec<ChannelId>)> = BTreeMap::new();
    for channel in channels {
        for (id, session) in gateway.hubs.sessions_in(&[*channel]) {
            let (_, channels) = listening.entry(id).or_insert((session, Vec::new()));
            channels.push(*channel);
        }
    }
    for (session, channels) in listening.into_values() {
        look_again_where_asked(gateway, &session, &channels);
    }
}

/// The same of one session, where it was asked before.
fn look_again_where_asked(gateway: &Arc<Gateway>, session: &Arc<Session>, channels: &[ChannelId]) {
    let channels = channels.iter().copied();
    let asked = session.gated(|gate| {
        let asked = channels.filter(|channel| gate.has_asked(*channel));
        asked.collect::<Vec<_>>()
    });
    if let Some(asked) = asked.filter(|asked| !asked.is_empty()) {
        look_again(gateway, session, About::these(asked));
    }
}

/// Asks about a channel that the session's person was added to, if it is about a record.
pub(crate) async fn ask_of_added(
    gateway: &Arc<Gateway>,
    session: &Arc<Session>,
    channel: ChannelId,
) {
    if is_askable(&gateway.app, session.person.tenant, channel).await {
        look_again(gateway, session, About::these([channel]));
    }
}

/// Asks again about some channels, and takes the session out of what its person may hear no more, or back into what they
/// may. Nobody waits for it.
pub(crate) fn look_again(gateway: &Arc<Gateway>, session: &Arc<Session>, about: About) {
    if session.gated(|gate| gate.waiting.add(about)) == Some(true) {
        let (gateway, session) = (Arc::clone(gateway), Arc::clone(session));
        tokio::spawn(async move {
            while let Some(about) = session.gated(|gate| gate.waiting.take()).flatten() {
                look(&gateway, &session, about).await;
            }
        });
    }
}

async fn look(gateway: &Arc<Gateway>, session: &Arc<Session>, about: About) {
    let loaded = gateway.loader.channels_of(session.person).await;
    let Some(Loaded { channels, records }) = loaded else {
        session.gated(|gate| gate.leave_for_later(&about));
        if !about.these.is_empty() && session.outgoing.close_reason().is_none() {
            // Of these it is not known whether they may be heard.
            sleep(RETRY).await;
            session.gated(|gate| gate.waiting.add(about));
        }
        return;
    };
    let heads: HashMap<ChannelId, Seq> = channels.into_iter().collect();
    let unrecorded = unrecorded(session, &records);
    let is_changed = |gate: &Gate, channel: ChannelId| {
        gate.is_barred(channel) || gate.asked_at(channel) != heads.get(&channel).copied()
    };
    let concerned = session.gated(|gate| {
        let records = records.into_iter();
        let concerned = records.filter(|(channel, _)| {
            about.these.contains(channel) || (about.what_changed && is_changed(gate, *channel))
        });
        concerned.collect::<Vec<_>>()
    });
    let concerned = concerned.unwrap_or_default();
    let changes = ask(session, &heads, (&concerned, &unrecorded)).await;
    apply(gateway, session, changes);
}
