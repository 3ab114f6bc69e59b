//! Sending messages and reading the history.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, World};

const CLIENT_ID: &str = "7f3b0a52-8d6e-4a34-9c5d-0f6a4c1b2d3e";

#[tokio::test]
async fn the_largest_and_the_smallest_numbers_of_metadata_can_be_read_again() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let path = format!("/channels/{channel}/messages");
    let numbers = json!({ "numbers": [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, 0.1] });

    let sent = an
        .post(&path, json!({ "content": "x", "metadata": numbers }))
        .await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    let read = an.get(&path).await;
    assert_eq!(read.status, 200, "{}", read.body);
    assert_eq!(read.data()["items"][0]["metadata"], numbers);
}

#[tokio::test]
async fn a_message_is_stored_as_it_was_sent() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;

    let body = json!({
        "content": "  Hợp đồng **SO-2024/00123** 👍\n", "messageType": "TEXT", "mentions": ["2", 77],
        "metadata": { "color": "red" }, "clientMessageId": CLIENT_ID
    });
    let sent = an
        .post(&format!("/channels/{channel}/messages"), body)
        .await;

    assert_eq!(sent.status, 201, "{}", sent.body);
    let message = sent.data();
    assert_eq!(message["content"], "  Hợp đồng **SO-2024/00123** 👍\n");
    assert_eq!(
        (&message["seq"], &message["senderId"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        (&message["mentions"], &message["isSentByMe"]),
        (&json!([2]), &json!(true))
    );
    assert_eq!(message["sender"]["name"], "Person 1");
    assert_eq!(message["clientMessageId"], CLIENT_ID);
    let read = binh.get(&format!("/messages/{}", sent.id())).await;
    assert_eq!(read.data()["content"], message["content"]);
    assert_eq!(read.data()["metadata"], json!({ "color": "red" }));
    assert_eq!(read.data()["isSentByMe"], false);
}

#[tokio::test]
async fn who_may_not_send_is_refused_and_nothing_is_stored() {
    let world = World::new().await;
    let (an, guest, stranger) = (world.person(1), world.person(2), world.person(9));
    let private = an.group(&[]).await;
    let public = an.group_that(json!({ "isPrivate": false })).await;
    an.post(
        &format!("/channels/{private}/members"),
        json!({ "userIds": [2], "role": "GUEST" }),
    )
    .await;
    let hi = json!({ "content": "hi" });
    let path = |channel: i64| format!("/channels/{channel}/messages");

    guest
        .post(&path(private), hi.clone())
        .await
        .refused(403, "CANNOT_SEND_MESSAGES");
    stranger
        .post(&path(private), hi.clone())
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
    stranger
        .post(&path(public), hi.clone())
        .await
        .refused(403, "NOT_CHANNEL_MEMBER");
    world
        .foreigner(1)
        .post(&path(public), hi.clone())
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
    an.post(&path(4_000_000), hi)
        .await
        .refused(404, "CHANNEL_NOT_FOUND");

    assert!(an.contents(private).await.is_empty() && an.contents(public).await.is_empty());
    assert_eq!(
        (an.last_seq(private).await, an.last_seq(public).await),
        (2, 1)
    );
}

#[tokio::test]
async fn more_than_100_mentions_are_too_many_and_nothing_is_stored() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let body = json!({ "content": "x", "mentions": (1..=101).collect::<Vec<i64>>() });
    let refusal = an
        .post(&format!("/channels/{channel}/messages"), body)
        .await;
    refusal.refused(400, "TOO_MANY_MENTIONS");
    assert_eq!(refusal.body["errors"][0]["field"], "mentions");
    assert!(an.contents(channel).await.is_empty());
}

#[tokio::test]
async fn members_of_a_body_that_are_null_count_as_left_out() {
    let world = World::new().await;
    let an = world.person(1);
    let body = json!({
        "name": "x", "description": null, "isPrivate": null, "memberIds": null, "metadata": null,
        "entityType": null, "entityId": null,
    });
    let made = an.post("/channels/group", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let body = json!({
        "content": "x", "messageType": null, "mentions": null, "metadata": null,
        "clientMessageId": null, "parentId": null, "attachmentIds": null,
    });
    let path = format!("/channels/{}/messages", made.id());
    let sent = an.post(&path, body).await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    assert_eq!(sent.data()["mentions"], json!([]));
}

#[tokio::test]
async fn a_wrong_message_names_its_field_and_nothing_is_stored() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let path = format!("/channels/{channel}/messages");
    for (body, field) in [
        (json!({}), "content"),
        (json!({ "content": null }), "content"),
        (json!({ "content": " \n" }), "content"),
        (json!({ "content": "x".repeat(10_001) }), "content"),
        (json!({ "content": "a\u{0}b" }), "content"),
        (
            json!({ "content": "x", "messageType": "SYSTEM" }),
            "messageType",
        ),
        (
            json!({ "content": "x", "messageType": "SONG" }),
            "messageType",
        ),
        (json!({ "content": "x", "mentions": "all" }), "mentions"),
        (json!({ "content": "x", "mentions": [-5] }), "mentions"),
        (
            json!({ "content": "x", "clientMessageId": "no" }),
            "clientMessageId",
        ),
        (json!({ "content": "\u{200b}\u{feff}" }), "content"),
        (json!({ "content": "x", "metadata": "text" }), "metadata"),
        (
            json!({ "content": "x", "metadata": { "a": vec![1e300; 1000] } }),
            "metadata",
        ),
        (
            json!({ "content": "x", "metadata": { "a": { "b\u{0}": 1 } } }),
            "metadata.a",
        ),
    ] {
        an.post(&path, body).await.refused_field(field);
    }
    assert!(an.contents(channel).await.is_empty());
    assert_eq!(an.last_seq(channel).await, 1);
}

