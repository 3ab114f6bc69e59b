//! Threads.

use serde_json::json;

use crate::support::{Person, World};

async fn of_two(world: &World) -> (Person, Person, i64, i64) {
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    let root = an.say(channel, "root").await;
    (an, binh, channel, root)
}

/// Replies; answers the reply's id.
async fn reply(person: &Person, channel: i64, parent: i64) -> i64 {
    let body = json!({ "content": "reply", "parentId": parent });
    let sent = person
        .post(&format!("/channels/{channel}/messages/replies"), body)
        .await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    sent.id()
}

#[tokio::test]
async fn replies_join_the_root_and_are_read_oldest_first() {
    let world = World::new().await;
    let (an, binh, channel, root) = of_two(&world).await;
    let first = reply(&binh, channel, root).await;
    let body = json!({ "content": "deeper", "parentId": first.to_string() });
    let path = format!("/channels/{channel}/messages");
    let deeper = an.post(&path, body).await;
    assert_eq!(
        (deeper.status, &deeper.data()["parentId"]),
        (201, &json!(root))
    );
    let third = reply(&binh, channel, root).await;

    let now = an.get(&format!("/messages/{root}")).await;
    assert_eq!(now.data()["threadCount"], 3);
    assert_eq!(now.data()["threadParticipants"], json!([2, 1]));
    assert!(now.data()["lastReplyAt"].is_i64() && now.data().get("parentId").is_none());

    let paths = [
        format!("/messages/{root}/replies"),
        format!("/channels/{channel}/messages/{root}/replies"),
        format!("/messages/{first}/replies"),
    ];
    for path in &paths {
        let all = binh.get(path).await;
        assert_eq!(all.ids(), [first, deeper.id(), third]);
        assert_eq!(all.data()["totalItems"], 3);
        let last = binh.get(&format!("{path}?page=1&size=2")).await;
        assert_eq!(last.ids(), [third]);
        assert_eq!(last.data()["hasNext"], false);
        assert!(binh.get(&format!("{path}?page=7")).await.ids().is_empty());
    }
    binh.get(&format!("{}?size=0", paths[0]))
        .await
        .refused_field("size");
}

#[tokio::test]
async fn a_reply_that_can_not_be_is_refused_and_nothing_is_stored() {
    let world = World::new().await;
    let (an, binh, channel, root) = of_two(&world).await;
    let other = an.group(&[]).await;
    let elsewhere = an.say(other, "x").await;
    let gone = an.say(channel, "gone").await;
    an.delete(&format!("/messages/{gone}")).await.data();
    let seq = an.last_seq(channel).await;
    let path = format!("/channels/{channel}/messages/replies");
    let to = |parent: i64| json!({ "content": "x", "parentId": parent });
    for parent in [elsewhere, 4_000_000] {
        let sent = an.post(&path, to(parent)).await;
        sent.refused(400, "PARENT_MESSAGE_NOT_IN_CHANNEL");
    }
    binh.post(&path, to(gone))
        .await
        .refused(400, "MESSAGE_DELETED");
    binh.post(&path, json!({ "content": "x" }))
        .await
        .refused_field("parentId");
    binh.post(&path, to(0)).await.refused_field("parentId");
    world
        .person(9)
        .post(&path, to(root))
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
    world
        .sql("UPDATE channel_members SET role = 'GUEST' WHERE user_id = 2")
        .await;
    binh.post(&path, to(root))
        .await
        .refused(403, "CANNOT_SEND_MESSAGES");
    assert_eq!(an.last_seq(channel).await, seq);
}

#[tokio::test]
async fn a_thread_is_read_and_followed_by_members_only() {
    let world = World::new().await;
    let (an, binh, channel, root) = of_two(&world).await;
    let first = reply(&binh, channel, root).await;
    let other = an.group(&[]).await;
    let missing = "MESSAGE_NOT_FOUND";
    for stranger in [world.person(9), world.foreigner(1)] {
        let replies = stranger.get(&format!("/messages/{root}/replies")).await;
        replies.refused(404, missing);
        let follow = format!("/messages/{root}/follow");
        stranger.put_nothing(&follow).await.refused(404, missing);
        stranger.delete(&follow).await.refused(404, missing);
    }
    let elsewhere = format!("/channels/{other}/messages/{root}/replies");
    an.get(&elsewhere).await.refused(404, missing);

    let follow = format!("/messages/{first}/follow");
    let gone = an.delete(&follow).await;
    assert_eq!(
        *gone.data(),
        json!({ "messageId": root, "isFollowing": false })
    );
    let back = an.put_nothing(&follow).await;
    assert_eq!(
        *back.data(),
        json!({ "messageId": root, "isFollowing": true })
    );
    an.put_nothing("/messages/4000000/follow")
        .await
        .refused(404, missing);
}
