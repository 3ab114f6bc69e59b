//! Publishing, and what happens without a Redis.

use bytes::Bytes;
use discuss_domain::ChannelId;
use discuss_storage::redis::{Redis, Topic};
use discuss_test_support::World;

use crate::fixture::{elsewhere, tenant, user};

#[tokio::test]
async fn what_is_published_arrives_at_its_topic_in_order() {
    let world = World::new().await;
    let channel = Topic::Channel(tenant(), ChannelId::from(7));
    let person = Topic::User(tenant(), user(7));
    let foreign = Topic::Channel(elsewhere(), ChannelId::from(7));
    let mut listener = world.listen(&[channel, person]).await;
    let mut publisher = world.app.redis().publisher().await.unwrap();
    let messages = [
        (channel, Bytes::from_static(b"one")),
        (foreign, Bytes::from_static(b"not for us")),
        (person, Bytes::from_static(b"\x00\xff\n")),
        (channel, Bytes::from_static(b"two")),
    ];
    publisher.publish(&messages).await.unwrap();
    for place in [0, 2, 3] {
        assert_eq!(listener.next().await, messages[place]);
    }
}

#[tokio::test]
async fn installations_with_other_prefixes_do_not_hear_each_other() {
    let (one, other) = (World::new().await, World::new().await);
    let topic = Topic::User(tenant(), user(7));
    let mut listener = one.listen(&[topic]).await;
    for (world, text) in [(&other, "theirs"), (&one, "ours")] {
        let mut publisher = world.app.redis().publisher().await.unwrap();
        let message = (topic, Bytes::from_static(text.as_bytes()));
        publisher.publish(&[message]).await.unwrap();
    }
    assert_eq!(listener.next().await.1, "ours");
}

#[tokio::test]
async fn a_redis_that_is_there_answers_and_one_that_is_not_is_an_error() {
    let world = World::new().await;
    world.app.redis().ping().await.unwrap();
    let nobody = Redis::new("redis://127.0.0.1:1", "test").unwrap();
    assert!(nobody.ping().await.is_err());
    assert!(nobody.publisher().await.is_err());
    assert!(nobody.subscriber().await.is_err());
}
