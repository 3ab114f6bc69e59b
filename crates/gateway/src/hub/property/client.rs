//! A session of the model: what it was sent, judged frame by frame.

use std::collections::BTreeMap;

use discuss_domain::{ChannelId, Seq, TenantId, UserId};

use super::access::Answers;
use super::log::Log;
use crate::hub::{Leaving, MemberPage, Replay, SessionId};

/// What a client has of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Has {
    /// Everything up to here, and it expects the rest.
    All(Seq),
    /// It was removed, or refused; only an event that adds it may follow, one after this.
    Ended(Seq),
    /// It wants nothing more than this, unless it is added again after it.
    Quiet(Seq),
}

/// A reading of the log that is under way.
pub(super) struct Reading {
    pub(super) replay: Replay,
    /// The page that was read but has not arrived.
    pub(super) page: Option<MemberPage<String>>,
}

pub(super) struct Client {
    pub(super) id: SessionId,
    pub(super) tenant: TenantId,
    pub(super) user: UserId,
    /// Its channels when they were looked up, with the head of each.
    pub(super) loaded: Option<Vec<(ChannelId, Seq)>>,
    pub(super) started: bool,
    pub(super) has: BTreeMap<ChannelId, Has>,
    pub(super) readings: BTreeMap<ChannelId, Reading>,
    /// A channel that it wants to hear, of which its user was a member when the log reached this seq.
    pub(super) wanted: Option<(ChannelId, Seq)>,
    pub(super) access: Answers,
}

impl Client {
    pub(super) fn new(id: SessionId, tenant: TenantId, user: UserId) -> Self {
        Self {
            id,
            tenant,
            user,
            loaded: None,
            started: false,
            has: BTreeMap::new(),
            readings: BTreeMap::new(),
            wanted: None,
            access: Answers::default(),
        }
    }

    /// The client reads the log after what it says it has.
    pub(super) fn read_from(&mut self, channel: ChannelId, last: Seq) {
        self.has.insert(channel, Has::All(last));
        self.readings.insert(
            channel,
            Reading {
                replay: Replay::after(last),
                page: None,
            },
        );
    }

    /// The client is told that it hears a channel after this seq: of one that it hears already nothing is skipped.
    pub(super) fn receive_subscribed(&mut self, channel: ChannelId, from: Seq) {
        assert!(self.started, "{self:?} heard before it started");
        assert!(
            !self.readings.contains_key(&channel),
            "{self:?} hears while it reads"
        );
        match self.has.get(&channel) {
            Some(Has::All(last)) => assert_eq!(*last, from, "{self:?} of {channel}"),
            Some(Has::Ended(last)) => assert!(from >= *last, "{self:?} of {channel} from {from}"),
            Some(Has::Quiet(_)) | None => {}
        }
        self.has.insert(channel, Has::All(from));
    }

    /// The client is told that it hears nothing more of a channel.
    pub(super) fn receive_left(&mut self, log: &Log, leaving: Leaving) {
        let channel = log.channel;
        let has = self.has.get(&channel).copied();
        let is_reading = self.readings.contains_key(&channel);
        match (leaving, has) {
            (Leaving::Done, Some(Has::All(last))) if self.started && !is_reading => {
                self.has.insert(channel, Has::Quiet(last));
            }
            (Leaving::Busy, _) if !self.started || is_reading => {}
            // Who hears nothing is not told that they were removed either.
            (Leaving::Unknown, Some(Has::Quiet(at))) if log.removes_after(self.user, at) => {}
            (Leaving::Quiet, Some(Has::Quiet(_)))
            | (Leaving::Unknown, None | Some(Has::Ended(_))) => {}
            (leaving, _) => panic!("{self:?} of {channel}: {leaving:?}"),
        }
    }

    /// A page that was read for it.
    pub(super) fn take_page(&mut self) -> Option<(ChannelId, MemberPage<String>)> {
        self.readings
            .iter_mut()
            .find_map(|(channel, reading)| Some((*channel, reading.page.take()?)))
    }

