//! A RESUME: which of its channels are read, and what is said of the others.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use discuss_domain::{ChannelId, Seq};

use super::{Reading, Resume};
use crate::access::{self, Admitted};
use crate::hub::Start;
use crate::loader::Channels;
use crate::session::ResumeOrder;

impl Reading {
    pub(super) async fn resume(&mut self, order: ResumeOrder) {
        let ResumeOrder {
            request_id,
            channels,
            starts,
        } = order;
        // Others read while the records' services are asked.
        self.turn = None;
        let looked_up = Instant::now();
        let Some(loaded) = self.load().await else {
            return;
        };
        let Admitted {
            channels: current,
            opened,
            closed,
        } = access::admitted(&self.session, loaded).await;
        let current: BTreeMap<ChannelId, Seq> = current.into_iter().collect();
        let (known, unknown): (Channels, Channels) = channels
            .into_iter()
            .partition(|(channel, _)| current.contains_key(channel));
        let unknown: BTreeSet<ChannelId> =
            unknown.into_iter().map(|(channel, _)| channel).collect();
        let known: BTreeMap<ChannelId, Seq> = known.into_iter().collect();
        // Those that are named are read first: nobody else lets the session in.
        self.session.gated(|gate| {
            for channel in known.keys() {
                gate.note_returned(*channel);
            }
        });
        let denied = self.barred_of(&unknown);
        if let Some(starts) = starts {
            let starts = starts.into_iter();
            let starts = starts.filter(|(channel, _)| !unknown.contains(channel));
            self.start(starts, &known);
        }
        access::apply(&self.gateway, &self.session, (opened, closed));
        let about = request_id.as_deref();
        self.tell_unknown(&unknown, &denied, about).await;
        self.resumes.push(Resume {
            request_id,
            channels: known.keys().copied().collect(),
            joined: BTreeMap::new(),
        });
        for (channel, after) in known {
            let head = current.get(&channel).copied().unwrap_or_default();
            self.rejoin(channel, (after, head), looked_up);
        }
    }

    fn barred_of(&self, channels: &BTreeSet<ChannelId>) -> BTreeSet<ChannelId> {
        let channels = channels.iter().copied();
        channels
            .filter(|channel| self.session.is_barred(*channel))
            .collect()
    }

    /// The session starts: it reads the channels that it names, and is live in the others.
    fn start(
        &self,
        starts: impl Iterator<Item = (ChannelId, Seq)>,
        named: &BTreeMap<ChannelId, Seq>,
    ) {
        let starts = starts.map(|(channel, at)| {
            let start = if named.contains_key(&channel) {
                Start::Reading
            } else {
                Start::At(at)
            };
            (channel, start)
        });
        let starts = access::starts(&self.session, starts);
        self.gateway.hubs.start(self.session.id, &starts);
        access::let_in_who_started(&self.gateway, &self.session);
    }

    /// Tells of channels that the person is not in or may not hear. Who may hear one by now that was `denied` is told
    /// that instead.
    async fn tell_unknown(
        &mut self,
        unknown: &BTreeSet<ChannelId>,
        denied: &BTreeSet<ChannelId>,
        request_id: Option<&str>,
    ) {
        for channel in unknown {
            // Many may be answered: as fast as the socket takes it, no faster.
            self.drained().await;
            if !denied.contains(channel) || self.session.is_barred(*channel) {
                self.tell_refused(*channel, request_id);
            }
        }
    }

    /// Reads the channel, of which they are a member as of `head`, from here on for the RESUME.
    fn rejoin(&mut self, channel: ChannelId, (after, head): (Seq, Seq), looked_up: Instant) {
        self.gateway.hubs.withdraw(self.session.id, channel);
        self.session.forget_catch_ups(channel);
        if self.session.is_barred(channel) {
            self.turn_away(channel, head);
            return;
        }
        self.standings.insert(channel, (head, looked_up));
        // What the hub remembers need not be read; a log that went back is found out by reading.
        let hubs = &self.gateway.hubs;
        let at = hubs.rejoin(self.session.id, channel, (after, head));
        self.take_joined(channel, at);
    }
}
