//! The pace at which sockets are taken when very many come at once: each gets its turn, in the order of coming, so
//! that those who are there already are served meanwhile.
//!
//! The limiters of the field tell whoever comes too early to try again, all at the same time; here each is told
//! once when it may.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Nobody waits longer: they come back themselves.
const PATIENCE: Duration = Duration::from_secs(5);
/// So many may come at once before there is a queue.
const AT_ONCE: u32 = 100;
/// Sockets for whose people everything is looked up at the same time: where that takes long, the next ones wait
/// outside, as those inside have a time in which to resume.
const AT_WORK: usize = 64;

/// Held by a socket until its channels are looked up, or it has to say more first, or it is refused.
pub(crate) type Turn = OwnedSemaphorePermit;

/// The pace at which sockets are taken.
pub(crate) struct AcceptPace {
    /// From one to the next; nothing where any number may come.
    interval: Option<Duration>,
    next: Mutex<Instant>,
    at_work: Arc<Semaphore>,
}

impl AcceptPace {
    /// So many sockets a second; 0 is any number.
    pub(crate) fn per_second(sockets: u32) -> Self {
        Self {
            interval: Duration::from_secs(1).checked_div(sockets),
            next: Mutex::new(Instant::now()),
            at_work: Arc::new(Semaphore::new(AT_WORK)),
        }
    }

    /// Waits for the turn of who calls; nothing when it is too far away, as soon as that is known.
    pub(crate) async fn wait(&self) -> Option<Turn> {
        let now = Instant::now();
        if let Some(interval) = self.interval {
            let turn = self.turn(interval, now)?;
            let mut waiting = Waiting {
                next: &self.next,
                gives_back: interval,
            };
            sleep_until(turn).await;
            waiting.gives_back = Duration::ZERO;
        }
        let at_work = Arc::clone(&self.at_work).acquire_owned();
        timeout_at(now + PATIENCE, at_work).await.ok()?.ok()
    }

    fn turn(&self, interval: Duration, now: Instant) -> Option<Instant> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(interval.saturating_mul(AT_ONCE));
        let turn = earliest.map_or(*next, |earliest| (*next).max(earliest));
        if turn > now + PATIENCE {
            return None;
        }
        *next = turn + interval;
        Some(turn)
    }
}

/// Somebody who waits for their turn; who goes before it leaves it to those who come.
struct Waiting<'p> {
    next: &'p Mutex<Instant>,
    gives_back: Duration,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = next.checked_sub(self.gives_back).unwrap_or(*next);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn some_come_at_once_the_others_one_after_the_other_and_the_last_not_at_all() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        let pace = AcceptPace::per_second(100);
        let interval = pace.interval.unwrap();
        *pace.next.lock().unwrap() = now - second * 60;
        let turns: Vec<_> = (0..1_000).map(|_| pace.turn(interval, now)).collect();
        let at_once = turns.iter().flatten().filter(|turn| **turn <= now).count();
        assert_eq!(at_once, 101);
        assert_eq!(turns[200], Some(now + second));
        assert_eq!(turns[599], Some(now + second * 5 - interval));
        assert_eq!(turns[700], None);
        // Later there is room again.
        assert!(pace.turn(interval, now + second).is_some());
    }

    #[tokio::test]
    async fn who_goes_before_their_turn_leaves_it_to_those_who_come() {
        let second = Duration::from_secs(1);
        let pace = AcceptPace::per_second(1);
        let next = Instant::now() + second;
        *pace.next.lock().unwrap() = next;
        assert!(pace.wait().now_or_never().is_none());
        assert_eq!(*pace.next.lock().unwrap(), next);

        *pace.next.lock().unwrap() = next - second * 2;
        assert!(pace.wait().await.is_some());
        assert_eq!(*pace.next.lock().unwrap(), next - second);
    }

    #[tokio::test]
    async fn where_there_is_no_pace_nobody_waits() {
        assert!(AcceptPace::per_second(0).wait().await.is_some());
    }

    #[tokio::test]
    async fn the_next_waits_until_one_of_those_at_work_is_done() {
        let pace = AcceptPace::per_second(0);
        let mut turns = Vec::new();
        for _ in 0..AT_WORK {
            turns.push(pace.wait().await.unwrap());
        }
        let next = pace.wait();
        tokio::pin!(next);
        assert!(futures_util::poll!(&mut next).is_pending());
        turns.pop();
        assert!(next.await.is_some());
    }
}
