//! Whether the people of sockets may hear what is said beside business records, where the records' services can
//! be asked: when they connect or resume, when an event says that it may have changed, and every quarter of an
//! hour where something was said meanwhile. What they may not hear is as if they had unsubscribed from it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use discuss_app::Context;
use discuss_app::permissions::{Sight, sights};
use discuss_domain::{ChannelId, Seq};
use discuss_wire::errors::ErrorCode;
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::event_frame::Frame;
use crate::frames;
use crate::gateway::Gateway;
use crate::hub::{Leaving, Start};
use crate::loader::{Channels, Loaded};
use crate::session::Session;

/// It is asked again after so long,
const AGAIN: Duration = Duration::from_mins(15);
/// and at most so much later, so that not all ask at once;
const SPREAD: Duration = Duration::from_secs(90);
/// and where the records' services did not answer, which is a no, after so long.
const SOON: Duration = Duration::from_secs(20);
/// A session that reads what it missed is looked at again after so long.
const BUSY: Duration = Duration::from_millis(250);
/// How often.
const TRIES: u32 = 40;

/// What a session has asked of records' services; only there is one if they can be asked.
pub(crate) struct Gate {
    /// Who asks.
    context: Context,
    /// How far each channel's log had come when it was asked.
    asked: HashMap<ChannelId, Seq>,
    /// The channels that the session may not hear.
    barred: HashSet<ChannelId>,
    again_at: Instant,
}

impl Gate {
    pub(crate) fn new(context: Context) -> Self {
        Self {
            context,
            asked: HashMap::new(),
            barred: HashSet::new(),
            again_at: again_at(),
        }
    }

    /// From now on it is asked with this.
    pub(crate) fn renew(&mut self, context: Context) {
        self.context = context;
    }

    /// Is it time to ask again? Then the next time is set.
    pub(crate) fn is_due(&mut self) -> bool {
        let is_due = Instant::now() >= self.again_at;
        if is_due {
            self.again_at = again_at();
        }
        is_due
    }

    /// It was not answered: that is asked again soon.
    fn doubt(&mut self) {
        self.again_at = self.again_at.min(spread(SOON, SOON));
    }

    /// May the session not hear this channel?
    pub(crate) fn is_barred(&self, channel: ChannelId) -> bool {
        self.barred.contains(&channel)
    }

    /// Is there one that the session may not hear?
    pub(crate) fn has_barred(&self) -> bool {
        !self.barred.is_empty()
    }

    /// The channels that the session may not hear, and how far their logs had come when that was asked.
    fn barred(&self) -> Channels {
        let asked = |channel| self.asked.get(channel).copied().unwrap_or_default();
        let barred = self.barred.iter();
        barred.map(|channel| (*channel, asked(channel))).collect()
    }
}

fn again_at() -> Instant {
    spread(AGAIN, SPREAD)
}

/// So much later than now, and at most `spread` more.
fn spread(after: Duration, spread: Duration) -> Instant {
    let (random, _) = Uuid::new_v4().as_u64_pair();
    let share = Duration::from_millis(random % 1_000);
    Instant::now() + after + share.saturating_mul(u32::try_from(spread.as_secs()).unwrap_or(1))
}

/// The channels that the session's person may hear; those that they may not are noted.
pub(crate) async fn admitted(session: &Session, loaded: Loaded) -> Channels {
    let Loaded { mut channels, .. } = loaded;
    let Some(context) = session.gated(|gate| gate.context.clone()) else {
        return channels;
    };
    let records: Vec<_> = loaded.records.iter().map(|(_, record)| record).collect();
    let seen = sights(&context, &records).await;
    let heads: HashMap<ChannelId, Seq> = channels.iter().copied().collect();
    session.gated(|gate| {
        for ((channel, _), sight) in loaded.records.iter().zip(&seen) {
            let head = heads.get(channel).copied().unwrap_or_default();
            gate.asked.insert(*channel, head);
            if sight.is_open() {
                gate.barred.remove(channel);
            } else {
                gate.barred.insert(*channel);
            }
            if *sight == Sight::Doubted {
                gate.doubt();
            }
        }
        channels.retain(|(channel, _)| !gate.barred.contains(channel));
    });
    channels
}

/// How the session starts: so in these channels, as far as its person may hear them, and hearing nothing of the others.
pub(crate) fn starts(
    session: &Session,
    channels: impl IntoIterator<Item = (ChannelId, Start)>,
) -> Vec<(ChannelId, Start)> {
    let narrowed: BTreeMap<ChannelId, Start> = session
        .gated(|gate| gate.barred())
        .into_iter()
        .flatten()
        .map(|(channel, at)| (channel, Start::Narrowed(at)))
        .collect();
    let heard = channels
        .into_iter()
        .filter(|(channel, _)| !narrowed.contains_key(channel));
    let mut starts: Vec<_> = heard.collect();
    starts.extend(narrowed);
    starts
}

