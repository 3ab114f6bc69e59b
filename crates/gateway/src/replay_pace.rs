//! The pace of long replays: where many have missed much, some read it after the others, and together no faster than
//! what is live has its way beside it. Short ones don't wait.

use std::sync::Arc;
use std::time::Duration;

use leaky_bucket::RateLimiter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Bytes that go out at once, if no frame has more. A page of several such portions makes a replay a long one.
pub(crate) const PORTION: usize = 64 * 1024;
/// Sessions that read at the same time, so that those who begin are soon done.
const AT_ONCE: usize = 16;
/// From one allowance to the next; what nobody takes up is not kept.
const INTERVAL: Duration = Duration::from_millis(10);
/// Allowances of a second.
const ALLOWANCES: usize = 100;

/// So long a session reads before it is the others' turn, and until a portion has gone out.
const TURN: Duration = Duration::from_secs(2);

/// Held by a session as long as it reads.
pub(crate) struct ReadingTurn {
    _permit: OwnedSemaphorePermit,
    ends_at: Instant,
}

impl ReadingTurn {
    /// Whether others read now, if some wait.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.ends_at
    }
}

/// The pace of long replays.
pub(crate) struct ReplayPace {
    at_once: Arc<Semaphore>,
    /// Nothing where any number of bytes may go out.
    bytes: Option<RateLimiter>,
}

impl ReplayPace {
    /// So many bytes a second; 0 is any number.
    pub(crate) fn per_second(bytes: usize) -> Self {
        let allowance = bytes.div_ceil(ALLOWANCES);
        let limiter = || {
            RateLimiter::builder()
                .max(allowance)
                .initial(allowance)
                .refill(allowance)
                .interval(INTERVAL)
                .build()
        };
        Self {
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            bytes: (bytes > 0).then(limiter),
        }
    }

    /// Waits until it is a session's turn to read.
    pub(crate) async fn turn(&self) -> Option<ReadingTurn> {
        // It is never closed.
        let permit = Arc::clone(&self.at_once).acquire_owned().await.ok()?;
        Some(ReadingTurn {
            _permit: permit,
            ends_at: Instant::now() + TURN,
        })
    }

    /// Waits until so many bytes may go out.
    pub(crate) async fn wait(&self, bytes: usize) {
        if let Some(limiter) = &self.bytes {
            limiter.acquire(bytes).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bytes_go_out_no_faster_than_at_their_rate_and_any_number_where_there_is_none() {
        ReplayPace::per_second(0).wait(usize::MAX).await;
        let began = Instant::now();
        let pace = ReplayPace::per_second(1_000);
        for _ in 0..3 {
            pace.wait(100).await;
        }
        // Ten were there to begin with, then ten came in every hundredth of a second.
        assert_eq!(began.elapsed().as_millis(), 290);
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_takes_up_is_not_kept() {
        let pace = ReplayPace::per_second(1_000);
        pace.wait(10).await;
        advance(Duration::from_millis(300)).await;
        let began = Instant::now();
        pace.wait(100).await;
        assert_eq!(began.elapsed().as_millis(), 90);
    }

    #[tokio::test]
    async fn a_turn_is_given_back() {
        let pace = ReplayPace::per_second(0);
        let mut turns = Vec::new();
        for _ in 0..AT_ONCE {
            turns.extend(pace.turn().await);
        }
        assert_eq!(pace.at_once.available_permits(), 0);
        turns.pop();
        assert!(pace.turn().await.is_some());
    }
}
