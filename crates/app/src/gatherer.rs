//! State that comes often and of which only the newest counts: kept for a moment, then written together.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use discuss_storage::StorageError;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// It waits at most so long.
const GATHER: Duration = Duration::from_secs(1);
/// Who waits for everything to be written looks so often.
const LOOK: Duration = Duration::from_millis(20);
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
    gathered: Mutex<Gathered<K, V>>,
}

struct Gathered<K, V> {
    values: HashMap<K, V>,
    /// Others, taken from here, are being written.
    is_writing: bool,
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
            gathered: Mutex::new(Gathered {
                values: HashMap::new(),
                is_writing: false,
            }),
        });
        let running = run(Arc::clone(&waiting), write);
        (Self { waiting }, tokio::spawn(running))
    }

    /// Keeps a value, if it is the greatest of its key.
    pub(crate) fn add(&self, key: K, value: V) {
        self.waiting.add(key, value);
    }

    /// Waits until everything is written; for as long as that fails.
    pub(crate) async fn settle(&self) {
        while !self.waiting.is_idle() {
            sleep(LOOK).await;
        }
    }
}

impl<K: Copy + Eq + Hash, V: Copy + Ord> Waiting<K, V> {
    fn add(&self, key: K, value: V) {
        let values = &mut self.lock().values;
        if values.len() >= MOST && !values.contains_key(&key) {
            metrics::counter!("discuss_marks_dropped_total", "of" => self.what).increment(1);
            return;
        }
        let newest = values.entry(key).or_insert(value);
        *newest = value.max(*newest);
    }

    /// What is to be written now.
    fn take(&self) -> HashMap<K, V> {
        let mut gathered = self.lock();
        gathered.is_writing = true;
        std::mem::take(&mut gathered.values)
    }

    fn is_idle(&self) -> bool {
        let gathered = self.lock();
        gathered.values.is_empty() && !gathered.is_writing
    }

    fn lock(&self) -> MutexGuard<'_, Gathered<K, V>> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
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
        let gathered: Vec<(K, V)> = waiting.take().into_iter().collect();
        for batch in gathered.chunks(BATCH) {
            if let Err(error) = write(batch.to_vec()).await {
                tracing::warn!(%error, what = waiting.what, count = batch.len(), "what was gathered waits for the next try");
                for (key, value) in batch {
                    waiting.add(*key, *value);
                }
            }
        }
        waiting.lock().is_writing = false;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn it_settles_when_what_was_added_is_written_and_no_earlier() {
        let tried = Arc::new(Mutex::new(Vec::new()));
        let (begun, let_through) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let shared = (
            Arc::clone(&tried),
            Arc::clone(&begun),
            Arc::clone(&let_through),
        );
        let (gatherer, _task) = Gatherer::start("test", move |batch: Vec<(i32, i32)>| {
            let (tried, begun, let_through) = shared.clone();
            async move {
                begun.add_permits(1);
                let_through.acquire().await.unwrap().forget();
                let mut tried = tried.lock().unwrap();
                tried.push(batch);
                match tried.len() {
                    1 => Err(StorageError::Unavailable("away".into())),
                    _ => Ok(()),
                }
            }
        });
        for (key, value) in [(1, 10), (1, 30), (1, 20)] {
            gatherer.add(key, value);
        }
        assert!(poll!(Box::pin(gatherer.settle())).is_pending());
        for _try in 0..2 {
            begun.acquire().await.unwrap().forget();
            assert!(poll!(Box::pin(gatherer.settle())).is_pending());
            let_through.add_permits(1);
        }
        gatherer.settle().await;
        assert_eq!(*tried.lock().unwrap(), [[(1, 30)], [(1, 30)]]);
    }
}
