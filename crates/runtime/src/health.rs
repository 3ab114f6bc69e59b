//! Whether a process may be sent work: named checks with a time limit each, and a flag for draining.

use std::{collections::BTreeMap, fmt, future::Future, sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use serde::Serialize;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// How long a check usually waits for an answer.
pub const CHECK_LIMIT: Duration = Duration::from_secs(2);

type Probe = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The checks of a process. Without the essential ones it is not ready; the others are only told.
#[derive(Clone)]
pub struct Readiness {
    draining: CancellationToken,
    checks: Vec<Check>,
}

#[derive(Clone)]
struct Check {
    name: &'static str,
    weight: Weight,
    limit: Duration,
    probe: Probe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Essential,
    Informative,
}

/// What the checks found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `ready`, `draining` or `not ready`.
    pub status: &'static str,
    /// Every check with `ok` or its failure.
    pub checks: BTreeMap<&'static str, String>,
    /// The names of those that failed.
    pub failing: Vec<&'static str>,
    #[serde(skip)]
    is_ready: bool,
}

impl Report {
    /// Whether the process may be sent work.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_ready
    }
}

impl Readiness {
    /// No checks yet; not ready any more once `draining` is cancelled.
    #[must_use]
    pub fn new(draining: CancellationToken) -> Self {
        Self {
            draining,
            checks: Vec::new(),
        }
    }

    /// Adds a check without which no work can be done.
    #[must_use]
    pub fn essential<F>(
        self,
        name: &'static str,
        limit: Duration,
        probe: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.with(Check {
            name,
            weight: Weight::Essential,
            limit,
            probe: Arc::new(move || probe().boxed()),
        })
    }

    /// Adds a check of something without which work goes on, if more slowly.
    #[must_use]
    pub fn informative<F>(
        self,
        name: &'static str,
        limit: Duration,
        probe: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.with(Check {
            name,
            weight: Weight::Informative,
            limit,
            probe: Arc::new(move || probe().boxed()),
        })
    }

    fn with(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// Runs every check, at the same time, on `runtime`: what a check connects lives there.
    pub async fn report(&self, runtime: &Handle) -> Report {
        let outcomes = join_all(self.checks.iter().map(|check| check.run(runtime))).await;
        let mut report = Report {
            status: "ready",
            checks: BTreeMap::new(),
            failing: Vec::new(),
            is_ready: true,
        };
        for (check, outcome) in self.checks.iter().zip(outcomes) {
            if outcome.is_err() {
                report.failing.push(check.name);
                report.is_ready &= check.weight == Weight::Informative;
            }
            report
                .checks
                .insert(check.name, outcome.err().unwrap_or_else(|| "ok".to_owned()));
        }
        if self.draining.is_cancelled() {
            report.is_ready = false;
            report.status = "draining";
        } else if !report.is_ready {
            report.status = "not ready";
        }
        report
    }
}

impl Check {
    async fn run(&self, runtime: &Handle) -> Result<(), String> {
        let mut running = runtime.spawn((self.probe)());
        match tokio::time::timeout(self.limit, &mut running).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err("the check itself failed".to_owned()),
            Err(_) => {
                running.abort();
                Err(format!("no answer within {} ms", self.limit.as_millis()))
            }
        }
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.checks.iter().map(|check| (check.name, check.weight)))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    async fn report(readiness: Readiness) -> Report {
        readiness.report(&Handle::current()).await
    }

    #[tokio::test]
    async fn a_process_whose_checks_pass_is_ready() {
        let found = report(
            Readiness::new(CancellationToken::new())
                .essential("postgresql", LONG, || ready(Ok(())))
                .informative("redis", LONG, || ready(Ok(()))),
        )
        .await;
        assert!(found.is_ready() && found.failing.is_empty());
        assert_eq!(found.checks["redis"], "ok");
    }

    #[tokio::test]
    async fn one_essential_check_that_fails_makes_it_not_ready() {
        let found = report(
            Readiness::new(CancellationToken::new())
                .essential("postgresql", LONG, || ready(Err("refused".to_owned())))
                .essential("redis", LONG, || ready(Ok(()))),
        )
        .await;
        assert_eq!((found.is_ready(), found.status), (false, "not ready"));
        assert_eq!(found.failing, ["postgresql"]);
        assert_eq!(found.checks["postgresql"], "refused");
    }

    #[tokio::test]
    async fn an_informative_check_is_told_and_does_no_harm() {
        let found = report(Readiness::new(CancellationToken::new()).informative(
            "redis",
            LONG,
            || ready(Err("refused".to_owned())),
        ))
        .await;
        assert!(found.is_ready());
        assert_eq!(found.failing, ["redis"]);
    }

    #[tokio::test]
    async fn a_check_without_an_answer_fails_when_its_time_is_over() {
        let found = report(Readiness::new(CancellationToken::new()).essential(
            "postgresql",
            Duration::from_millis(1),
            pending,
        ))
        .await;
        assert_eq!(found.checks["postgresql"], "no answer within 1 ms");
        assert!(!found.is_ready());
    }

    #[tokio::test]
    async fn a_check_that_panics_is_a_failed_check() {
        let found = report(Readiness::new(CancellationToken::new()).essential(
            "postgresql",
            LONG,
            || async { panic!("boom") },
        ))
        .await;
        assert_eq!(found.checks["postgresql"], "the check itself failed");
    }

    #[tokio::test]
    async fn a_draining_process_is_not_ready() {
        let draining = CancellationToken::new();
        let readiness =
            Readiness::new(draining.clone()).essential("postgresql", LONG, || ready(Ok(())));
        assert!(report(readiness.clone()).await.is_ready());
        draining.cancel();
        let found = report(readiness).await;
        assert_eq!((found.is_ready(), found.status), (false, "draining"));
        assert!(found.failing.is_empty());
    }
}
