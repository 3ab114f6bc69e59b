//! State that comes often and of which only the newest counts: kept for a moment, then written together.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use discuss_storage::StorageError;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// It waits at most so long.
const GATHER: Duration = Duration::from_secs(1);
/// More than this is not kept: clients say such things again.
const MOST: usize = 100_000;
/// What is written together.
const BATCH: usize = 500;

/// Gathers, of each key, the greatest value.
pub(crate) struct Gatherer<K, V> {
    waiting: Arc<Waiting<K, V>>,
}

struct Waiting<K, V> {
    what: &'static str,
    values: Mutex<HashMap<K, V>>,
}

impl<K, V> Gatherer<K, V>
where
    K: Copy + Eq + Hash + Send + Sync + 'static,
    V: Copy + Ord + Send + Sync + 'static,
{
    /// Starts the task that has it written; `what` it is, in logs and metrics.
    pub(crate) fn start<W, F>(what: &'static str, write: W) -> (Self, JoinHandle<()>)
    where
        W: Fn(Vec<(K, V)>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), StorageError>> + Send + 'static,
    {
        let waiting = Arc::new(Waiting {
            what,
            values: Mutex::default(),
        });
        let running = run(Arc::clone(&waiting), write);
        (Self { waiting }, tokio::spawn(running))
    }

    /// Keeps a value, if it is the greatest of its key.
    pub(crate) fn add(&self, key: K, value: V) {
        self.waiting.add(key, value);
    }
}

impl<K: Eq + Hash, V: Copy + Ord> Waiting<K, V> {
    fn add(&self, key: K, value: V) {
        let Ok(mut values) = self.values.lock() else {
            return;
        };
        if values.len() >= MOST && !values.contains_key(&key) {
            metrics::counter!("discuss_marks_dropped_total", "of" => self.what).increment(1);
            return;
        }
        let newest = values.entry(key).or_insert(value);
        *newest = value.max(*newest);
    }
}

async fn run<K, V, F>(waiting: Arc<Waiting<K, V>>, write: impl Fn(Vec<(K, V)>) -> F)
where
    K: Copy + Eq + Hash,
    V: Copy + Ord,
    F: Future<Output = Result<(), StorageError>>,
{
    let mut ticks = interval(GATHER);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while Arc::strong_count(&waiting) > 1 {
        ticks.tick().await;
        let gathered = match waiting.values.lock() {
            Ok(mut values) => std::mem::take(&mut *values),
            Err(_poisoned) => return,
        };
        let gathered: Vec<(K, V)> = gathered.into_iter().collect();
        for batch in gathered.chunks(BATCH) {
            if let Err(error) = write(batch.to_vec()).await {
                tracing::warn!(%error, what = waiting.what, count = batch.len(), "what was gathered waits for the next try");
                for (key, value) in batch {
                    waiting.add(*key, *value);
                }
            }
        }
    }
}
