//! Counting calls: two counters a call, that of the person's class and that of the tenant, in one script
//! and one round trip.

use std::sync::Arc;
use std::time::Duration;

use discuss_domain::rate_limits::{CallClass, RateLimits, Standing};
use discuss_domain::{TenantId, UserId};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisError, Script};

use super::{Redis, TIMEOUT};

/// A call that would wait longer for its count is not counted.
const PATIENCE: Duration = Duration::from_millis(500);

/// Adds a call to all counters, or to none when one is full already: a caller who is refused does not
/// push their own end of the window, nor take from the tenant. A window begins with its first call.
/// Answers whether it was added, then count and milliseconds left of each counter.
const TAKE: &str = "
local counts, open = {}, 1
for i, key in ipairs(KEYS) do
  counts[i] = tonumber(redis.call('GET', key) or '0')
  if counts[i] >= tonumber(ARGV[i + 1]) then open = 0 end
end
local answer = {open}
for i, key in ipairs(KEYS) do
  if open == 1 then counts[i] = redis.call('INCR', key) end
  local left = redis.call('PTTL', key)
  if left < 0 and counts[i] > 0 then
    redis.call('PEXPIRE', key, ARGV[1])
    left = tonumber(ARGV[1])
  end
  answer[2 * i] = counts[i]
  answer[2 * i + 1] = left
end
return answer";

/// Counts the calls of everybody.
#[derive(Clone)]
pub struct RateCounters {
    connection: MultiplexedConnection,
    script: Arc<Script>,
    prefix: Arc<str>,
}

/// What was made of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It was counted.
    Within(Standing),
    /// It was not: there is nothing left.
    Exceeded(Standing),
}

impl Redis {
    /// A connection that counts calls; it does not come back when it is lost.
    pub async fn rate_counters(&self) -> Result<RateCounters, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(PATIENCE));
        let connecting = self
            .client
            .get_multiplexed_async_connection_with_config(&config);
        let mut counters = RateCounters {
            connection: connecting.await?,
            script: Arc::new(Script::new(TAKE)),
            prefix: self.prefix.as_str().into(),
        };
        counters.script.load_async(&mut counters.connection).await?;
        Ok(counters)
    }
}

impl RateCounters {
    /// Counts a call, unless a limit is reached; nothing where neither limit is set.
    pub async fn take(
        &mut self,
        (tenant, user): (TenantId, UserId),
        class: CallClass,
        limits: &RateLimits,
    ) -> Result<Option<Counted>, RedisError> {
        let prefix = &self.prefix;
        let buckets = [
            (
                format!("{prefix}:rate:{tenant}:{user}:{}", word(class)),
                limits.of(class),
            ),
            (format!("{prefix}:rate:{tenant}"), limits.tenant),
        ];
        let limited: Vec<_> = buckets.iter().filter(|(_, limit)| *limit > 0).collect();
        let mut call = self.script.prepare_invoke();
        call.arg(RateLimits::WINDOW.as_millis().to_string());
        for (key, limit) in &limited {
            call.key(key).arg(*limit);
        }
        if limited.is_empty() {
            return Ok(None);
        }
        let (is_open, counts) = split(call.invoke_async(&mut self.connection).await?);
        let standings = limited.iter().zip(counts);
        let standings = standings.map(|((_, limit), count)| standing(*limit, count));
        let tightest = standings.reduce(Standing::tighter);
        Ok(tightest.map(|standing| {
            if is_open {
                Counted::Within(standing)
            } else {
                Counted::Exceeded(standing)
            }
        }))
    }
}

const fn word(class: CallClass) -> &'static str {
    match class {
        CallClass::Send => "send",
        CallClass::Read => "read",
        CallClass::Search => "search",
        CallClass::Upload => "upload",
    }
}

/// The script's answer: whether the call was added, then count and milliseconds of each counter.
fn split(answer: Vec<i64>) -> (bool, Vec<(i64, i64)>) {
    let mut numbers = answer.into_iter();
    let is_open = numbers.next() == Some(1);
    let mut counts = Vec::new();
    while let (Some(count), Some(left)) = (numbers.next(), numbers.next()) {
        counts.push((count, left));
    }
    (is_open, counts)
}

fn standing(limit: u32, (count, left): (i64, i64)) -> Standing {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    Standing {
        limit,
        remaining: limit.saturating_sub(count),
        reset: Duration::from_millis(u64::try_from(left).unwrap_or(0)),
    }
}
