//! Reads by REST what the server does not replay.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::sleep;

use crate::checker::Inbox;
use crate::faults::Fault;
use crate::frame::{self, Shown};
use crate::ledger::Place;
use crate::people::Person;
use crate::rest::HistoryMessage;
use crate::stage::Stage;

/// A GAP came: shows `inbox` the channel's messages up to `to` as the history has them.
pub(crate) async fn fill_gap(
    stage: &Stage,
    person: &Person,
    inbox: &mut Inbox,
    (channel, to): (u64, u64),
) {
    let Some(from) = inbox.gap(channel, to) else {
        return;
    };
    stage.gauges.gaps.fetch_add(1, Relaxed);
    let found = loop {
        match stage.rest.history_from(person, channel, from).await {
            Ok(found) => break found,
            Err(error) if error.may_pass() => sleep(Duration::from_millis(200)).await,
            Err(error) => {
                stage.note(Fault::WrongAnswer, || {
                    format!("reloading channel {channel}: {error}")
                });
                return;
            }
        }
    };
    for message in found.iter().filter(|message| message.seq <= to) {
        let place = Place {
            channel,
            seq: message.seq,
        };
        let seen = Shown {
            client_id: message.client_message_id.as_deref(),
            id: message.id,
            content: said(message),
        };
        inbox.reloaded(place, &seen, &stage.ledger);
        stage.count_delivery();
    }
}

/// The hash of what a message says, if that is what its sender first said.
pub(crate) fn said(message: &HistoryMessage) -> Option<u64> {
    let is_as_sent = !message.is_edited && !message.is_deleted;
    is_as_sent.then(|| frame::hash(&message.content))
}
