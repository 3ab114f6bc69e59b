//! Whether the people of sockets may hear what is said beside business records, where the records' services can
//! be asked: when they connect, resume or subscribe, when an event says that it may have changed, when a channel's
//! events begin to be listened to, soon after a no, and every quarter of an hour where something was said meanwhile.
//! What they may not hear is as if they had unsubscribed from it, until they may.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use discuss_app::permissions::{Sight, sights};
use discuss_domain::entities::RecordRef;
use discuss_domain::{ChannelId, Seq};
use discuss_wire::errors::ErrorCode;
use serde_json::json;
use tokio::time::sleep;

use crate::event_frame::Frame;
use crate::frames;
use crate::gateway::Gateway;
use crate::hub::{Leaving, Start};
use crate::loader::{Channels, Loaded};
use crate::session::Session;

mod about;
mod gate;
mod looking;

pub(crate) use about::About;
use gate::Change;
pub(crate) use gate::Gate;
pub(crate) use looking::{ask_of_added, look_again, look_again_at_listened, look_again_in};

/// A session that reads what it missed is looked at again after so long.
const BUSY: Duration = Duration::from_millis(250);
/// How often.
const TRIES: u32 = 40;

/// The channels of a person, as far as they may hear them.
pub(crate) struct Admitted {
    /// Those that they may hear.
    pub(crate) channels: Channels,
    /// Those of them that they might not hear before.
    pub(crate) opened: Channels,
    /// Those that they may not hear any more.
    pub(crate) closed: Vec<ChannelId>,
}

/// Asks which channels the session's person may hear; those that they may not are noted.
pub(crate) async fn admitted(session: &Session, loaded: Loaded) -> Admitted {
    let Loaded {
        mut channels,
        records,
    } = loaded;
    let heads = channels.iter().copied().collect();
    let unrecorded = unrecorded(session, &records);
    let (opened, closed) = ask(session, &heads, (&records, &unrecorded)).await;
    session.gated(|gate| channels.retain(|(channel, _)| !gate.is_barred(*channel)));
    Admitted {
        channels,
        opened,
        closed,
    }
}

/// The channels that are barred and not, or no more, about a record that can be asked about: membership decides.
fn unrecorded(session: &Session, records: &[(ChannelId, RecordRef)]) -> Vec<ChannelId> {
    let barred = session.gated(|gate| gate.barred()).unwrap_or_default();
    let is_recorded = |channel: ChannelId| records.iter().any(|(other, _)| *other == channel);
    let channels = barred.into_iter().map(|(channel, _)| channel);
    channels.filter(|channel| !is_recorded(*channel)).collect()
}

/// Asks about channels' records, and notes the answers: which channels may be heard again, and which no more. `heads`
/// are the seqs of the person's channels.
async fn ask(
    session: &Session,
    heads: &HashMap<ChannelId, Seq>,
    (records, unrecorded): (&[(ChannelId, RecordRef)], &[ChannelId]),
) -> (Channels, Vec<ChannelId>) {
    let (mut opened, mut closed) = (Channels::new(), Vec::new());
    let Some((question, context)) = session.gated(Gate::ask) else {
        return (opened, closed);
    };
    let asked: Vec<_> = records.iter().map(|(_, record)| record).collect();
    let seen = sights(&context, &asked).await;
    let recorded = records.iter().map(|(channel, _)| channel).zip(seen);
    let others = unrecorded.iter().map(|channel| (channel, Sight::Unasked));
    session.gated(|gate| {
        for (channel, sight) in recorded.chain(others) {
            // Of the others some may have been left.
            let Some(head) = heads.get(channel) else {
                continue;
            };
            let (channel, at) = (*channel, (*channel, *head));
            match gate.note(question, at, sight) {
                Change::Opened => opened.push(at),
                Change::Closed => closed.push(channel),
                Change::Nothing => {}
            }
        }
    });
    (opened, closed)
}

/// How the session starts: so in these channels, and hearing nothing of those that its person may not hear. Of which of
/// these that has become so, it is told.
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
    let (denied, mut starts): (Vec<_>, Vec<_>) = channels
        .into_iter()
        .partition(|(channel, _)| narrowed.contains_key(channel));
    for (channel, _) in denied {
        session.outgoing.push(&denial(channel, None));
    }
    starts.extend(narrowed);
    starts
}

/// The session hears nothing more of channels, and is told why.
async fn silence(gateway: &Gateway, session: &Session, mut channels: Vec<ChannelId>) {
    for _ in 0..TRIES {
        if session.outgoing.close_reason().is_some() {
            return;
        }
        channels.retain(|channel| {
            let hubs = &gateway.hubs;
            let leaving = hubs.leave_unless_it_may_hear(session.id, *channel);
            if leaving == Leaving::Done {
                session.outgoing.push(&denial(*channel, None));
            }
            // RESUME is waited for, or what was missed is read: of a channel that is barred no more of it is told, and
            // so it ends.
            leaving == Leaving::Busy
        });
        if channels.is_empty() {
            return;
        }
        sleep(BUSY).await;
    }
}

/// The session hears channels again, from these seqs, and is told so.
async fn let_in(gateway: &Gateway, session: &Session, mut channels: Channels) {
    for _ in 0..TRIES {
        if session.outgoing.close_reason().is_some() {
            return;
        }
        channels.retain(|(channel, head)| {
            if session.gated(|gate| gate.is_returning(*channel)) != Some(true) {
                return false;
            }
            let say = |from: Seq| {
                if session.gated(|gate| gate.note_returned(*channel)) == Some(true) {
                    let subscribed = json!({ "channelId": channel, "lastSeq": from });
                    let subscribed = frames::own("CHANNEL_SUBSCRIBED", subscribed, None);
                    session.outgoing.push(&subscribed);
                }
            };
            // What was missed is being read, or RESUME is waited for.
            !gateway.hubs.subscribe(session.id, *channel, *head, say)
        });
        if channels.is_empty() {
            return;
        }
        sleep(BUSY).await;
    }
    // They are let in when the session starts.
}

/// Has the session hear again what it may, and no more what it may not. Nobody waits for it.
pub(crate) fn apply(
    gateway: &Arc<Gateway>,
    session: &Arc<Session>,
    (opened, closed): (Channels, Vec<ChannelId>),
) {
    if !opened.is_empty() || !closed.is_empty() {
        let (gateway, session) = (Arc::clone(gateway), Arc::clone(session));
        tokio::spawn(async move {
            tokio::join!(
                silence(&gateway, &session, closed),
                let_in(&gateway, &session, opened)
            );
        });
    }
}

/// A session that has just started hears what it may hear again since it was told of its channels.
pub(crate) fn let_in_who_started(gateway: &Arc<Gateway>, session: &Arc<Session>) {
    let returning = session.gated(|gate| gate.returning());
    apply(
        gateway,
        session,
        (returning.unwrap_or_default(), Vec::new()),
    );
}

/// Why a session hears nothing of a channel: it is not its person's, or what is said beside its record is not.
pub(crate) fn refusal(session: &Session, channel: ChannelId, request_id: Option<&str>) -> Frame {
    if session.is_barred(channel) {
        return denial(channel, request_id);
    }
    let (code, message) = (ErrorCode::ChannelNotFound, "there is no such channel");
    frames::error_about(code, message, json!({ "channelId": channel }), request_id)
}

fn denial(channel: ChannelId, request_id: Option<&str>) -> Frame {
    let message = "you may not see the record that this channel is about";
    let about = json!({ "channelId": channel });
    frames::error_about(ErrorCode::EntityAccessDenied, message, about, request_id)
}