#[tokio::test]
async fn a_message_of_the_longest_content_in_escapes_is_taken() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let escaped = format!(r#"{{"content":"{}"}}"#, r"\ud83d\udc4d".repeat(10_000));

    let request = an.request(Method::POST, &format!("/channels/{channel}/messages"));
    let sent = Answer::of(
        request
            .header("content-type", "application/json; charset=utf-8")
            .body(escaped),
    )
    .await;

    assert_eq!(sent.status, 201, "{}", sent.body);
    assert_eq!(
        sent.data()["content"].as_str().unwrap().chars().count(),
        10_000
    );
}

#[tokio::test]
async fn a_send_repeated_with_its_client_id_is_answered_with_the_first_message() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let (channel, other) = (an.group(&[&binh]).await, an.group(&[]).await);
    let path = format!("/channels/{channel}/messages");
    let send = json!({ "content": "once", "clientMessageId": CLIENT_ID });

    let first = an.post(&path, send.clone()).await;
    let again = an.post(&path, send.clone()).await;

    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.data(), again.data());
    let changed = json!({ "content": "twice", "clientMessageId": CLIENT_ID });
    an.post(&path, changed).await.refused(409, "CONFLICT");
    an.post(&format!("/channels/{other}/messages"), send.clone())
        .await
        .refused(409, "CONFLICT");
    assert_eq!(
        binh.post(&path, send).await.status,
        201,
        "another sender's ids are their own"
    );
    assert_eq!(an.contents(channel).await, ["once", "once"]);
}

#[tokio::test]
async fn an_idempotency_key_stands_for_the_client_id_and_the_bodys_wins() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let send = |key: &'static str, body: Value| {
        let request = an.request(Method::POST, &format!("/channels/{channel}/messages"));
        Answer::of(request.header("Idempotency-Key", key).json(&body))
    };

    let first = send("order 7, line 3", json!({ "content": "x" })).await;
    let again = send("order 7, line 3", json!({ "content": "x" })).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.id(), again.id());

    let by_body = send(
        "order 7, line 3",
        json!({ "content": "x", "clientMessageId": CLIENT_ID }),
    )
    .await;
    assert_eq!(
        (by_body.status, &by_body.data()["clientMessageId"]),
        (201, &json!(CLIENT_ID))
    );
    let as_key = send(CLIENT_ID, json!({ "content": "x" })).await;
    assert_eq!((as_key.status, as_key.id()), (200, by_body.id()));
    assert_eq!(an.contents(channel).await.len(), 2);

    let refusal = send("", json!({ "content": "y" })).await;
    refusal.refused_field("Idempotency-Key");
    assert_eq!(an.contents(channel).await.len(), 2);
}

#[tokio::test]
async fn who_was_removed_gets_no_repeat() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    let path = format!("/channels/{channel}/messages");
    let send = json!({ "content": "mine", "clientMessageId": CLIENT_ID });
    let first = binh.post(&path, send.clone()).await;

    an.delete(&format!("/channels/{channel}/members/2")).await;

    binh.post(&path, send)
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
    binh.get(&format!("/messages/{}", first.id()))
        .await
        .refused(404, "MESSAGE_NOT_FOUND");
}

#[tokio::test]
async fn a_message_is_read_only_by_members_of_its_channel() {
    let world = World::new().await;
    let (an, stranger) = (world.person(1), world.person(9));
    let public = an.group_that(json!({ "isPrivate": false })).await;
    let message = an.say(public, "x").await;

    assert_eq!(an.get(&format!("/messages/{message}")).await.id(), message);
    let read = stranger.get(&format!("/messages/{message}")).await;
    read.refused(403, "NOT_CHANNEL_MEMBER");
    let private = an.say(an.group(&[]).await, "x").await;
    let read = stranger.get(&format!("/messages/{private}")).await;
    read.refused(404, "MESSAGE_NOT_FOUND");
    let foreigner = world.foreigner(1);
    let read = foreigner.get(&format!("/messages/{message}")).await;
    read.refused(404, "MESSAGE_NOT_FOUND");
    let read = an.get("/messages/4000000").await;
    read.refused(404, "MESSAGE_NOT_FOUND");
    an.get("/messages/x").await.refused_field("messageId");
}
