//! Counting calls.

use std::time::Duration;

use discuss_domain::rate_limits::CallClass::{Read, Send};
use discuss_domain::rate_limits::{RateLimits, Standing};
use discuss_storage::redis::{Counted, RateCounters, Redis};
use discuss_test_support::{World, redis_url};

use crate::fixture::{elsewhere, tenant, user};

const LIMITS: RateLimits = RateLimits {
    sends: 2,
    reads: 3,
    searches: 0,
    uploads: 0,
    tenant: 0,
};

async fn counters() -> RateCounters {
    World::new()
        .await
        .app
        .redis()
        .rate_counters()
        .await
        .unwrap()
}

/// Limit and what remains after a call that was counted.
#[track_caller]
fn within(counted: Option<Counted>) -> (u32, u32) {
    let (is_within, standing) = split(counted);
    assert!(is_within, "{standing:?}");
    (standing.limit, standing.remaining)
}

/// The same after one that was not.
#[track_caller]
fn exceeded(counted: Option<Counted>) -> (u32, u32) {
    let (is_within, standing) = split(counted);
    assert!(!is_within, "{standing:?}");
    (standing.limit, standing.remaining)
}

/// How long a window goes on is checked here, as it moves.
#[track_caller]
fn split(counted: Option<Counted>) -> (bool, Standing) {
    let (is_within, standing) = match counted.unwrap() {
        Counted::Within(standing) => (true, standing),
        Counted::Exceeded(standing) => (false, standing),
    };
    let window = Duration::from_millis(1)..=RateLimits::WINDOW;
    assert!(window.contains(&standing.reset), "{standing:?}");
    (is_within, standing)
}

#[tokio::test]
async fn each_call_leaves_one_less_until_none_is_left() {
    let mut counters = counters().await;
    let an = (tenant(), user(1));
    assert_eq!(
        within(counters.take(an, Send, &LIMITS).await.unwrap()),
        (2, 1)
    );
    assert_eq!(
        within(counters.take(an, Send, &LIMITS).await.unwrap()),
        (2, 0)
    );
    for _ in 0..2 {
        assert_eq!(
            exceeded(counters.take(an, Send, &LIMITS).await.unwrap()),
            (2, 0)
        );
    }
}

#[tokio::test]
async fn classes_people_and_tenants_are_counted_apart() {
    let mut counters = counters().await;
    let one = RateLimits { sends: 1, ..LIMITS };
    let an = (tenant(), user(1));
    within(counters.take(an, Send, &one).await.unwrap());
    exceeded(counters.take(an, Send, &one).await.unwrap());
    assert_eq!(within(counters.take(an, Read, &one).await.unwrap()), (3, 2));
    within(
        counters
            .take((tenant(), user(2)), Send, &one)
            .await
            .unwrap(),
    );
    within(
        counters
            .take((elsewhere(), user(1)), Send, &one)
            .await
            .unwrap(),
    );
}

#[tokio::test]
async fn a_tenants_calls_are_counted_together_and_a_refused_one_by_none() {
    let mut counters = counters().await;
    let limits = RateLimits {
        tenant: 3,
        ..LIMITS
    };
    let (an, binh) = ((tenant(), user(1)), (tenant(), user(2)));
    within(counters.take(an, Send, &limits).await.unwrap());
    within(counters.take(an, Send, &limits).await.unwrap());
    assert_eq!(
        exceeded(counters.take(an, Send, &limits).await.unwrap()),
        (2, 0)
    );
    // The refused one has taken nothing from the tenant.
    assert_eq!(
        within(counters.take(binh, Send, &limits).await.unwrap()),
        (3, 0)
    );
    assert_eq!(
        exceeded(counters.take(binh, Send, &limits).await.unwrap()),
        (3, 0)
    );
    // Nor from binh.
    let alone = RateLimits {
        tenant: 0,
        ..limits
    };
    assert_eq!(
        within(counters.take(binh, Send, &alone).await.unwrap()),
        (2, 0)
    );
}

#[tokio::test]
async fn processes_count_together_and_installations_do_not() {
    let world = World::new().await;
    let one = RateLimits { sends: 1, ..LIMITS };
    let an = (tenant(), user(1));
    let mut here = world.app.redis().rate_counters().await.unwrap();
    let mut there = world.another_app().redis().rate_counters().await.unwrap();
    within(here.take(an, Send, &one).await.unwrap());
    exceeded(there.take(an, Send, &one).await.unwrap());
    within(counters().await.take(an, Send, &one).await.unwrap());
}

#[tokio::test]
async fn where_nothing_is_limited_nothing_is_said() {
    let off = RateLimits { sends: 0, ..LIMITS };
    let counted = counters().await.take((tenant(), user(1)), Send, &off).await;
    assert_eq!(counted.unwrap(), None);
}

#[tokio::test]
async fn without_a_redis_there_are_no_counters() {
    assert!(redis_url().starts_with("redis"));
    let nobody = Redis::new("redis://127.0.0.1:1", "test").unwrap();
    assert!(nobody.rate_counters().await.is_err());
}
