//! What the hub asks for, done.

use std::sync::{Arc, PoisonError};

use discuss_app::Topic;

use super::{Hubs, Task};
use crate::event_frame::Frame;
use crate::hub::Output;
use crate::session::{ReadOrder, Session};

impl Hubs {
    /// Nothing here waits: the shard is locked.
    pub(super) fn obey(&self, output: &Output<'_, Arc<Session>, Frame>) {
        match *output {
            Output::Deliver { session, frame } => session.outgoing.push(frame),
            Output::Show { session, frame } => session.outgoing.push_spare(frame),
            Output::Follow { tenant, channel } => {
                self.topics.want_anew(Topic::Channel(tenant, channel));
                let lately = self.followed_lately.lock();
                lately.unwrap_or_else(PoisonError::into_inner).push(channel);
            }
            Output::Unfollow { tenant, channel } => {
                self.topics.unwant(Topic::Channel(tenant, channel));
            }
            Output::Fetch {
                channel,
                fetch,
                after,
            } => self.task(Task::Fetch(channel, fetch, after)),
            Output::CatchUp {
                handle,
                channel,
                after,
                ..
            } => {
                self.order(handle, ReadOrder::CatchUp { channel, after });
            }
            Output::Added { session, channel } => {
                if session.gated(|gate| gate.note_added(channel)).is_some() {
                    self.task(Task::Ask(Arc::clone(session), channel));
                }
            }
        }
    }

    /// Leaves an order for the session's reading of the log, and has it begun.
    pub(crate) fn order(&self, session: &Arc<Session>, order: ReadOrder) {
        if session.order(order) {
            self.task(Task::Read(Arc::clone(session)));
        }
    }

    fn task(&self, task: Task) {
        if self.tasks.send(task).is_err() {
            tracing::debug!("nobody reads the log any more");
        }
    }
}
