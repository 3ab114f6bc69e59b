//! Events that can't be told: of a kind that only a newer version knows, as while one is rolled out, or spoiled.
//! They keep their place, so that what comes after them comes.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use discuss_domain::{ChannelId, EventKind, Seq};
use discuss_storage::event_log::UnreadEvent;
use discuss_wire::fanout::FanoutEvent;
use discuss_wire::frames::{ServerFrame, UnknownEventView};

/// Kinds that are remembered as logged.
const MOST: usize = 100;

/// Kinds and causes of which it was logged that such an event can't be told: it is said once of each.
static LOGGED: Mutex<BTreeSet<(String, String)>> = Mutex::new(BTreeSet::new());

/// The event with a frame that only keeps its place.
pub(crate) fn keeping_place(event: &UnreadEvent) -> FanoutEvent {
    let place = (event.channel, event.seq);
    warn_once(place, &event.kind, &event.cause);
    FanoutEvent {
        channel: event.channel,
        seq: event.seq,
        kind: EventKind::find(&event.kind),
        users: event.users.clone(),
        frame: frame(place, &event.kind, event.at),
    }
}

/// A frame that only keeps the place: no type of ours with less in it than clients know it to have.
pub(super) fn frame((channel, seq): (ChannelId, Seq), kind: &str, at: DateTime<Utc>) -> Bytes {
    let view = UnknownEventView {
        channel_id: channel.get(),
        kind,
    };
    let frame = ServerFrame::event("UNKNOWN_EVENT", channel, seq, view, at.timestamp_millis());
    // Numbers and a text can always be encoded.
    frame.encode().unwrap_or_default()
}

/// Says that an event can't be told, unless that was said of its kind for the same cause.
pub(super) fn warn_once((channel, seq): (ChannelId, Seq), kind: &str, cause: &dyn Display) {
    let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    let what = (kind.to_owned(), cause.to_string());
    if logged.len() < MOST && logged.insert(what) {
        tracing::warn!(%channel, %seq, kind, %cause, "events of this kind can't be told: they only keep their place");
    }
}
