//! What other services answered, kept in Redis.

use discuss_domain::entities::{EntityType, RecordId, RecordRef};
use discuss_domain::{TenantId, UserId};
use discuss_storage::redis::{Cache, CachedAccess, Redis};
use discuss_test_support::redis_url;
use uuid::Uuid;

use crate::fixture::{elsewhere, tenant, user};

fn cache() -> Cache {
    let prefix = format!("test-{}", Uuid::new_v4().simple());
    Cache::new(Redis::new(&redis_url(), &prefix).unwrap())
}

fn record(id: &str) -> RecordRef {
    RecordRef {
        sort: EntityType::Task,
        id: RecordId::parse(id).unwrap(),
    }
}

async fn keep(
    cache: &Cache,
    person: (TenantId, UserId),
    record: &RecordRef,
    (may_see, version): (bool, u64),
) {
    let may_see = Some(may_see);
    let answered = CachedAccess { may_see, version };
    cache.keep_access(person, record, answered).await.unwrap();
}

#[tokio::test]
async fn an_answer_is_kept_for_one_person_and_one_record() {
    let cache = cache();
    let (seven, eight) = ((tenant(), user(7)), (tenant(), user(8)));
    let kept = cache.find_access(seven, &record("1")).await.unwrap();
    assert_eq!((kept.may_see, kept.version), (None, 0));
    keep(&cache, seven, &record("1"), (true, 0)).await;
    keep(&cache, eight, &record("1"), (false, 0)).await;
    for (person, id, may_see) in [
        (seven, "1", Some(true)),
        (eight, "1", Some(false)),
        (seven, "2", None),
        ((elsewhere(), user(7)), "1", None),
    ] {
        let kept = cache.find_access(person, &record(id)).await.unwrap();
        assert_eq!(kept.may_see, may_see, "{person:?} {id}");
    }
}

#[tokio::test]
async fn what_was_asked_before_a_change_counts_no_more_also_when_it_is_stored_after() {
    let cache = cache();
    let (one, two) = (record("1"), record("2"));
    let seven = (tenant(), user(7));
    keep(&cache, seven, &one, (true, 0)).await;
    keep(&cache, seven, &two, (true, 0)).await;
    cache.forget_access(&[&one]).await.unwrap();
    let kept = cache.find_access(seven, &one).await.unwrap();
    assert_eq!((kept.may_see, kept.version), (None, 1));
    keep(&cache, seven, &one, (true, 0)).await;
    let kept = cache.find_access(seven, &one).await.unwrap();
    assert_eq!(kept.may_see, None);
    keep(&cache, seven, &one, (false, 1)).await;
    let kept = cache.find_access(seven, &one).await.unwrap();
    assert_eq!(kept.may_see, Some(false));
    let other = cache.find_access(seven, &two).await.unwrap();
    assert_eq!(other.may_see, Some(true));
}

#[tokio::test]
async fn whom_a_search_brought_is_kept_for_its_tenant() {
    let cache = cache();
    let find = async |tenant, query| cache.find_search(tenant, query).await.unwrap();
    assert_eq!(find(tenant(), "an").await, None);
    let people = [user(7), user(8)];
    cache.keep_search(tenant(), "an", &people).await.unwrap();
    cache.keep_search(tenant(), "zzz", &[]).await.unwrap();
    assert_eq!(find(tenant(), "an").await, Some(people.to_vec()));
    assert_eq!(find(tenant(), "zzz").await, Some(Vec::new()));
    assert_eq!(find(elsewhere(), "an").await, None);
}

#[tokio::test]
async fn a_redis_that_is_away_is_an_error() {
    let cache = Cache::new(Redis::new("redis://127.0.0.1:1", "test").unwrap());
    let error = cache.find_search(tenant(), "an").await.unwrap_err();
    assert!(error.is_unavailable());
}
