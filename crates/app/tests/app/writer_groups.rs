//! Many sends at once: every one of them stored once, in order, with the right numbers.

use std::collections::HashSet;

use discuss_app::messages::send;
use discuss_domain::TenantId;
use discuss_storage::messages::find;
use discuss_test_support::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_sends_to_ten_channels_are_stored_in_order_with_the_right_numbers() {
    let world = World::new().await;
    let mut channels = Vec::new();
    for _ in 0..10 {
        channels.push(world.group(1, &[2, 3, 4, 5]).await);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for place in 0..500 {
        let app = world.app.clone();
        let channel = channels[place % 10];
        let sender = World::person(1 + i64::try_from(place / 10 % 5).unwrap());
        let draft = World::draft(&format!("message {place}"));
        tasks.spawn(async move { send(&app, &sender, channel, draft).await.unwrap().message });
    }
    let answers = tasks.join_all().await;

    world.require_consistent().await;
    assert_eq!(world.number("SELECT count(*) FROM messages").await, 500);
    let mut connection = world.connection().await;
    let ids: Vec<_> = answers.iter().map(|message| message.id).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 500);
    for id in ids {
        let stored = find(&mut connection, TenantId::from(World::TENANT), id).await;
        let stored = stored.unwrap().unwrap();
        let answered = answers
            .iter()
            .find(|answer| answer.id == stored.id)
            .unwrap();
        let place = (
            stored.channel_id,
            stored.seq,
            stored.numbers,
            stored.content,
        );
        let answer = answered.clone();
        assert_eq!(
            place,
            (
                answer.channel_id,
                answer.seq,
                answer.numbers,
                answer.content
            )
        );
    }
    // Each sender's mark is their own newest message, nobody else's.
    let wrong = "SELECT count(*) FROM channel_members p WHERE (last_read_message_id, last_read_seq)
        IS DISTINCT FROM (SELECT (max(id), max(seq)) FROM messages m
                           WHERE m.channel_id = p.channel_id AND m.sender_id = p.user_id)";
    assert_eq!(world.number(wrong).await, 0);
    let groups = "SELECT count(DISTINCT group_id) FROM channel_events WHERE message_id IS NOT NULL";
    assert!(
        world.number(groups).await < 500,
        "nothing was committed together"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_and_people_who_come_and_go_leave_no_hole() {
    let world = World::new().await;
    let (one, other) = (world.group(1, &[2, 3]).await, world.group(1, &[2, 3]).await);
    let apps = [world.app.clone(), world.another_app()];
    let mut tasks = tokio::task::JoinSet::new();
    for place in 0..200_usize {
        let app = apps[place % 2].clone();
        let channel = if place % 3 == 0 { one } else { other };
        let sender = World::person(1 + i64::try_from(place % 3).unwrap());
        let draft = World::draft(&format!("message {place}"));
        tasks.spawn(async move { send(&app, &sender, channel, draft).await.map(drop).unwrap() });
    }
    for channel in [one, other] {
        let (app, owner) = (apps[0].clone(), World::person(1));
        tasks.spawn(async move {
            let role = discuss_domain::members::Role::Member;
            for user in 10..20 {
                let user = discuss_domain::UserId::from(user);
                let added = discuss_app::members::add(&app, &owner, channel, &[user], role).await;
                added.unwrap();
                let removed = discuss_app::members::remove(&app, &owner, channel, user).await;
                removed.unwrap();
            }
        });
    }
    tasks.join_all().await;
    world.require_consistent().await;
    assert_eq!(
        world.number("SELECT count(*) FROM channel_events").await,
        2 + 200 + 40
    );
}
