//! How often callers may call, counted in Redis, so that requests and sockets of a person share what they
//! have. While Redis is away or slow nobody is refused, and nobody waits for it.

use std::time::Duration;

use discuss_domain::users::Caller;
use discuss_storage::StorageError;
use discuss_storage::redis::{Counted, RateCounters, Redis};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use crate::{AppError, BackgroundTask};

pub use discuss_domain::rate_limits::{CallClass, RateLimits, Standing};

/// After a failure Redis is left alone for so long.
const BREAK: Duration = Duration::from_secs(1);

/// Counts calls.
#[derive(Clone)]
pub struct Limiter {
    limits: RateLimits,
    /// Nothing while Redis is away, or nothing is limited.
    counters: watch::Receiver<Option<RateCounters>>,
    /// Tells that they count no more.
    lost: mpsc::Sender<()>,
}

/// What the limits say of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: there is no limit, or Redis is away.
    Open,
    /// It was counted.
    Within(Standing),
    /// It is one too many.
    Exceeded(Standing),
}

impl Verdict {
    /// How the caller stands, where that is known.
    #[must_use]
    pub const fn standing(self) -> Option<Standing> {
        match self {
            Self::Open => None,
            Self::Within(standing) | Self::Exceeded(standing) => Some(standing),
        }
    }

    /// Refuses a call that is one too many.
    pub const fn require(self) -> Result<(), AppError> {
        match self {
            Self::Open | Self::Within(_) => Ok(()),
            Self::Exceeded(standing) => Err(AppError::TooManyCalls(standing)),
        }
    }
}

impl Limiter {
    /// Counts by `limits`; where these limit anything, a task keeps the connection to Redis, which is tried
    /// once before this returns.
    pub async fn start(redis: Redis, limits: RateLimits) -> (Self, Vec<BackgroundTask>) {
        let (told, counters) = watch::channel(None);
        let (lost, losses) = mpsc::channel(1);
        let limiter = Self {
            limits,
            counters,
            lost,
        };
        if limits.are_off() {
            return (limiter, Vec::new());
        }
        let mut connector = Connector {
            redis,
            told,
            losses,
        };
        connector.connect().await;
        let keeping = tokio::spawn(connector.keep());
        (limiter, vec![("rate limits", keeping)])
    }

    /// Counts a call, in one round trip.
    pub async fn take(&self, caller: &Caller, class: CallClass) -> Verdict {
        self.count(caller, class, &self.limits).await
    }

    /// The same among the caller's own calls alone: what is small and said often leaves their tenant its calls.
    pub async fn take_own(&self, caller: &Caller, class: CallClass) -> Verdict {
        let own = RateLimits {
            tenant: 0,
            ..self.limits
        };
        self.count(caller, class, &own).await
    }

    async fn count(&self, caller: &Caller, class: CallClass, limits: &RateLimits) -> Verdict {
        if limits.are_off() {
            return Verdict::Open;
        }
        let counters = self.counters.borrow().clone();
        let Some(mut counters) = counters else {
            return open("away");
        };
        let who = (caller.tenant, caller.user);
        match counters.take(who, class, limits).await {
            Ok(None) => Verdict::Open,
            Ok(Some(Counted::Within(standing))) => Verdict::Within(standing),
            Ok(Some(Counted::Exceeded(standing))) => {
                metrics::counter!("discuss_rate_limit_refused_total").increment(1);
                Verdict::Exceeded(standing)
            }
            Err(error) => {
                let is_news = self.lost.try_send(()).is_ok();
                tracing::debug!(%error, is_news, "a call was not counted");
                open("failed")
            }
        }
    }
}

/// Lets a call pass that could not be counted.
fn open(why: &'static str) -> Verdict {
    metrics::counter!("discuss_rate_limit_open_total", "reason" => why).increment(1);
    Verdict::Open
}

/// Keeps the connection to Redis.
struct Connector {
    redis: Redis,
    told: watch::Sender<Option<RateCounters>>,
    losses: mpsc::Receiver<()>,
}

impl Connector {
    /// Connects again and again, until nobody counts any more.
    async fn keep(mut self) {
        loop {
            if self.told.borrow().is_some() {
                if self.losses.recv().await.is_none() {
                    return;
                }
                tracing::warn!("redis does not count calls: nobody is limited");
                self.told.send_replace(None);
            }
            sleep(BREAK).await;
            self.connect().await;
        }
    }

    /// Tries once.
    async fn connect(&mut self) {
        match self.redis.rate_counters().await {
            Ok(counters) => {
                // Others may have told of the same loss.
                while self.losses.try_recv().is_ok() {}
                self.told.send_replace(Some(counters));
            }
            Err(error) => {
                let error = StorageError::from(error);
                tracing::debug!(%error, "redis is away: nobody is limited");
            }
        }
    }
}
