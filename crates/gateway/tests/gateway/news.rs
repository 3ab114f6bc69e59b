//! What only the log's news tell: nothing of it is lost, and nobody is told what is no longer so.

use discuss_app::{members, messages};
use discuss_domain::members::Role;
use discuss_domain::{ChannelId, UserId};
use discuss_test_support::{World, until};

use crate::process::Gateway;
use crate::repairing::unheard;

/// Keeps everybody from reading messages, and so from listing joins, until it is committed.
const WITHHOLD: &str = "BEGIN; LOCK TABLE messages IN ACCESS EXCLUSIVE MODE";

/// Ends the connections that wait for a lock; answers whether there was one.
async fn end_those_who_wait(world: &World) -> bool {
    let client = world.database.client().await;
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let ended: i64 = client.query_one(end, &[]).await.unwrap().get(0);
    ended > 0
}

async fn add_unheard(world: &World, channel: ChannelId, user: i64) {
    let (app, owner) = (unheard(world), World::person(1));
    members::add(&app, &owner, channel, &[UserId::from(user)], Role::Member)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_join_that_could_not_be_read_is_told_later() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut client = gateway.connect(5).await;

    let holder = world.database.client().await;
    holder.batch_execute(WITHHOLD).await.unwrap();
    add_unheard(&world, channel, 5).await;
    until("the joins are waited for", async || {
        end_those_who_wait(&world).await
    })
    .await;
    holder.batch_execute("COMMIT").await.unwrap();

    assert_eq!(client.expect_seq(channel, 2).await["type"], "MEMBER_ADDED");
}

#[tokio::test]
async fn who_was_removed_before_the_news_came_is_not_sent_the_channel() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let other = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut client = gateway.connect(5).await;

    let holder = world.database.client().await;
    holder.batch_execute(WITHHOLD).await.unwrap();
    add_unheard(&world, channel, 5).await;
    let (app, owner) = (unheard(&world), World::person(1));
    members::remove(&app, &owner, channel, UserId::from(5))
        .await
        .unwrap();
    holder.batch_execute("COMMIT").await.unwrap();

    // Joins are told in the order in which they were committed, or of the channels' ids.
    add_unheard(&world, other, 5).await;
    assert_eq!(client.expect_seq(other, 2).await["type"], "MEMBER_ADDED");
    client.expect_silence().await;
}

#[tokio::test]
async fn what_was_committed_while_a_session_was_held_comes_without_redis() {
    let world = World::new().await;
    let (channel, other) = (world.group(1, &[2]).await, world.group(1, &[3]).await);
    let gateway = Gateway::start_with(&world, &[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let mut witness = gateway.connect(3).await;
    for seq in [2, 3] {
        world.send(1, other, "to begin with").await;
        witness.expect_seq(other, seq).await;
    }

    // Nobody here follows the channel yet, so its news pass by; the witness sees that they have passed.
    let mut client = gateway.open(2, "&resume=1").await;
    let connected = client.expect("CONNECTED").await;
    assert_eq!(connected["payload"]["channels"][channel.to_string()], 1);
    messages::send(&world.app, &World::person(1), channel, World::draft("now"))
        .await
        .unwrap();
    world.send(1, other, "after it").await;
    witness.expect_seq(other, 4).await;

    client.resume(&[]).await;
    let frame = loop {
        let frame = client.next_frame().await;
        if frame["type"] != "RESUMED" {
            break frame;
        }
    };
    assert_eq!(
        (&frame["channelId"], &frame["seq"]),
        (&channel.get().into(), &2.into())
    );
}
