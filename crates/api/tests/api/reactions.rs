//! Reactions.

use serde_json::{Value, json};

use crate::support::{Person, World};

/// Two people, their group, and a message of the first.
async fn of_two(world: &World) -> (Person, Person, i64, i64) {
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    let message = an.say(channel, "hello").await;
    (an, binh, channel, message)
}

async fn reactions(person: &Person, message: i64) -> Value {
    let read = person.get(&format!("/messages/{message}")).await;
    read.data()["reactions"].clone()
}

#[tokio::test]
async fn an_emoji_of_a_person_counts_once() {
    let world = World::new().await;
    let (an, binh, channel, message) = of_two(&world).await;
    let path = format!("/messages/{message}/reactions");
    let added = binh.post(&path, json!({ "emoji": "👍" })).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let mine = json!([{ "emoji": "👍", "userIds": [2], "count": 1, "isMine": true }]);
    assert_eq!(added.data()["reactions"], mine);
    let again = binh.post(&path, json!({ "emoji": "👍" })).await;
    assert_eq!((again.status, &again.data()["reactions"]), (200, &mine));
    let theirs = json!([{ "emoji": "👍", "userIds": [2], "count": 1, "isMine": false }]);
    assert_eq!(reactions(&an, message).await, theirs);
    let history = an
        .get(&format!("/channels/{channel}/messages?limit=9"))
        .await;
    assert_eq!(history.data()["items"][0]["reactions"], theirs);
    assert_eq!(an.last_seq(channel).await, 3);

    let gone = binh.delete(&format!("{path}/%F0%9F%91%8D")).await;
    assert_eq!((gone.status, &gone.data()["reactions"]), (200, &json!([])));
    let again = binh.delete(&format!("{path}/%F0%9F%91%8D")).await;
    assert_eq!(again.status, 200);
    assert_eq!(an.last_seq(channel).await, 4);
}

#[tokio::test]
async fn the_forms_of_the_front_end_take_the_emoji_from_the_query_encoded_twice() {
    let world = World::new().await;
    let (an, binh, channel, message) = of_two(&world).await;
    let path = format!("/channels/{channel}/messages/{message}/reactions");
    let query = format!("{path}?emoji=%25F0%259F%2591%258D");
    assert_eq!(binh.post_nothing(&query).await.status, 201);
    let body = an.post(&path, json!({ "emoji": "👍" })).await;
    assert_eq!(body.data()["reactions"][0]["userIds"], json!([2, 1]));
    let gone = binh.delete(&query).await;
    assert_eq!(gone.data()["reactions"][0]["userIds"], json!([1]));
    let gone = an.delete(&format!("{path}?emoji=%F0%9F%91%8D")).await;
    assert_eq!(gone.data()["reactions"], json!([]));
    // Some emoji are made of characters that mean something in a URL.
    let keycap = "%23%EF%B8%8F%E2%83%A3";
    let added = an
        .post(&path, json!({ "emoji": "#\u{fe0f}\u{20e3}" }))
        .await;
    assert_eq!(added.status, 201);
    let gone = an
        .delete(&format!("/messages/{message}/reactions/{keycap}"))
        .await;
    assert_eq!(gone.data()["reactions"], json!([]));
}

#[tokio::test]
async fn what_is_no_emoji_is_refused_and_nothing_is_stored() {
    let world = World::new().await;
    let (an, _, channel, message) = of_two(&world).await;
    let path = format!("/messages/{message}/reactions");
    for body in [
        json!({}),
        json!({ "emoji": "" }),
        json!({ "emoji": "x" }),
        json!({ "emoji": "👍👍" }),
        json!({ "emoji": 5 }),
        json!({ "emoji": "👍\u{0}" }),
    ] {
        an.post(&path, body).await.refused_field("emoji");
    }
    an.delete(&format!("{path}/x")).await.refused_field("emoji");
    let of_channel = format!("/channels/{channel}/messages/{message}/reactions");
    an.post_nothing(&of_channel).await.refused_field("emoji");
    an.delete(&of_channel).await.refused_field("emoji");
    an.delete(&format!("{of_channel}?emoji=x"))
        .await
        .refused_field("emoji");
    assert_eq!(reactions(&an, message).await, json!([]));
    assert_eq!(an.last_seq(channel).await, 2);
}

#[tokio::test]
async fn who_is_not_in_the_channel_does_not_react() {
    let world = World::new().await;
    let (an, _, _, _) = of_two(&world).await;
    let public = an.group_that(json!({ "isPrivate": false })).await;
    let message = an.say(public, "hello").await;
    let other = an.group(&[]).await;
    let up = || json!({ "emoji": "👍" });
    let path = format!("/messages/{message}/reactions");
    let missing = "MESSAGE_NOT_FOUND";
    for (stranger, status, symbol) in [
        (world.person(9), 403, "NOT_CHANNEL_MEMBER"),
        (world.foreigner(1), 404, missing),
    ] {
        stranger.post(&path, up()).await.refused(status, symbol);
        let delete = stranger.delete(&format!("{path}/%F0%9F%91%8D")).await;
        delete.refused(status, symbol);
        let of_channel = format!("/channels/{public}/messages/{message}/reactions");
        stranger
            .post(&of_channel, up())
            .await
            .refused(status, symbol);
    }
    let elsewhere = format!("/channels/{other}/messages/{message}/reactions");
    an.post(&elsewhere, up()).await.refused(404, missing);
    assert_eq!(reactions(&an, message).await, json!([]));
}

#[tokio::test]
async fn a_guest_reacts_and_a_fifty_first_emoji_is_one_too_many() {
    let world = World::new().await;
    let (an, binh, _, message) = of_two(&world).await;
    world
        .sql("UPDATE channel_members SET role = 'GUEST' WHERE user_id = 2")
        .await;
    let path = format!("/messages/{message}/reactions");
    for place in 0..50 {
        let animal = char::from_u32(0x1f400 + place).unwrap().to_string();
        let added = binh.post(&path, json!({ "emoji": animal })).await;
        assert_eq!(added.status, 201, "{}", added.body);
    }
    let refused = an.post(&path, json!({ "emoji": "👍" })).await;
    refused.refused(400, "TOO_MANY_REACTIONS");
    assert_eq!(reactions(&an, message).await.as_array().unwrap().len(), 50);
}
