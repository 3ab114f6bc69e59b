//! Sending the same again.

use discuss_app::messages::send;
use discuss_domain::UserId;
use discuss_domain::messages::Draft;
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;

use crate::fixture::{change, refusal, users, with_id};

#[tokio::test]
async fn a_repeat_is_answered_with_the_first_message_and_stores_nothing() {
    let world = World::new().await;
    world.remember(1).await;
    let channel = world.group(1, &[2]).await;
    let draft = with_id("once");
    let first = world.try_send(1, channel, draft.clone()).await.unwrap();
    let before = world.everything().await;
    for app in [world.app.clone(), world.another_app()] {
        let again = send(&app, &World::person(1), channel, draft.clone()).await;
        let again = again.unwrap();
        assert!(again.is_repeat);
        assert_eq!(again.message, first.message);
    }
    assert_eq!(world.everything().await, before);
    assert_eq!(
        world.send(1, channel, "next").await.seq,
        first.message.seq.next()
    );
}

#[tokio::test]
async fn a_client_id_with_other_content_conflicts_and_stores_nothing() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let draft = with_id("once");
    world.try_send(1, channel, draft.clone()).await.unwrap();
    let others = [
        Draft {
            content: World::draft("other").content,
            ..draft.clone()
        },
        Draft {
            mentions: users(&[2]),
            ..draft.clone()
        },
        Draft {
            metadata: Some(serde_json::json!({"a": 1})),
            ..draft
        },
    ];
    let before = world.everything().await;
    for other in others {
        let sent = world.try_send(1, channel, other).await;
        assert_eq!(refusal(sent), ErrorCode::Conflict);
    }
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn a_client_id_in_another_channel_conflicts_and_stores_nothing() {
    let world = World::new().await;
    let (one, other) = (world.group(1, &[2]).await, world.group(1, &[2]).await);
    let draft = with_id("once");
    world.try_send(1, one, draft.clone()).await.unwrap();
    let before = world.everything().await;
    let sent = world.try_send(1, other, draft).await;
    assert_eq!(refusal(sent), ErrorCode::Conflict);
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn the_same_client_id_of_another_person_or_tenant_is_another_message() {
    let world = World::new().await;
    let here = world.group(1, &[2]).await;
    let foreign = World::person_of(World::TENANT + 1, 1);
    let there = world.group_of(&foreign, &[], true).await;
    let draft = with_id("hello");
    for (person, channel) in [
        (World::person(1), here),
        (World::person(2), here),
        (foreign, there),
    ] {
        let sent = send(&world.app, &person, channel, draft.clone()).await;
        assert!(!sent.unwrap().is_repeat);
    }
    world.require_consistent().await;
}

#[tokio::test]
async fn a_repeat_is_answered_though_its_sender_was_silenced_and_the_channel_archived() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let draft = with_id("once");
    let first = world.try_send(2, channel, draft.clone()).await.unwrap();
    change(&world, "UPDATE channel_members SET status = 'MUTED'").await;
    change(&world, "UPDATE channels SET archived_at = now()").await;
    let again = world.try_send(2, channel, draft).await.unwrap();
    assert!(again.is_repeat);
    assert_eq!(again.message.id, first.message.id);
}

#[tokio::test]
async fn who_is_no_longer_a_member_is_not_answered_their_own_message() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let draft = with_id("once");
    world.try_send(2, channel, draft.clone()).await.unwrap();
    world.remove(1, channel, 2).await;
    let again = world.try_send(2, channel, draft.clone()).await;
    assert_eq!(refusal(again), ErrorCode::ChannelNotFound);
    let back = [UserId::from(2)];
    let role = discuss_domain::members::Role::Member;
    discuss_app::members::add(&world.app, &World::person(1), channel, &back, role)
        .await
        .unwrap();
    assert!(world.try_send(2, channel, draft).await.unwrap().is_repeat);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_send_fifty_times_at_once_through_two_processes_is_one_message() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let apps = [world.app.clone(), world.another_app()];
    let draft = with_id("once");
    let mut tasks = tokio::task::JoinSet::new();
    for place in 0..50 {
        let (app, draft) = (apps[place % 2].clone(), draft.clone());
        tasks.spawn(async move { send(&app, &World::person(1), channel, draft).await.unwrap() });
    }
    let answers = tasks.join_all().await;
    let new = answers.iter().filter(|sent| !sent.is_repeat).count();
    assert_eq!(new, 1);
    let id = answers[0].message.id;
    assert!(answers.iter().all(|sent| sent.message.id == id));
    assert_eq!(world.number("SELECT count(*) FROM messages").await, 1);
    world.require_consistent().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_different_sends_under_one_client_id_at_once_one_is_stored_and_the_others_conflict() {
    let world = World::new().await;
    let channels = [world.group(1, &[2]).await, world.group(1, &[2]).await];
    let apps = [world.app.clone(), world.another_app()];
    let draft = with_id("once");
    let mut tasks = tokio::task::JoinSet::new();
    for place in 0..40 {
        let (app, channel) = (apps[place % 2].clone(), channels[place % 4 / 2]);
        let draft = Draft {
            content: World::draft(&format!("text {}", place % 5)).content,
            ..draft.clone()
        };
        tasks.spawn(async move { send(&app, &World::person(1), channel, draft).await });
    }
    let answers = tasks.join_all().await;
    let new = answers.iter().flatten().filter(|sent| !sent.is_repeat);
    assert_eq!(new.count(), 1);
    for answer in answers {
        if answer.is_err() {
            assert_eq!(refusal(answer), ErrorCode::Conflict);
        }
    }
    assert_eq!(world.number("SELECT count(*) FROM messages").await, 1);
    world.require_consistent().await;
}
