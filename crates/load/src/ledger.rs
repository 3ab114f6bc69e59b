//! What was sent, when it was due, and what became of it: one entry a message, found by its
//! number, written by senders and read by every socket without a lock.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::client_ids::RunId;
use crate::frame::Shown;

const CHUNK: u64 = 1 << 16;
const CHUNKS: usize = 1 << 12;

/// Everything sent in one run.
pub(crate) struct Ledger {
    /// The run, as its client message ids say it.
    pub(crate) run: RunId,
    started: Instant,
    chunks: Vec<OnceLock<Vec<Entry>>>,
}

#[derive(Default)]
struct Entry {
    due: AtomicU64,
    channel: AtomicU64,
    content: AtomicU64,
    seq: AtomicU64,
    id: AtomicU64,
    acked: AtomicU64,
}

/// One message as the ledger has it at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entered {
    /// Its number.
    pub(crate) number: u64,
    /// The channel it was sent to.
    pub(crate) channel: u64,
    /// The hash of its content.
    pub(crate) content: u64,
    /// Its place in the channel, 0 while nobody has said it.
    pub(crate) seq: u64,
    /// Its id, 0 while nobody has said it.
    pub(crate) id: u64,
    /// Whether the server said that it is stored.
    pub(crate) acked: bool,
}

/// What contradicts the ledger in a message somebody was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Contradiction {
    /// No such message was sent to that channel.
    #[error("was never sent to this channel")]
    NeverSent,
    /// The content is not what was sent.
    #[error("has another content than was sent")]
    Altered,
    /// The same message was shown with another id or at another place: it was stored twice.
    #[error("stands at two places")]
    StoredTwice,
}

impl Ledger {
    /// An empty ledger; times count from now.
    pub(crate) fn new(run: RunId) -> Self {
        let chunks = std::iter::repeat_with(OnceLock::new).take(CHUNKS).collect();
        Self {
            run,
            started: Instant::now(),
            chunks,
        }
    }

    /// The time since the ledger was opened.
    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Enters a message before it is sent. `due` is when it should be, counted like `now`.
    pub(crate) fn enter(&self, number: u64, channel: u64, content: u64, due: Duration) {
        let Some(entry) = self.entry_or_new(number) else {
            return;
        };
        entry.channel.store(channel, Relaxed);
        entry.content.store(content, Relaxed);
        entry.due.store(micros(due).max(1), Relaxed);
    }

    /// Notes that the server said the message is stored; the time since it was due if that is the
    /// first word of it.
    pub(crate) fn acknowledge(
        &self,
        number: u64,
        id: u64,
        seq: u64,
    ) -> Result<Option<Duration>, Contradiction> {
        let entry = self.entry(number).ok_or(Contradiction::NeverSent)?;
        let first = entry.acked.swap(1, Relaxed) == 0;
        agree(&entry.id, id)?;
        agree(&entry.seq, seq)?;
        Ok(first.then(|| self.since_due(entry)))
    }

    /// Compares a message that somebody was shown; the time since it was due.
    pub(crate) fn shown(
        &self,
        number: u64,
        place: Place,
        message: &Shown<'_>,
    ) -> Result<Duration, Contradiction> {
        let entry = self.entry(number).ok_or(Contradiction::NeverSent)?;
        if entry.channel.load(Relaxed) != place.channel {
            return Err(Contradiction::NeverSent);
        }
        let sent = entry.content.load(Relaxed);
        if message.content.is_some_and(|content| content != sent) {
            return Err(Contradiction::Altered);
        }
        agree(&entry.id, message.id)?;
        agree(&entry.seq, place.seq)?;
        Ok(self.since_due(entry))
    }