    /// A frame from the hub.
    pub(super) fn receive_live(&mut self, log: &Log, seq: Seq) {
        assert!(self.started, "{self:?} got {seq} before it started");
        assert!(
            !self.readings.contains_key(&log.channel),
            "{self:?} got {seq} while it reads"
        );
        let member = log.has_member(self.user, seq.previous()) || log.effect(seq).adds(self.user);
        assert!(
            member,
            "{self:?} got {seq} of {} and was no member",
            log.channel
        );
        let has = self.has.get(&log.channel);
        let ended = matches!(has, Some(Has::Ended(_) | Has::Quiet(_)));
        assert!(
            !self.is_barred(log.channel) || matches!(has, Some(Has::All(_))),
            "{self:?} got {seq} of {}, which it may not hear",
            log.channel
        );
        assert!(
            !ended || log.effect(seq).adds(self.user),
            "{self:?} got {seq} after its end"
        );
        self.receive(log, seq);
    }

    /// A frame that the client reads from the log, which may reach across a removal.
    pub(super) fn receive_read(&mut self, log: &Log, frames: &[String]) {
        for frame in frames {
            let (channel, seq) = parse(frame);
            assert_eq!(channel, log.channel);
            self.receive(log, seq);
        }
    }

    fn receive(&mut self, log: &Log, seq: Seq) {
        let adds = log.effect(seq).adds(self.user);
        match self.has.get(&log.channel) {
            Some(Has::All(last)) => assert_eq!(seq, last.next(), "{self:?} of {}", log.channel),
            Some(Has::Ended(last)) => {
                let reads_on = seq == last.next() && self.readings.contains_key(&log.channel);
                assert!(
                    reads_on || (adds && seq > *last),
                    "{self:?} got {seq} of {}",
                    log.channel
                );
            }
            Some(Has::Quiet(last)) => {
                assert!(adds && seq > *last, "{self:?} got {seq} of {}", log.channel);
            }
            None => assert!(
                adds,
                "{self:?} got {seq} of {}, which it was not told of",
                log.channel
            ),
        }
        let ended = log.effect(seq).removes(self.user);
        self.has.insert(
            log.channel,
            if ended {
                Has::Ended(seq)
            } else {
                Has::All(seq)
            },
        );
    }

    /// The client is told that it misses everything up to `to`.
    pub(super) fn receive_gap(&mut self, channel: ChannelId, from: Seq, to: Seq) {
        match self.has.get(&channel) {
            // A gap from nothing says that the log went back.
            Some(Has::All(last)) => assert!(from == last.next() || from == Seq::ZERO, "{self:?}"),
            // The event that added it again may be among what is lost.
            Some(Has::Ended(last) | Has::Quiet(last)) => assert!(from > *last, "{self:?}"),
            None => {}
        }
        self.has.insert(channel, Has::All(to));
    }

    pub(super) fn receive_refusal(&mut self, channel: ChannelId, as_of: Seq) {
        self.readings.remove(&channel);
        if self.has.contains_key(&channel) {
            self.has.insert(channel, Has::Ended(as_of));
        }
    }

    pub(super) fn receive_silence(&mut self, channel: ChannelId, as_of: Seq) {
        self.readings.remove(&channel);
        self.has.insert(channel, Has::Quiet(as_of));
    }

    /// What the client must have when nothing is under way any more.
    pub(super) fn check_complete(&self, log: &Log) {
        let has = self.has.get(&log.channel);
        let is_member = log.has_member(self.user, log.head());
        if self.is_barred(log.channel) {
            assert!(
                !matches!(has, Some(Has::All(_))),
                "{self:?} hears {}, which it may not",
                log.channel
            );
            return;
        }
        assert!(
            !is_member || !self.access.returning.contains_key(&log.channel),
            "{self:?} may hear {} again, and does not",
            log.channel
        );
        if let Some(Has::Quiet(at)) = has
            && !log.adds_after(self.user, *at)
        {
            return;
        }
        if is_member {
            assert_eq!(
                has,
                Some(&Has::All(log.head())),
                "{self:?} misses something of {}",
                log.channel
            );
        } else {
            assert!(
                !matches!(has, Some(Has::All(_))),
                "{self:?} still listens to {}",
                log.channel
            );
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} of user {} with {:?}", self.id, self.user, self.has)
    }
}

/// The channel and seq that a frame of the model names.
pub(super) fn parse(frame: &str) -> (ChannelId, Seq) {
    let (channel, seq) = frame.split_once(':').unwrap();
    (
        ChannelId::from(channel.parse::<i64>().unwrap()),
        Seq::from(seq.parse::<i64>().unwrap()),
    )
}
