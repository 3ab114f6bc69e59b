//! Receipts, and what of them messages show.

use serde_json::{Value, json};

use crate::support::World;

#[tokio::test]
async fn who_has_read_a_message_is_told() {
    let world = World::new().await;
    let (an, binh, chi) = (world.person(1), world.person(2), world.person(3));
    let channel = an.group(&[&binh, &chi]).await;
    let first = an.say(channel, "1").await;
    let second = an.say(channel, "2").await;
    binh.post_nothing(&format!("/messages/{first}/read")).await;

    let receipts = chi.get(&format!("/messages/{first}/receipts")).await;
    let read_by = receipts.data()["readBy"].as_array().unwrap();
    assert_eq!((read_by.len(), &read_by[0]["userId"]), (1, &json!(2)));
    assert!(read_by[0]["at"].as_i64().unwrap() > 1_700_000_000_000);
    assert_eq!(receipts.data()["deliveredTo"], receipts.data()["readBy"]);
    let none = chi.get(&format!("/messages/{second}/receipts")).await;
    assert_eq!(none.data(), &json!({ "deliveredTo": [], "readBy": [] }));
}

#[tokio::test]
async fn receipts_are_for_members_only() {
    let world = World::new().await;
    let an = world.person(1);
    let public = an.group_that(json!({ "isPrivate": false })).await;
    let path = format!("/messages/{}/receipts", an.say(public, "1").await);
    let outside = world.person(9).get(&path).await;
    outside.refused(403, "NOT_CHANNEL_MEMBER");
    let foreign = world.foreigner(1).get(&path).await;
    foreign.refused(404, "MESSAGE_NOT_FOUND");
    world
        .anonymous()
        .get(&path)
        .await
        .refused(401, "UNAUTHORIZED");
    an.get("/messages/4000000/receipts")
        .await
        .refused(404, "MESSAGE_NOT_FOUND");
    an.get("/messages/x/receipts")
        .await
        .refused_field("messageId");
}

/// What of a message depends on receipts.
fn seen(message: &Value) -> [&Value; 4] {
    ["isSentByMe", "isReadByMe", "readCount", "deliveredCount"].map(|member| &message[member])
}

#[tokio::test]
async fn every_answer_with_a_message_shows_its_receipts() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    let message = an.say(channel, "1").await;
    let read = binh
        .post_nothing(&format!("/messages/{message}/read"))
        .await;
    assert_eq!(read.status, 200, "{}", read.body);
    let path = format!("/messages/{message}");
    let said = json!({ "content": "reply", "parentId": message });
    let reply = binh
        .post(&format!("/channels/{channel}/messages"), said)
        .await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let replies = an.get(&format!("{path}/replies")).await;
    let unread = [json!(false), json!(false), json!(0), json!(0)];
    assert_eq!(seen(&replies.data()["items"][0]).map(Clone::clone), unread);

    let edited = an.patch(&path, json!({ "content": "2" })).await;
    let reacted = binh
        .post(&format!("{path}/reactions"), json!({ "emoji": "👍" }))
        .await;
    let taken_back = binh.delete(&format!("{path}/reactions/%F0%9F%91%8D")).await;
    let deleted = an.delete(&path).await;
    for (answer, is_mine) in [
        (edited, true),
        (reacted, false),
        (taken_back, false),
        (deleted, true),
    ] {
        let expected = [json!(is_mine), json!(true), json!(1), json!(1)];
        assert_eq!(seen(answer.data()).map(Clone::clone), expected);
    }
}

#[tokio::test]
async fn who_came_later_has_no_receipts_of_what_was_said_before() {
    let world = World::new().await;
    let (an, binh, chi) = (world.person(1), world.person(2), world.person(3));
    let channel = an.group(&[&binh]).await;
    let before = an.say(channel, "before").await;
    let members = format!("/channels/{channel}/members");
    an.post(&members, json!({ "userIds": [3] })).await;
    let after = an.say(channel, "after").await;
    chi.post_nothing(&format!("/messages/{after}/read")).await;
    for (message, readers) in [(before, 0), (after, 1)] {
        let one = an.get(&format!("/messages/{message}")).await;
        assert_eq!(one.data()["readCount"], json!(readers));
        let receipts = an.get(&format!("/messages/{message}/receipts")).await;
        for list in ["readBy", "deliveredTo"] {
            assert_eq!(receipts.data()[list].as_array().unwrap().len(), readers);
        }
    }
}

#[tokio::test]
async fn messages_show_how_many_have_read_them() {
    let world = World::new().await;
    let (an, binh, chi) = (world.person(1), world.person(2), world.person(3));
    let channel = an.group(&[&binh, &chi]).await;
    let message = an.say(channel, "1").await;
    binh.post_nothing(&format!("/messages/{message}/read"))
        .await;

    for (person, expected) in [
        (&an, [json!(true), json!(true), json!(1), json!(1)]),
        (&binh, [json!(false), json!(true), json!(1), json!(1)]),
        (&chi, [json!(false), json!(false), json!(1), json!(1)]),
    ] {
        let one = person.get(&format!("/messages/{message}")).await;
        assert_eq!(seen(one.data()).map(Clone::clone), expected);
        for query in ["limit=5", "page=0"] {
            let path = format!("/channels/{channel}/messages?{query}");
            let page = person.get(&path).await;
            assert_eq!(seen(&page.data()["items"][0]).map(Clone::clone), expected);
        }
    }
}

#[tokio::test]
async fn in_channels_of_more_than_fifty_nobody_is_told() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let members: Vec<i64> = (2..=51).collect();
    let channel = an.group_that(json!({ "memberIds": members })).await;
    let message = an.say(channel, "1").await;
    binh.post_nothing(&format!("/messages/{message}/read"))
        .await;

    let receipts = an.get(&format!("/messages/{message}/receipts")).await;
    assert_eq!(receipts.data(), &json!({ "deliveredTo": [], "readBy": [] }));
    let one = binh.get(&format!("/messages/{message}")).await;
    let page = binh.get(&format!("/channels/{channel}/messages")).await;
    for message in [one.data(), &page.data()["items"][0]] {
        assert_eq!(message.get("readCount"), None);
        assert_eq!(message.get("deliveredCount"), None);
        assert_eq!(message["isReadByMe"], true);
    }
}