    /// All that was entered, in the order of the numbers.
    pub(crate) fn all(&self) -> impl Iterator<Item = Entered> {
        let chunks = (0..).zip(&self.chunks);
        chunks
            .flat_map(|(chunk, entries)| (chunk * CHUNK..).zip(entries.get().into_iter().flatten()))
            .filter(|(_, entry)| entry.due.load(Relaxed) != 0)
            .map(|(number, entry)| Entered {
                number,
                channel: entry.channel.load(Relaxed),
                content: entry.content.load(Relaxed),
                seq: entry.seq.load(Relaxed),
                id: entry.id.load(Relaxed),
                acked: entry.acked.load(Relaxed) != 0,
            })
    }

    fn entry(&self, number: u64) -> Option<&Entry> {
        let chunk = self
            .chunks
            .get(usize::try_from(number / CHUNK).ok()?)?
            .get()?;
        let entry = chunk.get(usize::try_from(number % CHUNK).ok()?)?;
        (entry.due.load(Relaxed) != 0).then_some(entry)
    }

    fn entry_or_new(&self, number: u64) -> Option<&Entry> {
        let chunk = self.chunks.get(usize::try_from(number / CHUNK).ok()?)?;
        chunk
            .get_or_init(|| (0..CHUNK).map(|_| Entry::default()).collect())
            .get(usize::try_from(number % CHUNK).ok()?)
    }

    fn since_due(&self, entry: &Entry) -> Duration {
        self.now()
            .saturating_sub(Duration::from_micros(entry.due.load(Relaxed)))
    }
}

/// A place in a channel's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The channel.
    pub(crate) channel: u64,
    /// The seq.
    pub(crate) seq: u64,
}

/// Sets `known` the first time it is told; after that all tellings must agree.
fn agree(known: &AtomicU64, told: u64) -> Result<(), Contradiction> {
    match known.compare_exchange(0, told, Relaxed, Relaxed) {
        Err(before) if before != told => Err(Contradiction::StoredTwice),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let ledger = Ledger::new(RunId::from_seed(1));
        ledger.enter(70_000, 7, 99, Duration::ZERO);
        ledger
    }

    const fn message(id: u64, content: u64) -> Shown<'static> {
        Shown {
            client_id: None,
            id,
            content: Some(content),
        }
    }

    #[test]
    fn a_message_shown_as_it_was_sent_is_fine_before_and_after_its_acknowledgement() {
        let ledger = ledger();
        let place = Place {
            channel: 7,
            seq: 12,
        };
        assert!(ledger.shown(70_000, place, &message(5, 99)).is_ok());
        assert!(ledger.acknowledge(70_000, 5, 12).unwrap().is_some());
        assert_eq!(ledger.acknowledge(70_000, 5, 12), Ok(None));
        assert!(ledger.shown(70_000, place, &message(5, 99)).is_ok());
        let expected = Entered {
            number: 70_000,
            channel: 7,
            content: 99,
            seq: 12,
            id: 5,
            acked: true,
        };
        assert_eq!(ledger.all().collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn another_content_channel_place_or_id_contradicts() {
        let ledger = ledger();
        let place = Place {
            channel: 7,
            seq: 12,
        };
        assert!(ledger.acknowledge(70_000, 5, 12).is_ok());
        assert_eq!(
            ledger.acknowledge(70_000, 6, 12),
            Err(Contradiction::StoredTwice)
        );
        assert_eq!(
            ledger.shown(70_000, place, &message(5, 98)),
            Err(Contradiction::Altered)
        );
        assert_eq!(
            ledger.shown(
                70_000,
                Place {
                    channel: 8,
                    ..place
                },
                &message(5, 99)
            ),
            Err(Contradiction::NeverSent)
        );
        assert_eq!(
            ledger.shown(70_000, Place { seq: 13, ..place }, &message(5, 99)),
            Err(Contradiction::StoredTwice)
        );
        assert_eq!(
            ledger.shown(70_000, place, &message(6, 99)),
            Err(Contradiction::StoredTwice)
        );
        let edited = Shown {
            content: None,
            ..message(5, 98)
        };
        assert!(ledger.shown(70_000, place, &edited).is_ok());
        assert_eq!(
            ledger.shown(1, place, &message(5, 99)),
            Err(Contradiction::NeverSent)
        );
    }
}
