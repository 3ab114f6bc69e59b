//! Mentions, and how many of them are unread.

use serde_json::{Value, json};

use crate::support::{Person, World};

/// The counts of a channel in the list and alone, which must be the same.
async fn mentions(person: &Person, channel: i64) -> Value {
    let one = person.get(&format!("/channels/{channel}")).await;
    let one = one.data();
    let list = person.get("/channels").await;
    let items = list.data()["items"].as_array().unwrap();
    let listed = items.iter().find(|item| item["id"] == channel).unwrap();
    for seen in [one, listed] {
        assert_eq!(seen["mentionCount"], one["mentionCount"]);
        assert_eq!(seen["myMembership"]["mentionCount"], one["mentionCount"]);
    }
    one["mentionCount"].clone()
}

#[tokio::test]
async fn names_tags_and_everybody_are_read_from_the_text() {
    let world = World::new().await;
    let (an, binh, chi) = (world.person(1), world.person(2), world.person(3));
    let channel = an.group(&[&binh, &chi]).await;
    // Their names are known from their first requests.
    binh.get("/channels").await;

    let body = json!({ "content": "@Person 2 and <@3>, <@77>: see `@all`" });
    let path = format!("/channels/{channel}/messages");
    let named = an.post(&path, body).await;
    assert_eq!(named.data()["mentions"], json!([2, 3]));
    assert_eq!(named.data().get("mentionsEveryone"), None);
    let all = an.post(&path, json!({ "content": "@all: tea" })).await;
    assert_eq!(all.data()["mentions"], json!([]));
    assert_eq!(all.data()["mentionsEveryone"], "ALL");
    let read = binh.get(&format!("/messages/{}", all.id())).await;
    assert_eq!(read.data()["mentionsEveryone"], "ALL");
}

#[tokio::test]
async fn unread_mentions_are_counted_and_reading_takes_them_away() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    assert_eq!(mentions(&binh, channel).await, 0);
    let first = an.say(channel, "<@2>").await;
    an.say(channel, "nobody").await;
    let third = an.say(channel, "<@2> @all").await;
    assert_eq!(
        (mentions(&binh, channel).await, mentions(&an, channel).await),
        (json!(2), json!(0))
    );
    binh.post_nothing(&format!("/messages/{first}/read")).await;
    assert_eq!(mentions(&binh, channel).await, 1);
    binh.post_nothing(&format!("/messages/{third}/read")).await;
    assert_eq!(mentions(&binh, channel).await, 0);
}

#[tokio::test]
async fn field_and_text_together_name_at_most_a_hundred() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let path = format!("/channels/{channel}/messages");
    let field: Vec<i64> = (101..=160).collect();
    let tags: Vec<String> = (201..=241).map(|id| format!("<@{id}>")).collect();
    let refusal = an
        .post(
            &path,
            json!({ "content": tags.concat(), "mentions": field }),
        )
        .await;
    refusal.refused(400, "TOO_MANY_MENTIONS");
    assert_eq!(refusal.body["errors"][0]["field"], "mentions");
    assert!(an.contents(channel).await.is_empty());
    assert_eq!(an.last_seq(channel).await, 1);
}

#[tokio::test]
async fn a_stranger_to_a_public_channel_has_no_mentions_there() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group_that(json!({ "isPrivate": false })).await;
    an.say(channel, "@all <@9>").await;
    let preview = world.person(9).get(&format!("/channels/{channel}")).await;
    assert_eq!(preview.data()["mentionCount"], 0);
}
