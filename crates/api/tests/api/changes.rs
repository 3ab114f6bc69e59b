//! Editing and deleting messages.

use serde_json::json;

use crate::support::{Answer, Person, World};

/// A group of the owner An, the member Bình and the guest Chi, and a message of Bình's.
async fn of_three(world: &World) -> ([Person; 3], i64, i64) {
    let [an, binh, chi] = [1, 2, 3].map(|id| world.person(id));
    let channel = an.group(&[&binh]).await;
    let guest = json!({ "userIds": [3], "role": "GUEST" });
    an.post(&format!("/channels/{channel}/members"), guest)
        .await;
    let message = binh.say(channel, "before").await;
    ([an, binh, chi], channel, message)
}

async fn content(person: &Person, message: i64) -> Answer {
    person.get(&format!("/messages/{message}")).await
}

#[tokio::test]
async fn the_sender_edits_by_either_path_and_others_read_it() {
    let world = World::new().await;
    let ([an, binh, _], channel, message) = of_three(&world).await;
    let edited = binh
        .patch(
            &format!("/messages/{message}"),
            json!({ "content": " second " }),
        )
        .await;
    assert_eq!(edited.status, 200, "{}", edited.body);
    let now = edited.data();
    assert_eq!(
        (&now["content"], &now["isEdited"]),
        (&json!(" second "), &json!(true))
    );
    assert_eq!(
        (&now["isSentByMe"], &now["updatedAt"]),
        (&json!(true), &now["editedAt"])
    );
    let path = format!("/channels/{channel}/messages/{message}");
    let edited = binh.put(&path, json!({ "content": "third" })).await;
    assert_eq!(edited.data()["content"], "third");
    let read = content(&an, message).await;
    assert_eq!(
        (&read.data()["content"], &read.data()["isSentByMe"]),
        (&json!("third"), &json!(false))
    );

    let path = format!("/messages/{message}/history");
    let versions = an.get(&format!("{path}?size=1")).await;
    let item = &versions.data()["items"][0];
    assert_eq!(
        (&item["content"], &item["version"]),
        (&json!(" second "), &json!(2))
    );
    assert_eq!(
        (&item["editedBy"], &versions.data()["totalItems"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        binh.get(&path).await.data()["items"][1]["content"],
        "before"
    );
}

#[tokio::test]
async fn who_may_not_edit_is_refused_and_nothing_changes() {
    let world = World::new().await;
    let ([an, binh, chi], channel, message) = of_three(&world).await;
    let other = binh.group(&[&an]).await;
    let path = format!("/messages/{message}");
    let text = || json!({ "content": "x" });
    an.patch(&path, text()).await.refused(403, "FORBIDDEN");
    chi.patch(&path, text()).await.refused(403, "FORBIDDEN");
    let missing = "MESSAGE_NOT_FOUND";
    world
        .person(9)
        .patch(&path, text())
        .await
        .refused(404, missing);
    world
        .foreigner(2)
        .patch(&path, text())
        .await
        .refused(404, missing);
    world
        .anonymous()
        .patch(&path, text())
        .await
        .refused(401, "UNAUTHORIZED");
    binh.patch("/messages/4000000", text())
        .await
        .refused(404, missing);
    let elsewhere = format!("/channels/{other}/messages/{message}");
    binh.put(&elsewhere, text()).await.refused(404, missing);
    for (body, field) in [
        (json!({}), "content"),
        (json!({ "content": " " }), "content"),
        (json!({ "content": "x".repeat(10_001) }), "content"),
        (json!({ "content": 5 }), "content"),
    ] {
        binh.patch(&path, body).await.refused_field(field);
    }
    binh.patch("/messages/x", text())
        .await
        .refused_field("messageId");
    let versions = format!("/messages/{message}/history");
    chi.get(&versions).await.refused(403, "FORBIDDEN");
    world.person(9).get(&versions).await.refused(404, missing);
    assert_eq!(content(&an, message).await.data()["content"], "before");
    assert_eq!(an.last_seq(channel).await, 3);
}

#[tokio::test]
async fn what_is_too_old_or_deleted_is_not_edited() {
    let world = World::new().await;
    let ([_, binh, _], channel, message) = of_three(&world).await;
    let gone = binh.say(channel, "gone").await;
    binh.delete(&format!("/messages/{gone}")).await.data();
    let age = "UPDATE messages SET created_at = created_at - interval '1 day 1 second'";
    world.sql(&format!("{age} WHERE id = {message}")).await;
    let text = || json!({ "content": "x" });
    let late = binh.patch(&format!("/messages/{message}"), text()).await;
    late.refused(400, "EDIT_WINDOW_EXPIRED");
    let deleted = binh.patch(&format!("/messages/{gone}"), text()).await;
    deleted.refused(400, "MESSAGE_DELETED");
    let system = "UPDATE messages SET kind = 'SYSTEM', sender_id = 0";
    world.sql(&format!("{system} WHERE id = {message}")).await;
    let system = binh.patch(&format!("/messages/{message}"), text()).await;
    system.refused(400, "CANNOT_EDIT_SYSTEM_MESSAGE");
}

#[tokio::test]
async fn the_edit_window_is_what_the_environment_says() {
    let world = World::editing_for("60").await;
    let ([_, binh, _], channel, old) = of_three(&world).await;
    let age = "UPDATE messages SET created_at = created_at - interval '2 minutes'";
    world.sql(age).await;
    let young = binh.say(channel, "before").await;
    let text = || json!({ "content": "x" });
    let late = binh.patch(&format!("/messages/{old}"), text()).await;
    late.refused(400, "EDIT_WINDOW_EXPIRED");
    let edited = binh.patch(&format!("/messages/{young}"), text()).await;
    assert_eq!(edited.status, 200, "{}", edited.body);
}

#[tokio::test]
async fn a_deleted_message_is_a_tombstone_however_often_it_is_deleted() {
    let world = World::new().await;
    let ([an, binh, chi], channel, message) = of_three(&world).await;
    let path = format!("/channels/{channel}/messages/{message}");
    chi.delete(&path).await.refused(403, "FORBIDDEN");
    world
        .person(9)
        .delete(&path)
        .await
        .refused(404, "MESSAGE_NOT_FOUND");
    let elsewhere = an.group(&[]).await;
    let wrong = format!("/channels/{elsewhere}/messages/{message}");
    an.delete(&wrong).await.refused(404, "MESSAGE_NOT_FOUND");
    assert_eq!(an.last_seq(channel).await, 3);

    let first = an.delete(&path).await;
    let again = binh.delete(&format!("/messages/{message}")).await;
    for answer in [&first, &again] {
        let tombstone = answer.data();
        assert_eq!(
            (&tombstone["isDeleted"], &tombstone["deletedBy"]),
            (&json!(true), &json!(1))
        );
        assert!(tombstone.get("content").is_none() && tombstone["deletedAt"].is_i64());
    }
    assert_eq!(an.last_seq(channel).await, 4);
    let history = an
        .get(&format!("/channels/{channel}/messages?limit=9"))
        .await;
    assert_eq!(history.ids(), [message]);
}

#[tokio::test]
async fn an_archived_channel_takes_no_change() {
    let world = World::new().await;
    let ([an, binh, _], channel, message) = of_three(&world).await;
    let archive = "UPDATE channels SET archived_at = now(), last_seq = last_seq + 1";
    world.sql(&format!("{archive} WHERE id = {channel}")).await;
    let path = format!("/messages/{message}");
    let archived = "CHANNEL_ARCHIVED";
    binh.patch(&path, json!({ "content": "x" }))
        .await
        .refused(400, archived);
    an.delete(&path).await.refused(400, archived);
    let reactions = format!("/messages/{message}/reactions");
    an.post(&reactions, json!({ "emoji": "👍" }))
        .await
        .refused(400, archived);
    let reply = json!({ "content": "x", "parentId": message });
    let replies = format!("/channels/{channel}/messages/replies");
    binh.post(&replies, reply).await.refused(400, archived);
    assert_eq!(content(&an, message).await.data()["content"], "before");
}
