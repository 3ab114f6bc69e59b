//! Counting dead letters.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use discuss_bus::consumer::{self, Effort, Failure, Handler, Reading};
use discuss_bus::{Record, Settings, dead_letters};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::TOPIC;

/// Without a letter for so long, all were read.
const SILENCE: Duration = Duration::from_secs(12);

/// A letter, as far as it is counted.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    /// `failed` or `unreadable`.
    pub(super) kind: String,
    pub(super) cause: String,
    /// How often its record has died.
    pub(super) deaths: u64,
    pub(super) bytes: usize,
}

/// All letters.
#[derive(Debug, Default)]
pub(super) struct Letters(Vec<Letter>);

impl Letters {
    pub(super) fn total(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Letter> {
        self.0.iter()
    }

    /// How many are of each kind.
    pub(super) fn by_kind(&self) -> HashMap<&str, usize> {
        let mut kinds = HashMap::new();
        for letter in &self.0 {
            *kinds.entry(letter.kind.as_str()).or_default() += 1;
        }
        kinds
    }
}

struct Reader {
    letters: Arc<Mutex<Letters>>,
    heard: watch::Sender<usize>,
}

impl Handler for Reader {
    type Work = Letter;

    fn read(&self, record: &Record) -> Reading<Letter> {
        let header = |name| record.header(name).unwrap_or_default().to_owned();
        Reading::Work {
            key: record.offset.to_string(),
            work: Letter {
                kind: header(dead_letters::KIND),
                cause: header(dead_letters::CAUSE),
                deaths: header(dead_letters::COUNT).parse().unwrap_or(0),
                bytes: record.value.as_ref().map_or(0, Vec::len),
            },
        }
    }

    async fn handle(&self, letter: &Letter) -> Result<(), Failure> {
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        letters.0.push(letter.clone());
        self.heard.send_modify(|count| *count += 1);
        Ok(())
    }
}

/// Reads all dead letters of the topic.
pub(super) async fn count(kafka: &Settings) -> anyhow::Result<Letters> {
    let kafka = Settings {
        group: format!("proof_letters_{}", Uuid::new_v4().simple()),
        ..kafka.clone()
    };
    let letters = Arc::new(Mutex::new(Letters::default()));
    let heard = watch::Sender::new(0);
    let mut hearing = heard.subscribe();
    let reader = Reader {
        letters: Arc::clone(&letters),
        heard,
    };
    let (end, topic) = (
        CancellationToken::new(),
        format!("{TOPIC}{}", dead_letters::SUFFIX),
    );
    let effort = Effort {
        give_up_after: Duration::ZERO,
        at_once: 1,
    };
    let topics = [topic.as_str()];
    let reading = consumer::run(&kafka, &topics, reader, effort, end.clone());
    let listening = async {
        while tokio::time::timeout(SILENCE, hearing.changed())
            .await
            .is_ok()
        {}
        end.cancel();
    };
    let (read, ()) = tokio::join!(reading, listening);
    read?;
    let mut letters = letters.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *letters))
}
