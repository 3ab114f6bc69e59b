//! Before a run: makes its channels and opens its sockets. After it: reads the histories.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::Context;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::checker::Inbox;
use crate::connection::Connection;
use crate::ledger::Ledger;
use crate::people::Person;
use crate::reload::said;
use crate::requests::Request;
use crate::rest::{HistoryMessage, Rest, RestError};
use crate::stage::Stage;
use crate::verdict::{Histories, Kept};

/// REST calls at once.
const CALLS: usize = 8;
/// Handshakes at once, while the sockets are opened the first time.
const HANDSHAKES: usize = 200;
/// How long all sockets may take to be live, beyond a second per thousand.
const CONNECT_PATIENCE: Duration = Duration::from_mins(1);
/// How many calls in a row may fail while a server is away.
const TRIES: u32 = 60;

/// Connections that were opened.
#[derive(Default)]
pub(crate) struct Connections {
    /// Where each takes its sends.
    pub(crate) senders: Vec<mpsc::Sender<Request>>,
    /// What each will have seen.
    pub(crate) inboxes: Vec<JoinHandle<Inbox>>,
}

/// Makes a channel for each list of members; the first of them owns it.
pub(crate) async fn make_channels(
    rest: &Rest,
    people: &[Person],
    members: &[Vec<usize>],
) -> anyhow::Result<Vec<u64>> {
    stream::iter(members.iter().enumerate())
        .map(|(number, members)| async move {
            let members: Vec<&Person> = members
                .iter()
                .filter_map(|index| people.get(*index))
                .collect();
            let (owner, others) = members.split_first().context("a channel without members")?;
            let others: Vec<u64> = others.iter().map(|person| person.user).collect();
            let name = format!("load {number}");
            Ok(patiently(|| rest.create_group(owner, &name, &others)).await?)
        })
        .buffered(CALLS)
        .try_collect()
        .await
}

/// Opens a socket for each of `people` and waits until all are live.
pub(crate) async fn connect(stage: &Arc<Stage>, people: &[Person]) -> anyhow::Result<Connections> {
    let mut connections = Connections::default();
    for (slot, person) in people.iter().enumerate() {
        let (sender, requests) = mpsc::channel(256);
        let connection = Connection::new(Arc::clone(stage), person.clone(), slot);
        connections.senders.push(sender);
        connections
            .inboxes
            .push(tokio::spawn(connection.run(requests)));
        wait_until_live(stage, (slot + 1).saturating_sub(HANDSHAKES)).await?;
    }
    wait_until_live(stage, people.len()).await?;
    Ok(connections)
}

/// Reads the histories of `channels`, each by its first member.
pub(crate) async fn histories(
    stage: &Stage,
    readers: Vec<(u64, &Person)>,
) -> anyhow::Result<Histories> {
    stream::iter(readers)
        .map(|(channel, reader)| async move {
            let messages = patiently(|| stage.rest.history_from(reader, channel, 0)).await?;
            let kept = messages
                .iter()
                .filter(|message| message.sender_id != 0)
                .map(|message| kept(message, &stage.ledger));
            Ok((channel, kept.collect()))
        })
        .buffer_unordered(CALLS)
        .try_collect()
        .await
}

async fn wait_until_live(stage: &Stage, count: usize) -> anyhow::Result<()> {
    let patience =
        CONNECT_PATIENCE + Duration::from_millis(u64::try_from(count).unwrap_or(u64::MAX));
    let end = Instant::now() + patience;
    loop {
        let live = stage.gauges.live.load(Relaxed);
        if usize::try_from(live).is_ok_and(|live| live >= count) {
            return Ok(());
        }
        anyhow::ensure!(
            Instant::now() < end,
            "only {live} of {count} sockets are live after {patience:?}"
        );
        sleep(Duration::from_millis(2)).await;
    }
}

/// Calls again while the server may come back.
async fn patiently<T, F: Future<Output = Result<T, RestError>>>(
    call: impl Fn() -> F,
) -> Result<T, RestError> {
    let mut tries = 0;
    loop {
        match call().await {
            Err(error) if error.may_pass() && tries < TRIES => {
                tries += 1;
                sleep(error.retry_after().unwrap_or(Duration::from_millis(500))).await;
            }
            done => return done,
        }
    }
}

fn kept(message: &HistoryMessage, ledger: &Ledger) -> Kept {
    Kept {
        number: message
            .client_message_id
            .as_deref()
            .and_then(|id| ledger.run.number_of(id)),
        seq: message.seq,
        id: message.id,
        content: said(message),
    }
}
