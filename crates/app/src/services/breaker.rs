//! A breaker: what has failed several times in a row is left alone for a while, then tried once.

use std::time::Duration;

use tokio::time::Instant;

/// Whether something that fails is to be asked again. Told the time by who asks it.
#[derive(Debug)]
pub(crate) struct Breaker {
    /// Failures in a row after which it opens.
    limit: u32,
    /// How long it stays open.
    pause: Duration,
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// A closed one: it opens after `limit` failures in a row, for `pause`.
    pub(crate) const fn new(limit: u32, pause: Duration) -> Self {
        Self {
            limit,
            pause,
            failures: 0,
            open_until: None,
        }
    }

    /// Is it to be asked now? After the pause one may try; the others wait for another pause, or until
    /// that one had an answer.
    pub(crate) fn admits(&mut self, now: Instant) -> bool {
        match self.open_until {
            None => true,
            Some(until) if now < until => false,
            Some(_over) => {
                self.open_until = now.checked_add(self.pause);
                true
            }
        }
    }

    /// There was an answer.
    pub(crate) const fn succeeded(&mut self) {
        self.failures = 0;
        self.open_until = None;
    }

    /// There was none; says whether it opened by that.
    pub(crate) fn failed(&mut self, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        if self.failures < self.limit {
            return false;
        }
        let was_closed = self.open_until.is_none();
        self.open_until = now.checked_add(self.pause);
        was_closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    fn failed(times: u32, now: Instant) -> Breaker {
        let mut breaker = Breaker::new(5, PAUSE);
        for _ in 0..times {
            breaker.failed(now);
        }
        breaker
    }

    #[test]
    fn it_opens_after_five_failures_in_a_row() {
        let now = Instant::now();
        assert!(failed(4, now).admits(now));
        assert!(!failed(5, now).admits(now));
        let mut interrupted = failed(4, now);
        interrupted.succeeded();
        assert!(!interrupted.failed(now));
        assert!(interrupted.admits(now));
    }

    #[test]
    fn after_the_pause_one_may_try_and_the_others_wait() {
        let start = Instant::now();
        let mut breaker = failed(5, start);
        assert!(!breaker.admits(start + PAUSE - Duration::from_millis(1)));
        let over = start + PAUSE;
        assert!(breaker.admits(over));
        assert!(!breaker.admits(over));
        // Whoever tried was never heard of again: the next may after another pause.
        assert!(breaker.admits(over + PAUSE));
    }

    #[test]
    fn an_answer_closes_it_and_a_failure_opens_it_again() {
        let start = Instant::now();
        let mut breaker = failed(5, start);
        assert!(breaker.admits(start + PAUSE));
        breaker.failed(start + PAUSE);
        assert!(!breaker.admits(start + PAUSE));
        assert!(breaker.admits(start + PAUSE + PAUSE));
        breaker.succeeded();
        assert!(breaker.admits(start + PAUSE + PAUSE));
        assert!(breaker.admits(start + PAUSE + PAUSE));
    }

    #[test]
    fn it_says_once_that_it_opened() {
        let now = Instant::now();
        let mut breaker = failed(4, now);
        assert!(breaker.failed(now));
        assert!(!breaker.failed(now));
    }
}