/// Has every session whose person is in the channel be asked about again.
pub(crate) fn look_again_in(gateway: &Arc<Gateway>, channel: ChannelId) {
    for session in gateway.hubs.sessions_about(channel).into_values() {
        look_again(gateway, &session, Some(channel));
    }
}

/// Asks again about one channel, or about those that are barred or in which something was said since it was asked;
/// and takes the session out of what its person may hear no more, or back into what they may. Nobody waits for it.
pub(crate) fn look_again(gateway: &Arc<Gateway>, session: &Arc<Session>, only: Option<ChannelId>) {
    if session.gated(|_| ()).is_some() {
        let (gateway, session) = (Arc::clone(gateway), Arc::clone(session));
        tokio::spawn(async move { look(&gateway, &session, only).await });
    }
}

async fn look(gateway: &Gateway, session: &Session, only: Option<ChannelId>) {
    let Some(Loaded { channels, records }) = gateway.loader.channels_of(session.person).await
    else {
        // The next look comes in time.
        return;
    };
    let heads: HashMap<ChannelId, Seq> = channels.into_iter().collect();
    let head = |channel: &ChannelId| heads.get(channel).copied().unwrap_or_default();
    let Some((context, asked, barred)) = session.gated(|gate| {
        (
            gate.context.clone(),
            gate.asked.clone(),
            gate.barred.clone(),
        )
    }) else {
        return;
    };
    let concerned: Vec<_> = records
        .into_iter()
        .filter(|(channel, _)| match only {
            Some(only) => *channel == only,
            None => barred.contains(channel) || asked.get(channel) != Some(&head(channel)),
        })
        .collect();
    let records: Vec<_> = concerned.iter().map(|(_, record)| record).collect();
    let seen = sights(&context, &records).await;
    for ((channel, _), sight) in concerned.iter().zip(seen) {
        if sight == Sight::Doubted {
            session.gated(Gate::doubt);
        }
        let head = head(channel);
        session.gated(|gate| gate.asked.insert(*channel, head));
        match (sight.is_open(), barred.contains(channel)) {
            (false, _) => bar(gateway, session, *channel).await,
            (true, true) => let_in(gateway, session, (*channel, head)).await,
            (true, false) => {}
        }
    }
}

/// The session hears nothing more of the channel, and is told why.
async fn bar(gateway: &Gateway, session: &Session, channel: ChannelId) {
    session.gated(|gate| gate.barred.insert(channel));
    for _ in 0..TRIES {
        match gateway.hubs.leave(session.id, channel) {
            Leaving::Done => {
                session.outgoing.push(&refusal(session, channel, None));
                return;
            }
            Leaving::Quiet | Leaving::Unknown => return,
            // RESUME is waited for, or what was missed is read: of a channel that is barred no more of it is told, and so
            // it ends.
            Leaving::Busy => sleep(BUSY).await,
        }
    }
}

/// The session hears the channel again, and is told so.
async fn let_in(gateway: &Gateway, session: &Session, (channel, head): (ChannelId, Seq)) {
    session.gated(|gate| gate.barred.remove(&channel));
    let say = |from: Seq| {
        let subscribed = json!({ "channelId": channel, "lastSeq": from });
        let subscribed = frames::own("CHANNEL_SUBSCRIBED", subscribed, None);
        session.outgoing.push(&subscribed);
    };
    for _ in 0..TRIES {
        if gateway.hubs.subscribe(session.id, channel, head, say) {
            return;
        }
        // What was missed is being read, or RESUME is waited for; both end.
        sleep(BUSY).await;
    }
    tracing::warn!(%channel, "a session that reads for long hears a record's channel only when it asks");
}

/// Why a session hears nothing of a channel: it is not its person's, or what is said beside its record is not.
pub(crate) fn refusal(session: &Session, channel: ChannelId, request_id: Option<&str>) -> Frame {
    let is_barred = session.gated(|gate| gate.is_barred(channel));
    let (code, message) = match is_barred {
        Some(true) => (
            ErrorCode::EntityAccessDenied,
            "you may not see the record that this channel is about",
        ),
        _ => (ErrorCode::ChannelNotFound, "there is no such channel"),
    };
    frames::error_about(code, message, json!({ "channelId": channel }), request_id)
}
