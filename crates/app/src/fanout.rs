//! Telling the gateways, through Redis, what was committed. Best effort and never awaited by an answer:
//! whatever gets lost here is read from the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use discuss_storage::redis::{Publisher, Redis, Topic};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// Batches that wait at most; beyond that they are dropped.
const QUEUE: usize = 4_096;
/// Messages that go out in one round trip at most.
const PIPELINE: usize = 512;
/// A round trip takes no longer.
const TIMEOUT: Duration = Duration::from_secs(1);
/// After a failure Redis is left alone for so long.
const BREAK: Duration = Duration::from_secs(1);

/// Who waits for everything to be published looks so often.
const LOOK: Duration = Duration::from_millis(10);

type Batch = Vec<(Topic, Bytes)>;

/// The way to the gateways.
#[derive(Clone)]
pub struct Fanout {
    queue: mpsc::Sender<Batch>,
    /// Batches that were announced or handed over and are not published.
    waiting: Arc<AtomicUsize>,
}

impl Fanout {
    /// Starts the task that publishes.
    pub(crate) fn start(redis: Redis) -> (Self, JoinHandle<()>) {
        let (queue, batches) = mpsc::channel(QUEUE);
        let waiting = Arc::new(AtomicUsize::new(0));
        let relay = Relay {
            redis,
            publisher: None,
            broken_until: None,
            waiting: Arc::clone(&waiting),
        };
        let publishing = tokio::spawn(relay.run(batches));
        (Self { queue, waiting }, publishing)
    }

    /// Hands over what is to be published, in order; drops it when too much waits.
    pub(crate) fn publish(&self, batch: Batch) {
        if batch.is_empty() {
            return;
        }
        let messages = u64::try_from(batch.len()).unwrap_or(0);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if self.queue.try_send(batch).is_err() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            metrics::counter!("discuss_fanout_dropped_total").increment(messages);
        }
    }

    /// For as long as the answer is kept something is about to be handed over: [`Self::settle`] waits for it.
    pub(crate) fn announce(&self) -> Announced {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Announced(Arc::clone(&self.waiting))
    }

    /// Waits until what was announced or handed over is published or given up.
    pub(crate) async fn settle(&self) {
        while self.waiting.load(Ordering::Relaxed) > 0 {
            sleep(LOOK).await;
        }
    }
}

/// Something that is about to be handed over.
pub(crate) struct Announced(Arc<AtomicUsize>);

impl Drop for Announced {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Relay {
    redis: Redis,
    publisher: Option<Publisher>,
    broken_until: Option<Instant>,
    waiting: Arc<AtomicUsize>,
}

impl Relay {
    async fn run(mut self, mut batches: mpsc::Receiver<Batch>) {
        while let Some(mut batch) = batches.recv().await {
            let mut taken = 1;
            while batch.len() < PIPELINE {
                let Ok(more) = batches.try_recv() else { break };
                batch.extend(more);
                taken += 1;
            }
            self.publish(&batch).await;
            self.waiting.fetch_sub(taken, Ordering::Relaxed);
        }
    }

    async fn publish(&mut self, batch: &[(Topic, Bytes)]) {
        let messages = u64::try_from(batch.len()).unwrap_or(0);
        if self
            .broken_until
            .is_some_and(|until| Instant::now() < until)
        {
            metrics::counter!("discuss_fanout_dropped_total").increment(messages);
            return;
        }
        match timeout(TIMEOUT, self.try_publish(batch)).await {
            Ok(Ok(())) => {
                self.broken_until = None;
                metrics::counter!("discuss_fanout_published_total").increment(messages);
            }
            Ok(Err(error)) => self.broke(messages, &error.to_string()),
            Err(_elapsed) => self.broke(messages, "no answer in time"),
        }
    }

    async fn try_publish(
        &mut self,
        batch: &[(Topic, Bytes)],
    ) -> Result<(), discuss_storage::StorageError> {
        let mut publisher = match self.publisher.take() {
            Some(publisher) => publisher,
            None => self.redis.publisher().await?,
        };
        publisher.publish(batch).await?;
        self.publisher = Some(publisher);
        Ok(())
    }

    /// Leaves Redis alone for a while; says so once an outage.
    fn broke(&mut self, messages: u64, error: &str) {
        if self.broken_until.is_none() {
            tracing::warn!(error, "redis is away: gateways read the log");
        }
        self.publisher = None;
        self.broken_until = Some(Instant::now() + BREAK);
        metrics::counter!("discuss_fanout_dropped_total").increment(messages);
    }
}

#[cfg(test)]
mod tests {
    use discuss_domain::{ChannelId, TenantId};
    use futures_util::poll;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn it_settles_when_what_was_handed_over_is_published_or_given_up_and_no_earlier() {
        let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("redis://{}", silent.local_addr().unwrap());
        let (fanout, _task) = Fanout::start(Redis::new(&url, "test").unwrap());
        let announced = fanout.announce();
        assert!(poll!(Box::pin(fanout.settle())).is_pending());
        drop(announced);
        fanout.settle().await;
        let topic = Topic::Channel(TenantId::from(1), ChannelId::from(2));
        for _ in 0..3 {
            fanout.publish(vec![(topic, Bytes::from_static(b"news"))]);
        }
        let _held = silent.accept().await.unwrap();
        assert!(poll!(Box::pin(fanout.settle())).is_pending());
        fanout.settle().await;
        assert_eq!(fanout.waiting.load(Ordering::Relaxed), 0);
    }
}
