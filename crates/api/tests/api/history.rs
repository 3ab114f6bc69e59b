//! Reading the history.

use serde_json::json;

use crate::support::World;

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
        ("page=-1", "page"),
    ] {
        an.get(&format!("{path}?{query}"))
            .await
            .refused_field(field);
    }
    an.get(&format!("{path}?beforeId={elsewhere}"))
        .await
        .refused(404, "MESSAGE_NOT_FOUND");
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
