//! What one session has asked of records' services, and what it was answered.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use discuss_app::permissions::Sight;
use discuss_app::{Context, Topic};
use discuss_domain::{ChannelId, Seq};
use tokio::time::Instant;
use uuid::Uuid;

use super::about::{About, Questions};
use crate::loader::Channels;
use crate::topics::{Topics, Wanted};

/// It is asked again after so long,
const AGAIN: Duration = Duration::from_mins(15);
/// and at most so much later, so that not all ask at once;
const SPREAD: Duration = Duration::from_secs(90);
/// and after so long where the records' services did not answer, which is a no, or have just said no.
const SOON: Duration = Duration::from_secs(20);

/// What a session has asked of records' services; only there is one if they can be asked.
pub(crate) struct Gate {
    /// Who asks.
    context: Context,
    /// What was asked about each channel last.
    asked: HashMap<ChannelId, Asked>,
    questions: u64,
    /// The channels that the session may not hear; what is published about them is listened to, for access may be
    /// given back.
    barred: HashMap<ChannelId, Wanted>,
    /// Those that it may hear again, but does not yet, and how far their logs had come.
    returning: HashMap<ChannelId, Seq>,
    /// Those of which it wants nothing itself, until it does or is added again.
    unsubscribed: HashSet<ChannelId>,
    topics: Arc<Topics>,
    again_at: Instant,
    /// What is to be asked again.
    pub(super) waiting: Questions,
}

/// What was asked about a channel and has its answer.
#[derive(Clone, Copy, Default)]
struct Asked {
    /// Questions have numbers; an answer counts no more when a later one was answered.
    question: u64,
    /// How far the channel's log had come; nothing where it is to be asked again.
    head: Option<Seq>,
}

/// What an answer changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The session may hear the channel again.
    Opened,
    /// It may not hear it any more.
    Closed,
    Nothing,
}

impl Gate {
    pub(crate) fn new(context: Context, topics: Arc<Topics>) -> Self {
        Self {
            context,
            asked: HashMap::new(),
            questions: 0,
            barred: HashMap::new(),
            returning: HashMap::new(),
            unsubscribed: HashSet::new(),
            topics,
            again_at: again_at(),
            waiting: Questions::default(),
        }
    }

    /// From now on it is asked with this.
    pub(crate) fn renew(&mut self, context: Context) {
        self.context = context;
    }

    /// Is it time to ask again? Then the next time is set.
    pub(crate) fn is_due(&mut self) -> bool {
        let is_due = Instant::now() >= self.again_at;
        if is_due {
            self.again_at = again_at();
        }
        is_due
    }

    /// It is asked again soon.
    fn doubt(&mut self) {
        self.again_at = self.again_at.min(spread(SOON, SOON));
    }

    /// What was to be asked could not be: soon, and about these channels also if nothing is said in them.
    pub(super) fn leave_for_later(&mut self, about: &About) {
        for channel in &about.these {
            self.asked.entry(*channel).or_default().head = None;
        }
        self.doubt();
    }

    /// A question is asked now: its number, and who asks.
    pub(super) fn ask(&mut self) -> (u64, Context) {
        self.questions = self.questions.saturating_add(1);
        (self.questions, self.context.clone())
    }

    /// Notes what a question about a channel, whose log had come to `head`, was answered.
    pub(super) fn note(
        &mut self,
        question: u64,
        (channel, head): (ChannelId, Seq),
        sight: Sight,
    ) -> Change {
        if sight == Sight::Doubted {
            self.doubt();
        }
        let before = self.asked.get(&channel);
        if before.is_some_and(|before| before.question > question) {
            return Change::Nothing;
        }
        let newest = Asked {
            question,
            head: Some(head),
        };
        self.asked.insert(channel, newest);
        match (sight.is_open(), self.barred.contains_key(&channel)) {
            (true, true) => {
                self.barred.remove(&channel);
                if self.unsubscribed.contains(&channel) {
                    return Change::Nothing;
                }
                self.returning.insert(channel, head);
                Change::Opened
            }
            (false, false) => {
                self.bar(channel);
                Change::Closed
            }
            (true, false) | (false, true) => Change::Nothing,
        }
    }

