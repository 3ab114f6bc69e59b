//! A handler that does as a test says, and notes what it did.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use discuss_bus::consumer::{self, Effort, Reading};
use discuss_bus::{BusError, Failure, Handler, NewRecord, Producer, Record};
use discuss_test_support::TestKafka;
use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// One topic is enough for every test.
pub(crate) const TOPIC: &str = "orders";
/// Where its dead letters go.
pub(crate) const LETTERS: &str = "orders.dlt";
/// A group that lost a member notices after ten seconds, and a busy machine takes some more.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// A record that fails is given up soon.
pub(crate) const SHORT: Effort = Effort {
    give_up_after: Duration::from_millis(500),
    at_once: 16,
};

/// A record's work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) key: String,
    pub(crate) text: String,
    /// How often it was tried before, by anybody.
    pub(crate) before: usize,
}

type Rule = Box<dyn Fn(Work) -> BoxFuture<'static, Result<(), Failure>> + Send + Sync>;

/// What is done with each work, and what was done.
pub(crate) struct Script {
    rule: Rule,
    tries: Mutex<HashMap<String, usize>>,
    effects: Mutex<Vec<(String, String)>>,
    reads: AtomicUsize,
}

impl Script {
    /// Each work ends as `rule` says.
    pub(crate) fn new<F>(rule: impl Fn(Work) -> F + Send + Sync + 'static) -> Arc<Self>
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        Arc::new(Self {
            rule: Box::new(move |work| rule(work).boxed()),
            tries: Mutex::default(),
            effects: Mutex::default(),
            reads: AtomicUsize::new(0),
        })
    }

    /// Each work succeeds.
    pub(crate) fn easy() -> Arc<Self> {
        Self::new(|_| async { Ok(()) })
    }

    /// The texts that were done, of a key, in their order; repeats as often as they were done.
    pub(crate) fn done(&self, key: &str) -> Vec<String> {
        let effects = self.effects.lock().unwrap();
        let ours = effects.iter().filter(|(of, _)| of == key);
        ours.map(|(_, text)| text.clone()).collect()
    }

    /// The same without repeats.
    pub(crate) fn firsts(&self, key: &str) -> Vec<String> {
        let mut firsts = Vec::new();
        for text in self.done(key) {
            if !firsts.contains(&text) {
                firsts.push(text);
            }
        }
        firsts
    }

    /// How many were done, repeats included.
    pub(crate) fn count(&self) -> usize {
        self.effects.lock().unwrap().len()
    }

    /// How many records were read.
    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    /// How often a text was tried.
    pub(crate) fn tries(&self, text: &str) -> usize {
        self.tries.lock().unwrap().get(text).copied().unwrap_or(0)
    }

    /// Consumes the topic by it.
    pub(crate) fn run(self: &Arc<Self>, kafka: &TestKafka, effort: Effort) -> Running {
        let (settings, hand) = (kafka.settings().clone(), Hand(Arc::clone(self)));
        let end = CancellationToken::new();
        let until = end.clone();
        let task =
            tokio::spawn(
                async move { consumer::run(&settings, &[TOPIC], hand, effort, until).await },
            );
        Running { end, task }
    }
}

/// A consumer at work.
pub(crate) struct Running {
    pub(crate) end: CancellationToken,
    pub(crate) task: JoinHandle<Result<(), BusError>>,
}

impl Running {
    /// Has it leave in order.
    pub(crate) async fn stop(self) {
        self.end.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.task).await;
        ended.unwrap().unwrap().unwrap();
    }

    /// Has it end without a word to its work.
    pub(crate) async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

struct Hand(Arc<Script>);

impl Handler for Hand {
    type Work = (String, String);

    fn read(&self, record: &Record) -> Reading<Self::Work> {
        self.0.reads.fetch_add(1, Ordering::Relaxed);
        let key = String::from_utf8(record.key.clone().unwrap_or_default()).unwrap();
        let text = String::from_utf8(record.value.clone().unwrap_or_default()).unwrap();
        match text.as_str() {
            "nothing" => Reading::Skip,
            "broken" => Reading::Unreadable("it is broken".to_owned()),
            "panic at once" => panic!("as the test says"),
            _ => Reading::Work {
                key: key.clone(),
                work: (key, text),
            },
        }
    }

    async fn handle(&self, (key, text): &Self::Work) -> Result<(), Failure> {
        let before = {
            let mut tries = self.0.tries.lock().unwrap();
            let tries = tries.entry(text.clone()).or_default();
            *tries += 1;
            *tries - 1
        };
        let (key, text) = (key.clone(), text.clone());
        let effect = (key.clone(), text.clone());
        (self.0.rule)(Work { key, text, before }).await?;
        self.0.effects.lock().unwrap().push(effect);
        Ok(())
    }
}

/// When the records of a test were made: lately, for Kafka deletes what is older than a week.
pub(crate) static MADE_AT: LazyLock<i64> = LazyLock::new(|| {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap() - 60_000
});

/// A record of the topic.
pub(crate) fn order(key: &str, text: impl Into<Vec<u8>>) -> NewRecord {
    NewRecord {
        topic: TOPIC.to_owned(),
        key: Some(key.as_bytes().to_vec()),
        value: Some(text.into()),
        headers: vec![("X-Correlation-Id".to_owned(), b"c-1".to_vec())],
        timestamp_ms: Some(*MADE_AT),
    }
}

/// `count` records of each key, `key-0` and on, the keys taking turns.
pub(crate) fn orders(keys: &[&str], count: usize) -> Vec<NewRecord> {
    let turn = |turn| keys.iter().map(move |key| order(key, text(key, turn)));
    (0..count).flat_map(turn).collect()
}

/// What `orders` says at a turn.
pub(crate) fn text(key: &str, turn: usize) -> String {
    format!("{key}-{turn}")
}

/// All that `orders` says of a key.
pub(crate) fn texts(key: &str, count: usize) -> Vec<String> {
    (0..count).map(|turn| text(key, turn)).collect()
}

/// A test's Kafka with the topic and its dead letters.
pub(crate) async fn kafka(partitions: i32) -> TestKafka {
    let kafka = TestKafka::new(partitions);
    kafka.make(&[TOPIC, LETTERS]).await;
    kafka
}

/// Sends records.
pub(crate) async fn send(kafka: &TestKafka, records: &[NewRecord]) {
    let producer = Producer::new(kafka.settings()).unwrap();
    producer.send_all(records).await.unwrap();
}

/// Waits until so many records of the topic are committed.
pub(crate) async fn committed(kafka: &TestKafka, count: i64) {
    until("all is committed", async || {
        kafka.committed(TOPIC).await == count
    })
    .await;
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let looked = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let done = tokio::time::timeout(PATIENCE, looked).await;
    assert!(done.is_ok(), "{what}");
}
