//! Read marks and unread counts.

use serde_json::json;

use crate::support::{Person, World};

async fn unread(person: &Person, channel: i64) -> i64 {
    let answer = person
        .get(&format!("/channels/{channel}/messages/unread/count"))
        .await;
    answer.data()["count"].as_i64().unwrap()
}

#[tokio::test]
async fn reading_moves_the_mark_forward_only() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    let sent = [
        an.say(channel, "1").await,
        an.say(channel, "2").await,
        an.say(channel, "3").await,
    ];
    assert_eq!(
        (unread(&binh, channel).await, unread(&an, channel).await),
        (3, 0)
    );

    let read = binh
        .post_nothing(&format!("/messages/{}/read", sent[1]))
        .await;
    assert_eq!(
        read.data(),
        &json!({ "channelId": channel, "lastReadMessageId": sent[1], "unreadCount": 1 })
    );

    let back = binh
        .post_nothing(&format!("/channels/{channel}/messages/{}/read", sent[0]))
        .await;
    assert_eq!(
        back.data(),
        &json!({ "channelId": channel, "lastReadMessageId": sent[1], "unreadCount": 1 })
    );

    let all = binh
        .post_nothing(&format!("/channels/{channel}/messages/{}/read", sent[2]))
        .await;
    assert_eq!(all.data()["unreadCount"], 0);
    assert_eq!(unread(&binh, channel).await, 0);
    assert_eq!(an.last_seq(channel).await, 4, "a mark is no event");
}

#[tokio::test]
async fn sending_reads_what_came_before() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    an.say(channel, "1").await;
    binh.say(channel, "2").await;
    assert_eq!(
        (unread(&binh, channel).await, unread(&an, channel).await),
        (0, 1)
    );
}

#[tokio::test]
async fn what_one_may_not_read_can_not_be_marked() {
    let world = World::new().await;
    let (an, binh, stranger) = (world.person(1), world.person(2), world.person(9));
    let (channel, other) = (an.group(&[&binh]).await, an.group(&[&binh]).await);
    let message = an.say(channel, "1").await;

    stranger
        .post_nothing(&format!("/messages/{message}/read"))
        .await
        .refused(404, "MESSAGE_NOT_FOUND");
    world
        .foreigner(2)
        .post_nothing(&format!("/messages/{message}/read"))
        .await
        .refused(404, "MESSAGE_NOT_FOUND");
    binh.post_nothing(&format!("/channels/{other}/messages/{message}/read"))
        .await
        .refused(404, "MESSAGE_NOT_FOUND");
    binh.post_nothing("/messages/4000000/read")
        .await
        .refused(404, "MESSAGE_NOT_FOUND");
    binh.post_nothing("/messages/0/read")
        .await
        .refused_field("messageId");
    binh.post_nothing(&format!("/channels/x/messages/{message}/read"))
        .await
        .refused_field("channelId");
    stranger
        .get(&format!("/channels/{channel}/messages/unread/count"))
        .await
        .refused(404, "CHANNEL_NOT_FOUND");

    assert_eq!(unread(&binh, channel).await, 1);
}
