//! A socket whose person is known, as the hub and the replays see it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use discuss_domain::{ChannelId, Seq};

use crate::access::Gate;
use crate::hub::{Handle, Person, SessionId};
use crate::outgoing::Outgoing;

/// A socket whose person is known.
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) person: Person,
    pub(crate) outgoing: Arc<Outgoing>,
    to_read: Mutex<ToRead>,
    /// What was asked about business records, where anybody can be asked.
    gate: Mutex<Option<Box<Gate>>>,
}

/// What the session is to read from the log.
#[derive(Default)]
struct ToRead {
    orders: VecDeque<ReadOrder>,
    /// RESUMEs that were ordered and not answered.
    resumes: usize,
    /// Somebody is at it.
    is_read: bool,
}

/// Something to read from the log.
#[derive(Debug)]
pub(crate) enum ReadOrder {
    /// The hub says that the session is behind it.
    CatchUp {
        /// In this channel.
        channel: ChannelId,
        /// The session has everything up to here.
        after: Seq,
    },
    /// The client asks for what it missed.
    Resume(ResumeOrder),
}

/// A client's RESUME.
#[derive(Debug)]
pub(crate) struct ResumeOrder {
    /// Comes back in the answers.
    pub(crate) request_id: Option<String>,
    /// The last seq that the client has of each channel.
    pub(crate) channels: Vec<(ChannelId, Seq)>,
    /// The session has not started: these are its channels, with the seq that CONNECTED said.
    pub(crate) starts: Option<Vec<(ChannelId, Seq)>>,
}

impl Handle for Arc<Session> {
    fn id(&self) -> SessionId {
        self.id
    }

    fn may_hear(&self, channel: ChannelId) -> bool {
        !self.is_barred(channel)
    }
}

impl Session {
    pub(crate) fn new(
        id: SessionId,
        person: Person,
        outgoing: Arc<Outgoing>,
        gate: Option<Gate>,
    ) -> Self {
        Self {
            id,
            person,
            outgoing,
            to_read: Mutex::default(),
            gate: Mutex::new(gate.map(Box::new)),
        }
    }

    /// Does something with the session's gate, if it has one.
    pub(crate) fn gated<R>(&self, with: impl FnOnce(&mut Gate) -> R) -> Option<R> {
        let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        gate.as_deref_mut().map(with)
    }

    /// Whether its person may not hear the channel.
    pub(crate) fn is_barred(&self, channel: ChannelId) -> bool {
        self.gated(|gate| gate.is_barred(channel)) == Some(true)
    }

    /// Leaves an order; `true` when nobody is reading for this session, so that somebody must begin.
    pub(crate) fn order(&self, order: ReadOrder) -> bool {
        let mut to_read = self.lock();
        if matches!(order, ReadOrder::Resume(_)) {
            to_read.resumes = to_read.resumes.saturating_add(1);
        }
        to_read.orders.push_back(order);
        !std::mem::replace(&mut to_read.is_read, true)
    }

    /// RESUMEs that were not answered yet.
    pub(crate) fn unanswered_resumes(&self) -> usize {
        self.lock().resumes
    }

    /// A RESUME is answered.
    pub(crate) fn note_resumed(&self) {
        let mut to_read = self.lock();
        to_read.resumes = to_read.resumes.saturating_sub(1);
    }

    /// The next order.
    pub(crate) fn take_order(&self) -> Option<ReadOrder> {
        self.lock().orders.pop_front()
    }

    /// Drops what the hub asked for in this channel before it was withdrawn.
    pub(crate) fn forget_catch_ups(&self, withdrawn: ChannelId) {
        let stale = |order: &ReadOrder| matches!(order, ReadOrder::CatchUp { channel, .. } if *channel == withdrawn);
        self.lock().orders.retain(|order| !stale(order));
    }

    /// Ends the reading; `false` when there is an order again.
    pub(crate) fn end_reading(&self) -> bool {
        let mut to_read = self.lock();
        let ends = to_read.orders.is_empty();
        to_read.is_read = !ends;
        ends
    }

    fn lock(&self) -> MutexGuard<'_, ToRead> {
        self.to_read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use discuss_domain::{TenantId, UserId};

    use super::*;
    use crate::outgoing::{Bounds, Dialect};

    #[test]
    fn a_resume_counts_until_it_is_answered() {
        let person = Person {
            tenant: TenantId::from(1),
            user: UserId::from(2),
        };
        let bounds = Bounds {
            frames: 1,
            bytes: 1,
        };
        let outgoing = Arc::new(Outgoing::new(bounds, Dialect::Json));
        let session = Session::new(SessionId::from(1), person, outgoing, None);
        for _ in 0..2 {
            session.order(ReadOrder::Resume(ResumeOrder {
                request_id: None,
                channels: Vec::new(),
                starts: None,
            }));
        }
        while session.take_order().is_some() {}
        assert_eq!(session.unanswered_resumes(), 2);
        session.note_resumed();
        assert_eq!(session.unanswered_resumes(), 1);
    }
}
