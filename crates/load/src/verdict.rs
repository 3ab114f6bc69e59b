//! The judgement at the end of a run: what was sent, what each connection saw and what the history
//! holds are laid side by side. Pure: everything it compares is handed in.

use std::collections::HashMap;

use serde::Serialize;

use crate::checker::Inbox;
use crate::cursor::Cursor;
use crate::faults::{Fault, Faults};
use crate::ledger::{Entered, Ledger};
use crate::places;
use crate::visits::Stays;

/// A message as the history has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Its number, if it is one of this run.
    pub(crate) number: Option<u64>,
    /// Its place in the channel.
    pub(crate) seq: u64,
    /// Its id.
    pub(crate) id: u64,
    /// The hash of its content; nothing of one that was edited or deleted since.
    pub(crate) content: Option<u64>,
}

/// The histories of the channels that were read.
pub(crate) type Histories = HashMap<u64, Vec<Kept>>;

/// What the run came to.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Judgement {
    /// Everything held against the server.
    pub(crate) faults: Faults,
    /// Messages that were sent at all.
    pub(crate) sent: u64,
    /// Messages the server said are stored.
    pub(crate) acked: u64,
    /// Messages in the histories.
    pub(crate) stored: u64,
    /// Messages stored though nobody was told so.
    pub(crate) stored_unacknowledged: u64,
}

/// A channel at the end: what must have been shown of it.
#[derive(Default)]
struct Truth {
    /// The acknowledged messages' seqs.
    acked: Vec<u64>,
    /// The last seq that is known to exist.
    head: u64,
}

/// Judges the run. `inboxes` come with the channels that their users are members of.
pub(crate) fn judge(
    ledger: &Ledger,
    histories: &Histories,
    inboxes: Vec<(Inbox, Vec<u64>)>,
) -> Judgement {
    let mut judgement = Judgement::default();
    let entered: Vec<Entered> = ledger.all().collect();
    let truths = judge_histories(&entered, histories, &mut judgement);
    let heads = truths
        .iter()
        .map(|(channel, truth)| (*channel, truth.head))
        .collect();
    places::judge(
        &entered,
        inboxes.iter().flat_map(|(inbox, _)| &inbox.told),
        &mut judgement.faults,
    );
    let stays = Stays::told(inboxes.iter().map(|(inbox, _)| inbox));
    let nothing = Truth::default();
    for (inbox, channels) in inboxes {
        judgement.faults.add(stays.judge(&inbox, &channels, &heads));
        for channel in channels {
            let truth = truths.get(&channel).unwrap_or(&nothing);
            judge_cursor(
                inbox.user,
                channel,
                (inbox.cursor(channel), truth),
                &mut judgement.faults,
            );
        }
        judgement.faults.add(inbox.faults);
    }
    judgement
}

/// Compares the ledger with the histories and tells what each channel came to.
fn judge_histories(
    entered: &[Entered],
    histories: &Histories,
    judgement: &mut Judgement,
) -> HashMap<u64, Truth> {
    let mut truths: HashMap<u64, Truth> = HashMap::new();
    let mut kept = index_histories(histories, &mut truths, &mut judgement.faults);
    for message in entered {
        judgement.sent += 1;
        judgement.acked += u64::from(message.acked);
        let truth = truths.entry(message.channel).or_default();
        if message.acked {
            truth.acked.push(message.seq);
            truth.head = truth.head.max(message.seq);
        }
        if !histories.contains_key(&message.channel) {
            continue;
        }
        let copies = kept.remove(&message.number).unwrap_or_default();
        judgement.stored += u64::from(!copies.is_empty());
        judgement.stored_unacknowledged += u64::from(!copies.is_empty() && !message.acked);
        judge_copies(message, &copies, &mut judgement.faults);
    }
    judgement.faults.note(Fault::Stray, count(kept.len()), || {
        "a history holds messages that were never sent".to_owned()
    });
    for truth in truths.values_mut() {
        truth.acked.sort_unstable();
        truth.acked.dedup();
    }
    truths
}

/// The histories by message number, each message with its channel; their order is checked on the way.
fn index_histories(
    histories: &Histories,
    truths: &mut HashMap<u64, Truth>,
    faults: &mut Faults,
) -> HashMap<u64, Vec<(u64, Kept)>> {
    let mut by_number: HashMap<u64, Vec<(u64, Kept)>> = HashMap::new();
    for (channel, messages) in histories {
        let truth = truths.entry(*channel).or_default();
        let mut before = 0;
        for message in messages {
            if message.seq <= before {
                faults.note(Fault::OutOfOrder, 1, || {
                    format!(
                        "channel {channel}: history has {before} before {}",
                        message.seq
                    )
                });
            }
            before = message.seq;
            truth.head = truth.head.max(message.seq);
            match message.number {
                Some(number) => by_number
                    .entry(number)
                    .or_default()
                    .push((*channel, *message)),
                None => faults.note(Fault::Stray, 1, || {
                    format!("channel {channel}: history has a stranger's message")
                }),
            }
        }
    }
    by_number
}

/// Compares one message with its copies in the histories.
fn judge_copies(message: &Entered, copies: &[(u64, Kept)], faults: &mut Faults) {
    let number = message.number;
    if message.acked && copies.is_empty() {
        faults.note(Fault::Lost, 1, || {
            format!("message {number} was acknowledged and is not in the history")
        });
    }
    if copies.len() > 1 {
        faults.note(Fault::Doubled, 1, || {
            format!("message {number} is in the history {} times", copies.len())
        });
    }
    for (channel, copy) in copies {
        if *channel != message.channel {
            faults.note(Fault::Stray, 1, || {
                format!("message {number} is in the history of channel {channel}")
            });
        }
        if copy
            .content
            .is_some_and(|content| content != message.content)
        {
            faults.note(Fault::Altered, 1, || {
                format!("message {number} has another content in the history")
            });
        }
        let moved =
            message.seq != 0 && message.seq != copy.seq || message.id != 0 && message.id != copy.id;
        if moved {
            faults.note(Fault::Doubled, 1, || {
                format!("message {number} has another place or id in the history")
            });
        }
    }
}

/// Compares what a connection saw of a channel it is in with what there is.
fn judge_cursor(
    user: u64,
    channel: u64,
    (cursor, truth): (Option<&Cursor>, &Truth),
    faults: &mut Faults,
) {
    let Some(cursor) = cursor else {
        let missed = count(truth.acked.len());
        faults.note(Fault::Lost, missed, || {
            format!("user {user} saw nothing of channel {channel}: {missed} messages")
        });
        return;
    };
    for (from, to) in &cursor.holes {
        faults.note(Fault::Lost, to - from + 1, || {
            format!("user {user}, channel {channel}: seqs {from} to {to} never came")
        });
    }
    let end = truth.head.saturating_sub(cursor.last);
    faults.note(Fault::Lost, end, || {
        format!(
            "user {user}, channel {channel}: ends at {} of {}",
            cursor.last, truth.head
        )
    });
    let reloaded = |seq: &u64| cursor.reloaded.contains(seq);
    for (from, to) in &cursor.gaps {
        let missed = truth
            .acked
            .iter()
            .filter(|seq| (from..=to).contains(seq))
            .filter(|seq| !reloaded(seq))
            .count();
        faults.note(Fault::Lost, count(missed), || {
            format!("user {user}, channel {channel}: not reloaded from {from} to {to}")
        });
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
