//! What the writer remembers of a channel never decides against what is stored.

use discuss_app::messages::send;
use discuss_domain::Seq;
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;

use crate::fixture::{refusal, stored};

#[tokio::test]
async fn two_processes_that_take_turns_in_a_channel_keep_it_without_a_hole() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let apps = [world.app.clone(), world.another_app()];
    for place in 0..30 {
        // One, two, then three at a time from the same process.
        let app = &apps[(place / (1 + place % 3)) % 2];
        let draft = World::draft(&format!("message {place}"));
        let sent = send(app, &World::person(1), channel, draft).await.unwrap();
        assert_eq!(
            sent.message.seq,
            Seq::from(i64::try_from(place).unwrap() + 2)
        );
    }
    world.require_consistent().await;
}

#[tokio::test]
async fn who_was_removed_by_another_process_may_not_send_though_this_one_remembers_them() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let elsewhere = world.another_app();
    for _ in 0..3 {
        let draft = World::draft("while in");
        send(&elsewhere, &World::person(2), channel, draft)
            .await
            .unwrap();
    }
    world.remove(1, channel, 2).await;
    let late = send(&elsewhere, &World::person(2), channel, World::draft("late")).await;
    assert_eq!(refusal(late), ErrorCode::ChannelNotFound);
    assert_eq!(stored(&world, "late").await, 0);
    world.add(1, channel, &[2]).await;
    let back = send(&elsewhere, &World::person(2), channel, World::draft("back")).await;
    assert!(back.is_ok());
    world.require_consistent().await;
}

#[tokio::test]
async fn who_was_added_by_another_process_may_send_though_this_one_remembers_the_channel() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let elsewhere = world.another_app();
    let draft = World::draft("before");
    send(&elsewhere, &World::person(1), channel, draft)
        .await
        .unwrap();
    world.add(1, channel, &[9]).await;
    let sent = send(&elsewhere, &World::person(9), channel, World::draft("new")).await;
    assert_eq!(sent.unwrap().message.seq, Seq::from(4));
    world.require_consistent().await;
}
