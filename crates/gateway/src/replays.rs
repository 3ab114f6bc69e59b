//! The reading of one session: what it missed, page by page, as fast as its socket takes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use discuss_domain::{ChannelId, Seq};
use serde_json::json;

use crate::access;
use crate::frames;
use crate::gateway::Gateway;
use crate::hub::Replay;
use crate::loader::Loaded;
use crate::replay_pace::ReadingTurn;
use crate::session::{ReadOrder, Session};

mod paging;
mod portions;
mod resuming;

/// The log can't be read: after so long it is tried again.
const RETRY: Duration = Duration::from_millis(250);
/// Channels whose marks are read in one query.
const STATE_BATCH: usize = 200;

/// Carries out the session's orders until there are none.
pub(crate) async fn run(gateway: Arc<Gateway>, session: Arc<Session>) {
    let _counts = Arc::clone(&gateway.readings);
    let mut reading = Reading {
        gateway,
        session,
        replays: BTreeMap::new(),
        standings: BTreeMap::new(),
        resumes: Vec::new(),
        is_long: false,
        turn: None,
    };
    loop {
        if reading.session.outgoing.close_reason().is_some() {
            return;
        }
        while let Some(order) = reading.session.take_order() {
            reading.begin(order).await;
        }
        reading.tell_resumed().await;
        let Some(channel) = reading.replays.keys().next().copied() else {
            (reading.is_long, reading.turn) = (false, None);
            if reading.session.end_reading() {
                return;
            }
            continue;
        };
        reading.read_page(channel).await;
    }
}

struct Reading {
    gateway: Arc<Gateway>,
    session: Arc<Session>,
    replays: BTreeMap<ChannelId, Replay>,
    /// Known already for the next page: a member as of this seq, when it was looked up.
    standings: BTreeMap<ChannelId, (Seq, Instant)>,
    resumes: Vec<Resume>,
    /// It reads more than a short page: in its turn.
    is_long: bool,
    turn: Option<ReadingTurn>,
}

/// A RESUME that is not answered yet.
struct Resume {
    request_id: Option<String>,
    /// The channels that are read for it.
    channels: BTreeSet<ChannelId>,
    /// Where those of them that were read have joined.
    joined: BTreeMap<ChannelId, Seq>,
}

impl Reading {
    async fn begin(&mut self, order: ReadOrder) {
        match order {
            ReadOrder::CatchUp { channel, after } => {
                // What a RESUME reads of this channel reaches further back.
                self.replays
                    .entry(channel)
                    .or_insert_with(|| Replay::after(after));
            }
            ReadOrder::Resume(order) => self.resume(order).await,
        }
    }

    /// The hub was to let the session in, and has, or it is read on, or it may not be heard any more.
    fn take_joined(&mut self, channel: ChannelId, at: Option<Seq>) {
        self.note_joined(channel, at);
        if at.is_some() {
            self.session.gated(|gate| gate.note_returned(channel));
        }
        if at.is_none() && self.session.is_barred(channel) {
            self.refuse(channel);
        }
    }

    /// The person's channels; nothing when the socket closes before they are known.
    async fn load(&self) -> Option<Loaded> {
        loop {
            if let Some(loaded) = self.gateway.loader.channels_of(self.session.person).await {
                return Some(loaded);
            }
            self.session
                .outgoing
                .close_reason()
                .is_none()
                .then_some(())?;
            tokio::time::sleep(RETRY).await;
        }
    }

    /// The channel is read no more, unless the hub orders it again.
    fn note_joined(&mut self, channel: ChannelId, at: Option<Seq>) {
        self.replays.remove(&channel);
        let Some(at) = at else { return };
        self.standings.remove(&channel);
        for resume in &mut self.resumes {
            if resume.channels.contains(&channel) {
                resume.joined.insert(channel, at);
            }
        }
    }

    /// The channel, of which they are a member as of `head`, may not be heard any more.
    fn turn_away(&mut self, channel: ChannelId, head: Seq) {
        self.replays.remove(&channel);
        self.gateway.hubs.silence(self.session.id, channel, head);
        self.refuse(channel);
    }

    /// The channel is not theirs: whoever resumed it is told so in answer, who was behind by chance
    /// unasked, since the event that removed them is not for them to read.
    fn refuse(&mut self, channel: ChannelId) {
        let mut asked: Vec<Option<String>> = self
            .resumes
            .iter_mut()
            .filter_map(|resume| {
                resume.joined.remove(&channel);
                resume
                    .channels
                    .remove(&channel)
                    .then(|| resume.request_id.clone())
            })
            .collect();
        if asked.is_empty() {
            asked.push(None);
        }
        for request_id in asked {
            self.tell_refused(channel, request_id.as_deref());
        }
    }

    fn tell_refused(&self, channel: ChannelId, request_id: Option<&str>) {
        let refusal = access::refusal(&self.session, channel, request_id);
        self.session.outgoing.push_replayed(&refusal);
    }

    /// Marks and unread counts have no seq: whoever comes back is told them as they are. Best effort,
    /// the next mark that moves tells them again.
    async fn tell_state(&mut self, channels: &[ChannelId]) {
        let person = self.session.person;
        for channels in channels.chunks(STATE_BATCH) {
            let state = self.gateway.loader.state_of(person, channels.to_vec());
            if let Some(state) = state.await {
                self.push(state);
            }
            self.drained().await;
        }
    }

    /// A RESUME is answered when none of its channels is read any more, also by a second reading that
    /// the hub asked for.
    async fn tell_resumed(&mut self) {
        let replays = &self.replays;
        let (done, open): (Vec<_>, Vec<_>) = std::mem::take(&mut self.resumes)
            .into_iter()
            .partition(|resume| {
                resume
                    .channels
                    .iter()
                    .all(|channel| !replays.contains_key(channel))
            });
        self.resumes = open;
        for resume in done {
            let channels: BTreeMap<String, Seq> = resume
                .joined
                .iter()
                .map(|(channel, at)| (channel.to_string(), *at))
                .collect();
            let payload = json!({ "channels": channels });
            self.drained().await;
            let frame = frames::own("RESUMED", payload, resume.request_id.as_deref());
            self.session.note_resumed();
            self.session.outgoing.push_replayed(&frame);
            let channels: Vec<ChannelId> = resume.joined.into_keys().collect();
            self.tell_state(&channels).await;
        }
    }
}