    fn bar(&mut self, channel: ChannelId) {
        self.returning.remove(&channel);
        let topic = Topic::Channel(self.context.tenant(), channel);
        self.barred.insert(channel, self.topics.keep(topic));
        // That access is given back may be told before the topic is listened to.
        self.doubt();
    }

    /// Was anything asked yet?
    pub(super) const fn has_begun(&self) -> bool {
        self.questions > 0
    }

    /// Was it asked about this channel, as it is about those of records?
    pub(super) fn has_asked(&self, channel: ChannelId) -> bool {
        self.asked.contains_key(&channel)
    }

    /// The session hears a channel again; answers whether it was to.
    pub(crate) fn note_returned(&mut self, channel: ChannelId) -> bool {
        self.unsubscribed.remove(&channel);
        self.returning.remove(&channel).is_some()
    }

    /// The session wants nothing of a channel, whoever may hear it.
    pub(crate) fn note_unsubscribed(&mut self, channel: ChannelId) {
        self.unsubscribed.insert(channel);
    }

    /// It hears nothing of a channel, as it wanted.
    pub(crate) fn note_left(&mut self, channel: ChannelId) {
        self.returning.remove(&channel);
    }

    /// What the session wanted of a channel counts no more: it could not leave it, or its person was added to it.
    pub(crate) fn note_added(&mut self, channel: ChannelId) {
        self.unsubscribed.remove(&channel);
    }

    /// Is the session to hear this channel again?
    pub(super) fn is_returning(&self, channel: ChannelId) -> bool {
        self.returning.contains_key(&channel) && !self.unsubscribed.contains(&channel)
    }

    /// The channels that it is to hear again.
    pub(super) fn returning(&self) -> Channels {
        let returning = self.returning.iter();
        returning.map(|(channel, head)| (*channel, *head)).collect()
    }

    /// May the session not hear this channel?
    pub(crate) fn is_barred(&self, channel: ChannelId) -> bool {
        self.barred.contains_key(&channel)
    }

    /// The channels that the session may not hear, and how far their logs had come when that was asked.
    pub(super) fn barred(&self) -> Channels {
        let barred = self.barred.keys();
        barred
            .map(|channel| (*channel, self.asked_at(*channel).unwrap_or_default()))
            .collect()
    }

    /// How far the channel's log had come when it was asked about.
    pub(super) fn asked_at(&self, channel: ChannelId) -> Option<Seq> {
        self.asked.get(&channel)?.head
    }
}

fn again_at() -> Instant {
    spread(AGAIN, SPREAD)
}

/// So much later than now, and at most `spread` more.
fn spread(after: Duration, spread: Duration) -> Instant {
    let (random, _) = Uuid::new_v4().as_u64_pair();
    let share = Duration::from_millis(random % 1_000);
    Instant::now() + after + share.saturating_mul(u32::try_from(spread.as_secs()).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use discuss_test_support::World;

    use super::*;

    #[test]
    fn an_answer_counts_no_more_when_a_later_question_was_answered() {
        let mut gate = Gate::new(World::person(2), Arc::default());
        let at = (ChannelId::from(7), Seq::from(3));
        let ((first, _), (second, _)) = (gate.ask(), gate.ask());
        assert!(gate.note(second, at, Sight::Denied) == Change::Closed);
        assert!(gate.note(first, at, Sight::Granted) == Change::Nothing);
        assert!(gate.is_barred(at.0));

        let (third, _) = gate.ask();
        assert!(gate.note(third, at, Sight::Granted) == Change::Opened);
        assert_eq!(gate.returning(), [at]);
        assert!(gate.note_returned(at.0) && !gate.note_returned(at.0));
        assert!(gate.note(second, at, Sight::Denied) == Change::Nothing);
        assert!(!gate.is_barred(at.0));
        assert_eq!(gate.asked_at(at.0), Some(at.1));
    }
}
