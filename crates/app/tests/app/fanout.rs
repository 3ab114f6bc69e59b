//! What is published when something is committed is what the log says later, byte for byte.

use std::collections::HashSet;

use bytes::Bytes;
use discuss_app::channels::{create_group, get_or_create_direct};
use discuss_app::{App, log};
use discuss_domain::channels::{ChannelName, NewGroup};
use discuss_domain::{ChannelId, EventKind, Seq, TenantId, UserId};
use discuss_storage::redis::{Redis, Topic};
use discuss_test_support::{Listener, World};
use discuss_wire::fanout::{Fanout, FanoutEvent};

use crate::fixture::{users, with_id};

fn tenant() -> TenantId {
    TenantId::from(World::TENANT)
}

fn person(id: i64) -> Topic {
    Topic::User(tenant(), UserId::from(id))
}

fn event(bytes: &Bytes) -> FanoutEvent {
    match Fanout::decode(bytes).unwrap() {
        Fanout::Event(event) => event,
        other => unreachable!("{other:?} where an event was due"),
    }
}

/// The next so many publications, by topic and event.
async fn heard(listener: &mut Listener, many: usize) -> Vec<(Topic, FanoutEvent)> {
    let mut heard = Vec::new();
    for _ in 0..many {
        let (topic, bytes) = listener.next().await;
        heard.push((topic, event(&bytes)));
    }
    heard
}

async fn logged(world: &World, channel: ChannelId) -> Vec<FanoutEvent> {
    log::list_after(&world.app, channel, Seq::ZERO, 100)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_channel_and_its_members_are_published_to_those_who_come_and_to_the_channel() {
    let world = World::new().await;
    let mut listener = world.listen(&[person(1), person(2), person(5)]).await;
    let group = NewGroup {
        name: ChannelName::parse("Team \"A\" – Đà Nẵng").unwrap(),
        description: None,
        is_private: false,
        members: users(&[1, 2]),
        metadata: Some(serde_json::json!({"color": "red"})),
    };
    let made = create_group(&world.app, &World::person(1), &group).await;
    let channel = made.unwrap().channel.id;
    let created = heard(&mut listener, 2).await;
    let topics: HashSet<Topic> = created.iter().map(|(topic, _)| *topic).collect();
    assert_eq!(topics, HashSet::from([person(1), person(2)]));

    let to_channel = Topic::Channel(tenant(), channel);
    let mut in_channel = world.listen(&[to_channel]).await;
    world.add(1, channel, &[5]).await;
    let added = heard(&mut listener, 1).await;
    assert_eq!(added[0].0, person(5));
    world.remove(1, channel, 5).await;
    let rest = heard(&mut in_channel, 2).await;
    assert_eq!(rest[0].1, added[0].1);

    let log = logged(&world, channel).await;
    assert_eq!(log.len(), 3);
    // The channel's frame shows it as it is when read: compare it as it was made.
    assert_eq!(log[0].users, created[0].1.users);
    assert_eq!(log[1], rest[0].1);
    assert_eq!(log[2], rest[1].1);
    assert_eq!(log[2].kind, Some(EventKind::MemberRemoved));
}

#[tokio::test]
async fn a_new_channel_is_published_as_the_log_says_it() {
    let world = World::new().await;
    let mut listener = world.listen(&[person(2)]).await;
    let group = world.group(1, &[2, 3]).await;
    let direct = get_or_create_direct(&world.app, &World::person(1), UserId::from(2)).await;
    let direct = direct.unwrap().0.channel.id;
    for channel in [group, direct] {
        let heard = heard(&mut listener, 1).await;
        assert_eq!(logged(&world, channel).await, [heard[0].1.clone()]);
    }
}

#[tokio::test]
async fn messages_are_published_as_the_log_says_them() {
    let world = World::new().await;
    for user in [1, 2] {
        world.remember(user).await;
    }
    let channel = world.group(1, &[2]).await;
    let mut listener = world.listen(&[Topic::Channel(tenant(), channel)]).await;
    let mut rich = with_id("„quoted“ \\ \u{1} 🎉 </script>");
    rich.mentions = users(&[1]);
    rich.metadata = Some(serde_json::json!({"b": 1, "a": [null, 1.5, "x"]}));
    world.send(1, channel, "plain").await;
    world.try_send(2, channel, rich).await.unwrap();
    world.send(1, channel, "lone").await;
    world.send(2, channel, "lone too").await;

    let heard = heard(&mut listener, 4).await;
    let heard: Vec<FanoutEvent> = heard.into_iter().map(|(_, event)| event).collect();
    let log = logged(&world, channel).await;
    assert_eq!(log[1..], heard);
    for (log, heard) in log[1..].iter().zip(&heard) {
        assert_eq!(log.frame, heard.frame);
    }
}

#[tokio::test]
async fn a_repeat_is_not_published_again() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let mut listener = world.listen(&[Topic::Channel(tenant(), channel)]).await;
    let draft = with_id("once");
    for _ in 0..3 {
        world.try_send(1, channel, draft.clone()).await.unwrap();
    }
    world.send(1, channel, "next").await;
    let heard = heard(&mut listener, 2).await;
    let seqs: Vec<_> = heard.iter().map(|(_, event)| event.seq.get()).collect();
    assert_eq!(seqs, [2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_many_send_at_once_is_published_once_each_in_the_order_of_seqs() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3, 4]).await;
    let mut listener = world.listen(&[Topic::Channel(tenant(), channel)]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for place in 0..60 {
        let app = world.app.clone();
        tasks.spawn(async move {
            let draft = World::draft(&format!("message {place}"));
            let sender = World::person(1 + place % 4);
            discuss_app::messages::send(&app, &sender, channel, draft).await
        });
    }
    for sent in tasks.join_all().await {
        sent.unwrap();
    }
    let heard = heard(&mut listener, 60).await;
    let seqs: Vec<i64> = heard.iter().map(|(_, event)| event.seq.get()).collect();
    assert_eq!(seqs, (2..=61).collect::<Vec<_>>());
}

#[tokio::test]
async fn without_redis_everything_is_stored_and_answered() {
    let world = World::new().await;
    let nobody = Redis::new("redis://127.0.0.1:1", "test").unwrap();
    let app = App::start(world.database.database().clone(), nobody);
    let group = NewGroup {
        name: ChannelName::parse("Team").unwrap(),
        description: None,
        is_private: true,
        members: users(&[2]),
        metadata: None,
    };
    let made = create_group(&app, &World::person(1), &group).await;
    let channel = made.unwrap().channel.id;
    for _ in 0..3 {
        let draft = World::draft("hello");
        let sent = discuss_app::messages::send(&app, &World::person(1), channel, draft).await;
        discuss_app::reads::mark(&app, &World::person(2), None, sent.unwrap().message.id)
            .await
            .unwrap();
    }
    assert_eq!(logged(&world, channel).await.len(), 4);
    world.require_consistent().await;
}
