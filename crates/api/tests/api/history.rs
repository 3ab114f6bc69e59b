//! Reading the history.

use discuss_test_support::reply_sql;
use serde_json::json;

use crate::support::{Answer, World};

#[tokio::test]
async fn the_history_is_read_by_cursor_in_both_directions() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let mut sent = Vec::new();
    for content in ["1", "2", "3", "4", "5"] {
        sent.push(an.say(channel, content).await);
    }
    let path = format!("/channels/{channel}/messages");

    let newest = an.get(&format!("{path}?limit=2")).await;
    assert_eq!(newest.ids(), [sent[4], sent[3]]);
    assert_eq!(
        (&newest.data()["hasMore"], &newest.data()["hasNewer"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(newest.data()["oldestMessageId"], sent[3]);

    let older = an
        .get(&format!("{path}?beforeId={}&limit=3", sent[3]))
        .await;
    assert_eq!(older.ids(), [sent[2], sent[1], sent[0]]);
    assert_eq!(
        (&older.data()["hasMore"], &older.data()["hasNewer"]),
        (&json!(false), &json!(true))
    );

    let newer = an.get(&format!("{path}?afterId={}&limit=2", sent[1])).await;
    assert_eq!(newer.ids(), [sent[3], sent[2]]);
    assert_eq!(
        (&newer.data()["hasMore"], &newer.data()["hasNewer"]),
        (&json!(true), &json!(true))
    );
    let none = an.get(&format!("{path}?afterId={}", sent[4])).await;
    assert_eq!(
        (none.ids(), &none.data()["hasNewer"]),
        (vec![], &json!(false))
    );
}

#[tokio::test]
async fn the_history_is_read_by_page_newest_first() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let mut sent = Vec::new();
    for content in ["1", "2", "3", "4", "5"] {
        sent.push(an.say(channel, content).await);
    }
    let path = format!("/channels/{channel}/messages");

    let second = an.get(&format!("{path}?page=1&size=2")).await;
    assert_eq!(second.ids(), [sent[2], sent[1]]);
    assert_eq!(
        (&second.data()["totalItems"], &second.data()["totalPages"]),
        (&json!(5), &json!(3))
    );
    assert_eq!(
        (&second.data()["hasNext"], &second.data()["hasPrevious"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        an.get(&format!("{path}?page=2&size=2")).await.ids(),
        [sent[0]]
    );
    assert!(an.get(&format!("{path}?page=9")).await.ids().is_empty());
    assert_eq!(an.get(&path).await.data()["pageSize"], 50);
}

#[tokio::test]
async fn a_history_that_is_wrongly_asked_for_is_refused() {
    let world = World::new().await;
    let (an, stranger) = (world.person(1), world.person(9));
    let (channel, other) = (an.group(&[]).await, an.group(&[]).await);
    let elsewhere = an.say(other, "x").await;
    let path = format!("/channels/{channel}/messages");
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("beforeId=x", "beforeId"),
        ("afterId=-1", "afterId"),
        ("beforeId=1&afterId=1", "afterId"),
        ("aroundId=x", "aroundId"),
        ("afterId=1&aroundId=1", "aroundId"),
        ("limit=5&includeThreads=1", "includeThreads"),
        ("page=0&includeThreads=no", "includeThreads"),
        ("page=-1", "page"),
    ] {
        an.get(&format!("{path}?{query}"))
            .await
            .refused_field(field);
    }
    for cursor in ["beforeId", "afterId", "aroundId"] {
        an.get(&format!("{path}?{cursor}={elsewhere}"))
            .await
            .refused(404, "MESSAGE_NOT_FOUND");
    }
    stranger.get(&path).await.refused(404, "CHANNEL_NOT_FOUND");
    world
        .foreigner(1)
        .get(&path)
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
    let public = an.group_that(json!({ "isPrivate": false })).await;
    stranger
        .get(&format!("/channels/{public}/messages"))
        .await
        .refused(403, "NOT_CHANNEL_MEMBER");
}

fn flags(answer: &Answer) -> (&serde_json::Value, &serde_json::Value) {
    (&answer.data()["hasMore"], &answer.data()["hasNewer"])
}

#[tokio::test]
async fn the_history_is_read_around_a_message() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let mut sent = Vec::new();
    for content in ["1", "2", "3", "4", "5"] {
        sent.push(an.say(channel, content).await);
    }
    let around = an
        .get(&format!(
            "/channels/{channel}/messages?aroundId={}&limit=3",
            sent[2]
        ))
        .await;
    assert_eq!(around.ids(), [sent[3], sent[2], sent[1]]);
    assert_eq!(flags(&around), (&json!(true), &json!(true)));
    assert_eq!(
        (
            &around.data()["oldestMessageId"],
            &around.data()["newestMessageId"]
        ),
        (&json!(sent[1]), &json!(sent[3]))
    );
}

#[tokio::test]
async fn replies_are_told_by_page_and_when_they_are_asked_for() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let sent = [an.say(channel, "1").await, an.say(channel, "2").await];
    world.sql(&reply_sql(channel, sent[0], 1)).await;
    let path = format!("/channels/{channel}/messages");
    for (query, count) in [
        ("", 3),
        ("?page=0&size=5", 3),
        ("?page=0&size=5&includeThreads=false", 2),
        ("?includeThreads=false", 2),
        ("?limit=5", 2),
        ("?limit=5&includeThreads=false", 2),
        ("?limit=5&includeThreads=true", 3),
    ] {
        let answer = an.get(&format!("{path}{query}")).await;
        assert_eq!(answer.ids().len(), count, "{query}");
    }
    let newest = an.get(&format!("{path}?limit=2")).await;
    assert_eq!(flags(&newest), (&json!(false), &json!(false)));
    let paged = an.get(&format!("{path}?includeThreads=false")).await;
    assert_eq!(paged.data()["totalItems"], 2);
}

#[tokio::test]
async fn the_messages_before_one_are_a_bare_list() {
    let world = World::new().await;
    let (an, stranger) = (world.person(1), world.person(9));
    let channel = an.group(&[]).await;
    let mut sent = Vec::new();
    for content in ["1", "2", "3", "4"] {
        sent.push(an.say(channel, content).await);
    }
    let path = format!("/channels/{channel}/messages/before/{}", sent[3]);
    let before = an.get(&format!("{path}?limit=2")).await;
    let ids: Vec<_> = before.data().as_array().unwrap().iter().collect();
    let ids: Vec<_> = ids
        .iter()
        .map(|message| message["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [sent[2], sent[1]]);
    assert_eq!(an.get(&path).await.data().as_array().unwrap().len(), 3);
    an.get(&format!("{path}?limit=0"))
        .await
        .refused_field("limit");
    an.get(&format!("/channels/{channel}/messages/before/4000000"))
        .await
        .refused(404, "MESSAGE_NOT_FOUND");
    an.get(&format!("/channels/{channel}/messages/before/x"))
        .await
        .refused_field("messageId");
    stranger.get(&path).await.refused(404, "CHANNEL_NOT_FOUND");
}
