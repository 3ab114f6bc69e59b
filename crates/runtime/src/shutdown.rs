//! How a process ends: asked (SIGTERM, SIGINT) it drains; when its time is over it is cut off.

use std::{future::Future, io, time::Duration};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Two flags: drain, and later stop. Clones share them.
#[derive(Debug, Clone)]
pub struct Shutdown {
    drain: CancellationToken,
    stop: CancellationToken,
    grace: Duration,
}

impl Shutdown {
    /// Nothing has been asked yet; from the asking on there is `grace`.
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        Self {
            drain: CancellationToken::new(),
            stop: CancellationToken::new(),
            grace,
        }
    }

    /// Drains on the first SIGTERM or SIGINT and stops on the second.
    pub fn on_signals(grace: Duration) -> io::Result<Self> {
        let shutdown = Self::new(grace);
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let asked = shutdown.clone();
        tokio::spawn(async move {
            loop {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                };
                tracing::info!(signal = name, "asked to end");
                asked.ask();
            }
        });
        Ok(shutdown)
    }

    /// Asks the process to drain; asked again, to stop at once.
    pub fn ask(&self) {
        if self.drain.is_cancelled() {
            self.stop.cancel();
            return;
        }
        self.drain.cancel();
        let (stop, grace) = (self.stop.clone(), self.grace);
        tokio::spawn(async move {
            tokio::time::sleep(grace).await;
            stop.cancel();
        });
    }

    /// The flag that says: take no new work, finish what is under way.
    #[must_use]
    pub fn draining(&self) -> CancellationToken {
        self.drain.clone()
    }

    /// The flag that says: the time is over.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs what finishes the work under way, until the time is over at the latest; says whether it
    /// came to its end.
    pub async fn finish(&self, work: impl Future<Output = ()>) -> Finished {
        tokio::select! {
            () = work => Finished::InTime,
            () = self.stop.cancelled() => Finished::CutOff,
        }
    }
}

/// How the work under way ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// All of it was done.
    InTime,
    /// The time was over before.
    CutOff,
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn who_is_asked_once_drains_and_who_is_asked_twice_stops() {
        let shutdown = Shutdown::new(LONG);
        assert!(!shutdown.draining().is_cancelled());
        shutdown.ask();
        assert!(shutdown.draining().is_cancelled() && !shutdown.stopping().is_cancelled());
        shutdown.ask();
        assert!(shutdown.stopping().is_cancelled());
    }

    #[tokio::test]
    async fn when_the_grace_is_over_it_stops() {
        let shutdown = Shutdown::new(Duration::from_millis(1));
        shutdown.ask();
        shutdown.stopping().cancelled().await;
    }

    #[tokio::test]
    async fn work_is_finished_or_cut_off() {
        let shutdown = Shutdown::new(Duration::from_millis(1));
        assert_eq!(shutdown.finish(ready(())).await, Finished::InTime);
        shutdown.ask();
        assert_eq!(shutdown.finish(pending()).await, Finished::CutOff);
    }
}
