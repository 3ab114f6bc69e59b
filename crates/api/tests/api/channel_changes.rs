//! Changing channels: their properties, the archive.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, World};

#[tokio::test]
async fn only_what_is_in_the_body_changes() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let made = json!({ "description": "Q3", "metadata": { "color": "teal" }, "memberIds": [2] });
    let channel = an.group_that(made).await;
    let path = format!("/channels/{channel}");

    let renamed = an.patch(&path, json!({ "name": " Year review " })).await;

    assert_eq!(renamed.status, 200, "{}", renamed.body);
    let seen = renamed.data();
    assert_eq!(
        (&seen["name"], &seen["description"]),
        (&json!("Year review"), &json!("Q3"))
    );
    assert_eq!(seen["metadata"], json!({ "color": "teal" }));
    assert_eq!(
        (&seen["lastSeq"], &seen["isPrivate"]),
        (&json!(2), &json!(true))
    );
    let change =
        json!({ "description": "All of it", "isPrivate": false, "metadata": { "icon": "x" } });
    an.patch(&path, change).await.data();
    let seen = binh.get(&path).await;
    let seen = seen.data();
    assert_eq!(seen["description"], "All of it");
    assert_eq!(
        (&seen["isPrivate"], &seen["metadata"]),
        (&json!(false), &json!({ "icon": "x" }))
    );
    assert_eq!(seen["lastSeq"], 3);
}

#[tokio::test]
async fn null_takes_away_a_description_and_metadata() {
    let world = World::new().await;
    let an = world.person(1);
    let made = json!({ "description": "Q3", "metadata": { "color": "teal" } });
    let channel = an.group_that(made).await;

    let cleared = json!({ "description": null, "metadata": null, "name": null });
    let cleared = an.patch(&format!("/channels/{channel}"), cleared).await;

    let seen = cleared.data();
    assert_eq!(
        (&seen["description"], &seen["metadata"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(seen["name"], "Quarter review");
}

#[tokio::test]
async fn a_change_of_nothing_is_answered_and_makes_no_event() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an
        .group_that(json!({ "metadata": { "color": "teal" } }))
        .await;
    let same =
        json!({ "name": "Quarter review", "isPrivate": true, "metadata": { "color": "teal" } });
    for body in [json!({}), same, json!({ "description": null, "other": 1 })] {
        let put = an.request(Method::PUT, &format!("/channels/{channel}"));
        let answer = Answer::of(put.json(&body)).await;
        assert_eq!(answer.data()["lastSeq"], 1, "{body}");
    }
}

#[tokio::test]
async fn an_admin_changes_a_channel_but_not_who_may_know_of_it() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[]).await;
    let path = format!("/channels/{channel}");
    let admin = json!({ "userIds": [2], "role": "ADMIN" });
    an.post(&format!("{path}/members"), admin).await.data();

    let same = json!({ "name": "By an admin", "isPrivate": true });
    assert_eq!(binh.patch(&path, same).await.data()["name"], "By an admin");
    let public = json!({ "name": "Not this", "isPrivate": false });
    binh.patch(&path, public).await.refused(403, "FORBIDDEN");
    assert_eq!(an.get(&path).await.data()["name"], "By an admin");
}

#[tokio::test]
async fn a_wrong_change_names_its_field_and_nothing_changes() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let path = format!("/channels/{channel}");
    for (body, field) in [
        (json!({ "name": " " }), "name"),
        (json!({ "name": "x".repeat(101) }), "name"),
        (json!({ "name": ["x"] }), "name"),
        (json!({ "description": "x".repeat(1_001) }), "description"),
        (json!({ "description": 5 }), "description"),
        (json!({ "isPrivate": "no" }), "isPrivate"),
        (json!({ "metadata": [] }), "metadata"),
        (
            json!({ "metadata": { "a": "x".repeat(9_000) } }),
            "metadata",
        ),
        (json!({ "name": "a\u{0}" }), "name"),
    ] {
        an.patch(&path, body).await.refused_field(field);
    }
    an.patch("/channels/x", json!({}))
        .await
        .refused_field("channelId");
    assert_eq!(an.last_seq(channel).await, 1);
}

#[tokio::test]
async fn a_direct_channel_stays_as_it_is() {
    let world = World::new().await;
    let an = world.person(1);
    let direct = an
        .post("/channels/direct", json!({ "otherUserId": 2 }))
        .await
        .id();
    let path = format!("/channels/{direct}");

    an.patch(&path, json!({ "name": "Us" }))
        .await
        .refused(403, "FORBIDDEN");
    an.patch(&path, json!({})).await.refused(403, "FORBIDDEN");
    an.delete(&path).await.refused(403, "FORBIDDEN");
    for verb in ["archive", "unarchive", "leave"] {
        let answer = an.post_nothing(&format!("{path}/{verb}")).await;
        answer.refused(403, "FORBIDDEN");
    }
    an.patch(&format!("{path}/members/2"), json!({ "status": "MUTED" }))
        .await
        .refused(403, "FORBIDDEN");
    assert_eq!(an.last_seq(direct).await, 1);
}

#[tokio::test]
async fn an_archived_channel_is_read_and_comes_back_and_each_is_done_once() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    let message = an.say(channel, "kept").await;
    let path = format!("/channels/{channel}");

    let archived = an.post_nothing(&format!("{path}/archive")).await;

    assert_eq!(archived.data()["isArchived"], true);
    assert_eq!(an.delete(&path).await.data()["lastSeq"], 3);
    assert_eq!(binh.get("/channels").await.data()["totalItems"], 0);
    assert_eq!(binh.get("/channels?isArchived=true").await.ids(), [channel]);
    assert_eq!(binh.contents(channel).await, ["kept"]);
    let read = binh
        .post_nothing(&format!("{path}/messages/{message}/read"))
        .await;
    assert_eq!(read.data()["unreadCount"], 0);
    for _ in 0..2 {
        let back = an.post_nothing(&format!("{path}/unarchive")).await;
        assert_eq!(back.data()["isArchived"], false);
        assert_eq!(back.data()["lastSeq"], 4);
    }
    binh.say(channel, "goes on").await;
}

#[tokio::test]
async fn everything_else_in_an_archived_channel_is_refused() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an
        .group_that(json!({ "isPrivate": false, "memberIds": [2] }))
        .await;
    let path = format!("/channels/{channel}");
    an.delete(&path).await.data();
    let before = an.last_seq(channel).await;

    let members = format!("{path}/members");
    for answer in [
        an.patch(&path, json!({ "name": "New" })).await,
        an.post(&format!("{path}/messages"), json!({ "content": "x" }))
            .await,
        an.post(&members, json!({ "userIds": [3] })).await,
        an.patch(&format!("{members}/2"), json!({ "role": "ADMIN" }))
            .await,
        an.delete(&format!("{members}/2")).await,
        binh.post_nothing(&format!("{path}/leave")).await,
        binh.patch(&format!("{path}/membership"), json!({ "isPinned": true }))
            .await,
        world.person(9).post_nothing(&format!("{path}/join")).await,
    ] {
        answer.refused(400, "CHANNEL_ARCHIVED");
    }
    assert_eq!(an.last_seq(channel).await, before);
    assert_eq!(an.get(&members).await.data()["totalItems"], 2);
}
