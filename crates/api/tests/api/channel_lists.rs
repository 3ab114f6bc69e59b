//! Filtering and ordering the list of channels.

use serde_json::json;

use crate::support::{Person, World};

/// A group of that name with these members; answers its id.
async fn named(person: &Person, name: &str, members: &[i64]) -> i64 {
    let body = json!({ "name": name, "memberIds": members });
    let made = person.post("/channels/group", body).await;
    made.id()
}

async fn ids(person: &Person, query: &str) -> Vec<i64> {
    let list = person.get(&format!("/channels?{query}")).await;
    let ids = list.ids();
    assert_eq!(list.data()["totalItems"], ids.len(), "{query}");
    ids
}

#[tokio::test]
async fn names_are_found_by_a_part_of_them_and_direct_channels_by_the_other_persons() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    // Their names are known from their first requests.
    an.get("/channels").await;
    binh.get("/channels").await;
    let review = named(&an, "Quarter REVIEW 100%", &[]).await;
    let persons = named(&an, "All persons", &[]).await;
    let direct = an
        .post("/channels/direct", json!({ "otherUserId": 2 }))
        .await
        .id();

    assert_eq!(ids(&an, "search=review").await, [review]);
    assert_eq!(ids(&an, "search=%20Review%20&sortBy=name").await, [review]);
    assert_eq!(
        ids(&an, "search=PERSON&sortBy=name").await,
        [persons, direct]
    );
    assert_eq!(ids(&an, "search=person%202").await, [direct]);
    assert_eq!(ids(&binh, "search=person%201").await, [direct]);
    assert_eq!(ids(&an, "search=0%25").await, [review]);
    for nobody in ["%25s", "_", "%5C", "person%209"] {
        assert!(
            ids(&an, &format!("search={nobody}")).await.is_empty(),
            "{nobody}"
        );
    }
    assert_eq!(ids(&an, "search=").await.len(), 3);
}

#[tokio::test]
async fn what_is_pinned_or_unread_is_listed_alone() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let (pinned, busy) = (an.group(&[&binh]).await, an.group(&[&binh]).await);
    let pin = json!({ "isPinned": true });
    binh.patch(&format!("/channels/{pinned}/membership"), pin)
        .await
        .data();
    an.say(busy, "news").await;

    assert_eq!(ids(&binh, "").await, [pinned, busy]);
    assert_eq!(ids(&binh, "isPinned=true").await, [pinned]);
    assert_eq!(ids(&binh, "isPinned=false").await, [busy]);
    assert_eq!(ids(&binh, "hasUnread=true").await, [busy]);
    assert_eq!(ids(&binh, "hasUnread=false").await, [pinned]);
    assert!(ids(&binh, "hasUnread=true&isPinned=true").await.is_empty());
    assert!(ids(&an, "hasUnread=true").await.is_empty());
}

#[tokio::test]
async fn the_list_is_ordered_as_asked_with_what_is_pinned_on_top() {
    let world = World::new().await;
    let an = world.person(1);
    let (b, a, c) = (
        named(&an, "beta", &[]).await,
        named(&an, "Alpha", &[]).await,
        named(&an, "gamma", &[]).await,
    );
    world
        .sql("UPDATE channels SET created_at = now() - id * interval '1 hour'")
        .await;
    an.say(a, "newest").await;

    assert_eq!(ids(&an, "sortBy=name").await, [a, b, c]);
    assert_eq!(ids(&an, "sortBy=name&sortOrder=desc").await, [c, b, a]);
    assert_eq!(ids(&an, "sortBy=createdAt").await, [b, a, c]);
    assert_eq!(ids(&an, "sortBy=createdAt&sortOrder=ASC").await, [c, a, b]);
    assert_eq!(ids(&an, "").await, [a, b, c]);
    assert_eq!(
        ids(&an, "sortBy=lastMessage&sortOrder=asc").await,
        [c, b, a]
    );
    let pin = json!({ "isPinned": true });
    an.patch(&format!("/channels/{c}/membership"), pin)
        .await
        .data();
    assert_eq!(ids(&an, "sortBy=name").await, [c, a, b]);
    let page = an.get("/channels?sortBy=name&size=1&page=2").await;
    assert_eq!(
        (page.ids(), &page.data()["totalItems"]),
        (vec![b], &json!(3))
    );
}

#[tokio::test]
async fn channels_of_one_sort_of_record_are_listed_alone() {
    let world = World::new().await;
    let an = world.person(1);
    let (customer, other) = (an.group(&[]).await, an.group(&[]).await);
    let sql = format!(
        "UPDATE channels SET kind = 'TOPIC', entity_type = 'customer', entity_id = '9' WHERE id = {customer}"
    );
    world.sql(&sql).await;

    assert_eq!(ids(&an, "entityType=customer").await, [customer]);
    assert_eq!(ids(&an, "entityType=CUSTOMER&type=TOPIC").await, [customer]);
    assert!(ids(&an, "entityType=lead").await.is_empty());
    assert_eq!(ids(&an, "type=GROUP").await, [other]);
}

#[tokio::test]
async fn a_wrong_filter_is_named() {
    let world = World::new().await;
    let an = world.person(1);
    let long = format!("search={}", "x".repeat(101));
    for (query, field) in [
        ("isPinned=1", "isPinned"),
        ("hasUnread=perhaps", "hasUnread"),
        ("entityType=moon", "entityType"),
        ("sortBy=size", "sortBy"),
        ("sortOrder=up", "sortOrder"),
        (long.as_str(), "search"),
    ] {
        an.get(&format!("/channels?{query}"))
            .await
            .refused_field(field);
    }
}
