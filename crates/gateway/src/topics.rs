//! Which topics of Redis this process wants: those of its people and of the channels it follows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use discuss_app::Topic;
use discuss_domain::{TenantId, UserId};
use tokio::sync::Notify;

/// The topics that are wanted, and what changed since somebody looked.
#[derive(Default)]
pub(crate) struct Topics {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// How often each is wanted.
    wanted: HashMap<Topic, usize>,
    /// The topics whose being wanted changed.
    changed: HashMap<Topic, Change>,
}

/// What is to be done about a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Subscribe,
    Unsubscribe,
}

/// Topics to subscribe to, and to leave.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) subscribe: Vec<Topic>,
    pub(crate) unsubscribe: Vec<Topic>,
}

/// A topic that is wanted for as long as this is kept.
pub(crate) struct Wanted {
    topics: Arc<Topics>,
    topic: Topic,
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.topics.unwant(self.topic);
    }
}

impl Topics {
    /// Wants a topic once more.
    pub(crate) fn want(&self, topic: Topic) {
        let mut state = self.lock();
        let count = state.wanted.entry(topic).or_default();
        *count = count.saturating_add(1);
        if *count == 1 {
            self.change(state, topic);
        }
    }

    /// Wants a topic once more, and has it subscribed to also where it was wanted before: whoever needs the look that
    /// follows a subscription gets it.
    pub(crate) fn want_anew(&self, topic: Topic) {
        let mut state = self.lock();
        let count = state.wanted.entry(topic).or_default();
        *count = count.saturating_add(1);
        self.change(state, topic);
    }

    /// Wants a topic for as long as the answer is kept.
    pub(crate) fn keep(self: &Arc<Self>, topic: Topic) -> Wanted {
        self.want(topic);
        Wanted {
            topics: Arc::clone(self),
            topic,
        }
    }

    fn change(&self, mut state: MutexGuard<'_, State>, topic: Topic) {
        state.changed.insert(topic, Change::Subscribe);
        drop(state);
        self.changed.notify_one();
    }

    /// Wants it once less.
    pub(crate) fn unwant(&self, topic: Topic) {
        let mut state = self.lock();
        let Some(count) = state.wanted.get_mut(&topic) else {
            return;
        };
        *count = count.saturating_sub(1);
        if *count == 0 {
            state.wanted.remove(&topic);
            state.changed.insert(topic, Change::Unsubscribe);
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Waits until something changed, and takes it.
    pub(crate) async fn changes(&self) -> Changes {
        loop {
            let changed = std::mem::take(&mut self.lock().changed);
            if !changed.is_empty() {
                return changes(changed);
            }
            self.changed.notified().await;
        }
    }

    /// All that is wanted; what changed before is part of it.
    pub(crate) fn take_all(&self) -> Vec<Topic> {
        let mut state = self.lock();
        state.changed.clear();
        state.wanted.keys().copied().collect()
    }

    /// The people who are connected here.
    pub(crate) fn people(&self) -> Vec<(TenantId, UserId)> {
        let person = |topic: &Topic| match topic {
            Topic::User(tenant, user) => Some((*tenant, *user)),
            Topic::Channel(..) | Topic::Presence(..) => None,
        };
        self.lock().wanted.keys().filter_map(person).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn changes(changed: HashMap<Topic, Change>) -> Changes {
    let mut changes = Changes::default();
    for (topic, change) in changed {
        match change {
            Change::Subscribe => changes.subscribe.push(topic),
            Change::Unsubscribe => changes.unsubscribe.push(topic),
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn topic() -> Topic {
        Topic::User(TenantId::from(1), UserId::from(2))
    }

    #[test]
    fn a_topic_is_subscribed_once_and_left_when_nobody_wants_it() {
        let topics = Topics::default();
        topics.want(topic());
        topics.want(topic());
        let subscribe = Changes {
            subscribe: vec![topic()],
            unsubscribe: vec![],
        };
        assert_eq!(topics.changes().now_or_never(), Some(subscribe));
        topics.unwant(topic());
        assert_eq!(topics.changes().now_or_never(), None);
        topics.unwant(topic());
        let unsubscribe = Changes {
            subscribe: vec![],
            unsubscribe: vec![topic()],
        };
        assert_eq!(topics.changes().now_or_never(), Some(unsubscribe));
        assert_eq!(topics.take_all(), []);
    }

    #[test]
    fn a_topic_is_wanted_while_somebody_keeps_it_and_subscribed_again_where_it_is_wanted_anew() {
        let topics = Arc::new(Topics::default());
        let kept = topics.keep(topic());
        assert!(topics.changes().now_or_never().is_some());
        topics.want_anew(topic());
        let subscribe = Changes {
            subscribe: vec![topic()],
            unsubscribe: vec![],
        };
        assert_eq!(topics.changes().now_or_never(), Some(subscribe));
        topics.unwant(topic());
        assert_eq!(topics.changes().now_or_never(), None);
        drop(kept);
        assert!(topics.changes().now_or_never().is_some());
        assert_eq!(topics.take_all(), []);
    }

    #[test]
    fn who_takes_all_takes_the_changes_too() {
        let topics = Topics::default();
        topics.want(topic());
        assert_eq!(topics.take_all(), [topic()]);
        assert_eq!(topics.changes().now_or_never(), None);
    }
}
