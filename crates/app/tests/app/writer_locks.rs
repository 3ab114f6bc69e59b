//! A channel whose row somebody else holds: the others go on, its sends wait, but not for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use discuss_app::AppError;
use discuss_app::messages::{Sent, send};
use discuss_domain::ChannelId;
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;
use tokio::task::JoinHandle;

use crate::fixture::{lock, of_one_lane, refusal, stored};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sends_to_other_channels_of_the_lane_are_answered_while_one_is_locked() {
    let world = World::new().await;
    let channels = of_one_lane(&world, 3).await;
    let [locked, first, second] = [channels[0], channels[1], channels[2]];
    let holder = lock(&world, locked).await;
    let app = world.app.clone();
    let waiting = tokio::spawn(async move {
        let draft = World::draft("patient");
        send(&app, &World::person(1), locked, draft).await
    });
    for place in 0..4 {
        world.send(1, first, &format!("first {place}")).await;
        world.send(2, second, &format!("second {place}")).await;
    }
    assert!(!waiting.is_finished());
    assert_eq!(stored(&world, "patient").await, 0);
    holder.batch_execute("COMMIT").await.unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(stored(&world, "patient").await, 1);
    world.require_consistent().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waited_for_a_locked_channel_is_judged_by_what_was_committed_meanwhile() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.send(2, channel, "while in").await;
    let holder = lock(&world, channel).await;
    let app = world.app.clone();
    let waiting = tokio::spawn(async move {
        let draft = World::draft("too late");
        send(&app, &World::person(2), channel, draft).await
    });
    wait_for_lock(&world).await;
    let remove = "UPDATE channel_members SET status = 'REMOVED' WHERE user_id = 2;
        UPDATE channels SET last_seq = last_seq + 1, member_count = member_count - 1;
        INSERT INTO channel_events (channel_id, seq, tenant_id, kind, actor_id, payload, created_at)
        SELECT id, last_seq, 3, 'member_removed', 1, '{\"userIds\": [2]}', now() FROM channels;
        COMMIT";
    holder.batch_execute(remove).await.unwrap();
    let sent = waiting.await.unwrap();
    assert_eq!(refusal(sent), ErrorCode::ChannelNotFound);
    assert_eq!(stored(&world, "too late").await, 0);
    world.require_consistent().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_to_a_channel_that_stays_locked_is_given_up_and_nothing_is_stored() {
    let world = World::new().await;
    let channels = of_one_lane(&world, 2).await;
    let holder = lock(&world, channels[0]).await;
    let given_up = world.try_send(1, channels[0], World::draft("given up"));
    assert_eq!(refusal(given_up.await), ErrorCode::ServiceUnavailable);
    // A last try may be under way; once the lane has answered another send it is over.
    world.send(1, channels[1], "answered").await;
    holder.batch_execute("COMMIT").await.unwrap();
    world.send(1, channels[0], "next").await;
    assert_eq!(stored(&world, "given up").await, 0);
    world.require_consistent().await;
}

/// Waits until the writer waits for a lock.
async fn wait_for_lock(world: &World) {
    let client = world.database.client().await;
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'discuss-writer'
        AND wait_event_type = 'Lock' AND datname = current_database()";
    discuss_test_support::until("the writer waits", async || {
        client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 0
    })
    .await;
}

/// Hands over so many sends to a locked channel; when this returns they stand aside in the lane.
async fn stand_aside(
    world: &World,
    (locked, other): (ChannelId, ChannelId),
    many: usize,
) -> Vec<JoinHandle<Result<Sent, AppError>>> {
    let handed_over = Arc::new(AtomicUsize::new(0));
    let mut waiting = Vec::new();
    for _ in 0..many {
        let (app, handed_over) = (world.app.clone(), Arc::clone(&handed_over));
        waiting.push(tokio::spawn(async move {
            // A send is in its lane's queue before it waits for the first time.
            handed_over.fetch_add(1, Ordering::SeqCst);
            send(&app, &World::person(1), locked, World::draft("patient")).await
        }));
    }
    while handed_over.load(Ordering::SeqCst) < many {
        tokio::task::yield_now().await;
    }
    world.send(1, other, "behind them").await;
    waiting
}

#[tokio::test]
async fn what_waited_for_a_lock_is_committed_in_groups_of_the_usual_size() {
    let world = World::new().await;
    let channels = of_one_lane(&world, 2).await;
    let holder = lock(&world, channels[0]).await;
    let waiting = stand_aside(&world, (channels[0], channels[1]), 700).await;
    holder.batch_execute("COMMIT").await.unwrap();
    for sent in waiting {
        sent.await.unwrap().unwrap();
    }
    let largest = "SELECT max(size) FROM (SELECT count(*) AS size FROM channel_events
        WHERE group_id IS NOT NULL GROUP BY group_id) AS groups";
    assert!(world.number(largest).await <= 256);
    world.require_consistent().await;
}

#[tokio::test]
async fn no_more_sends_wait_for_a_locked_channel_than_a_queue_holds() {
    let world = World::new().await;
    let channels = of_one_lane(&world, 2).await;
    let holder = lock(&world, channels[0]).await;
    let pair = (channels[0], channels[1]);
    let waiting = stand_aside(&world, pair, 4_000).await;
    let more = stand_aside(&world, pair, 96).await;
    let over = world.try_send(1, channels[0], World::draft("over")).await;
    // It is refused for want of room: those who came first still wait.
    assert_eq!(refusal(over), ErrorCode::ServiceUnavailable);
    assert!(waiting.iter().all(|sent| !sent.is_finished()));
    holder.batch_execute("COMMIT").await.unwrap();
    for sent in waiting.into_iter().chain(more) {
        sent.await.unwrap().unwrap();
    }
    assert_eq!(stored(&world, "over").await, 0);
    world.require_consistent().await;
}
