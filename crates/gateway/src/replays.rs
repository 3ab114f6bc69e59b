//! The reading of one session: what it missed, page by page, as fast as its socket takes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use discuss_domain::{ChannelId, Seq};
use serde_json::json;

use crate::access::{self, Admitted};
use crate::frames;
use crate::gateway::Gateway;
use crate::hub::{Replay, Start};
use crate::loader::Loaded;
use crate::replay_pace::ReadingTurn;
use crate::session::{ReadOrder, ResumeOrder, Session};

mod paging;
mod portions;

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
    /// Known already for the next page: a member as of this seq.
    standings: BTreeMap<ChannelId, Seq>,
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
            ReadOrder::Resume(resume) => self.resume(resume).await,
        }
    }

    async fn resume(&mut self, order: ResumeOrder) {
        let ResumeOrder {
            request_id,
            channels,
            starts,
        } = order;
        // Others read while the records' services are asked.
        self.turn = None;
        let Some(loaded) = self.load().await else {
            return;
        };
        let Admitted {
            channels: current,
            opened,
            closed,
        } = access::admitted(&self.session, loaded).await;
        let current: BTreeMap<ChannelId, Seq> = current.into_iter().collect();
        let (known, unknown): (Vec<_>, Vec<_>) = channels
            .into_iter()
            .partition(|(channel, _)| current.contains_key(channel));
        let denied: BTreeSet<ChannelId> = unknown
            .iter()
            .map(|(channel, _)| *channel)
            .filter(|channel| self.session.is_barred(*channel))
            .collect();
        // Those that are named are read first: nobody else lets the session in.
        self.session.gated(|gate| {
            for (channel, _) in &known {
                gate.note_returned(*channel);
            }
        });
        if let Some(mut starts) = starts {
            let named: BTreeSet<ChannelId> = known.iter().map(|(channel, _)| *channel).collect();
            starts.retain(|(channel, _)| !unknown.iter().any(|(other, _)| other == channel));
            self.start(&starts, &named);
        }
        access::apply(&self.gateway, &self.session, (opened, closed));
        for (channel, _) in unknown {
            // Many may be answered: as fast as the socket takes it, no faster.
            self.drained().await;
            // Who may hear it by now is told that instead.
            if !denied.contains(&channel) || self.session.is_barred(channel) {
                self.tell_refused(channel, request_id.as_deref());
            }
        }
        let channels = known.iter().map(|(channel, _)| *channel).collect();
        self.resumes.push(Resume {
            request_id,
            channels,
            joined: BTreeMap::new(),
        });
        for (channel, after) in known {
            let head = current.get(&channel).copied().unwrap_or_default();
            self.rejoin(channel, (after, head));
        }
    }

    /// Reads the channel, of which they are a member as of `head`, from here on for the RESUME.
    fn rejoin(&mut self, channel: ChannelId, (after, head): (Seq, Seq)) {
        self.gateway.hubs.withdraw(self.session.id, channel);
        self.session.forget_catch_ups(channel);
        if self.session.is_barred(channel) {
            self.turn_away(channel, head);
            return;
        }
        self.standings.insert(channel, head);
        // What the hub remembers need not be read; a log that went back is found out by reading.
        let at = self
            .gateway
            .hubs
            .rejoin(self.session.id, channel, (after, head));
        self.take_joined(channel, at);
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

    fn start(&self, starts: &[(ChannelId, Seq)], named: &BTreeSet<ChannelId>) {
        let starts = starts.iter().map(|(channel, at)| {
            let start = if named.contains(channel) {
                Start::Reading
            } else {
                Start::At(*at)
            };
            (*channel, start)
        });
        let starts = access::starts(&self.session, starts);
        self.gateway.hubs.start(self.session.id, &starts);
        access::let_in_who_started(&self.gateway, &self.session);
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
