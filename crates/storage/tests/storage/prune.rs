//! Which old events go: only those that nobody may miss, and only from the front.

use chrono::{DateTime, Utc};
use discuss_domain::ChannelId;
use discuss_storage::Connection;
use discuss_storage::event_log::prune::{Keep, list_prunable, prune};
use discuss_test_support::World;

use crate::fixture::{at, group, id, tenant};

const LIMIT: i64 = 100;

/// A channel with the events 1 to 10, event n of the second n.
async fn ten_events(world: &World, connection: &mut Connection) -> ChannelId {
    let channel = group(connection, tenant(), &[1]).await;
    let sql = format!(
        "INSERT INTO channel_events (channel_id, seq, tenant_id, kind, actor_id, created_at)
         SELECT {0}, n, 3, 'message_created', 1, now() FROM generate_series(2, 10) AS n;
         UPDATE channel_events SET created_at = to_timestamp({1} + seq) WHERE channel_id = {0};
         UPDATE channels SET last_seq = 10 WHERE id = {0}",
        id(&channel),
        at(0).timestamp(),
    );
    world.execute(&sql).await;
    channel.id
}

async fn relayed_to(world: &World, channel: ChannelId, seq: i64) {
    let sql = format!("INSERT INTO relay_heads (channel_id, seq) VALUES ({channel}, {seq})");
    world.execute(&sql).await;
}

async fn oldest(world: &World, channel: ChannelId) -> i64 {
    let sql = format!("SELECT min(seq) FROM channel_events WHERE channel_id = {channel}");
    world.number(&sql).await
}

fn keep(since: DateTime<Utc>, newest: i64) -> Keep {
    Keep { since, newest }
}

#[tokio::test]
async fn what_is_old_relayed_and_not_among_the_newest_goes() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    // Young from second 6 on; the newest 3 are 8 to 10; relayed up to 9: age decides.
    let by_age = (keep(at(6), 3), 9, 6);
    let by_number = (keep(at(100), 4), 9, 7);
    let by_relay = (keep(at(100), 0), 3, 4);
    for (keep, relayed, first) in [by_age, by_number, by_relay] {
        let channel = ten_events(&world, &mut connection).await;
        relayed_to(&world, channel, relayed).await;
        let prunable = list_prunable(&mut connection, None, keep, LIMIT).await;
        assert!(prunable.unwrap().contains(&channel));
        let gone = prune(&mut connection, channel, keep, LIMIT).await.unwrap();
        assert_eq!(i64::try_from(gone).unwrap(), first - 1);
        assert_eq!(oldest(&world, channel).await, first);
        let again = prune(&mut connection, channel, keep, LIMIT).await;
        assert_eq!(again.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_young_event_stops_older_ones_behind_it_from_going() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = ten_events(&world, &mut connection).await;
    relayed_to(&world, channel, 10).await;
    let sql = format!(
        "UPDATE channel_events SET created_at = to_timestamp({}) WHERE seq = 3",
        at(500).timestamp()
    );
    world.execute(&sql).await;
    let gone = prune(&mut connection, channel, keep(at(100), 0), LIMIT).await;
    assert_eq!(gone.unwrap(), 2);
    assert_eq!(oldest(&world, channel).await, 3);
}

#[tokio::test]
async fn without_a_relay_head_nothing_goes() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = ten_events(&world, &mut connection).await;
    let keep = keep(at(100), 0);
    let prunable = list_prunable(&mut connection, None, keep, LIMIT).await;
    assert_eq!(prunable.unwrap(), []);
    let gone = prune(&mut connection, channel, keep, LIMIT).await;
    assert_eq!(gone.unwrap(), 0);
    assert_eq!(oldest(&world, channel).await, 1);
}

#[tokio::test]
async fn a_step_takes_no_more_than_its_limit_and_only_from_the_front() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = ten_events(&world, &mut connection).await;
    let other = ten_events(&world, &mut connection).await;
    relayed_to(&world, channel, 10).await;
    relayed_to(&world, other, 10).await;
    for (gone, first) in [(4, 5), (4, 9), (1, 10), (0, 10)] {
        let went = prune(&mut connection, channel, keep(at(100), 1), 4).await;
        assert_eq!(went.unwrap(), gone);
        assert_eq!(oldest(&world, channel).await, first);
    }
    assert_eq!(oldest(&world, other).await, 1);
}

#[tokio::test]
async fn channels_are_gone_through_in_the_order_of_their_ids() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let mut channels = Vec::new();
    for _ in 0..5 {
        let channel = ten_events(&world, &mut connection).await;
        relayed_to(&world, channel, 10).await;
        channels.push(channel);
    }
    let keep = keep(at(100), 0);
    prune(&mut connection, channels[1], keep, LIMIT)
        .await
        .unwrap();
    let first = list_prunable(&mut connection, None, keep, 2).await;
    assert_eq!(first.unwrap(), [channels[0], channels[2]]);
    let rest = list_prunable(&mut connection, Some(channels[2]), keep, 9).await;
    assert_eq!(rest.unwrap(), channels[3..]);
}

#[tokio::test]
async fn what_is_left_after_pruning_has_no_hole_and_new_events_follow() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    for place in 2..=8 {
        world.send(1, channel, &format!("message {place}")).await;
    }
    relayed_to(&world, channel, 5).await;
    let mut connection = world.connection().await;
    let later = Utc::now() + chrono::Duration::days(1);
    let gone = prune(&mut connection, channel, keep(later, 2), LIMIT).await;
    assert_eq!(gone.unwrap(), 5);
    world.send(1, channel, "after").await;
    let seq = discuss_domain::Seq::from(5);
    let page = discuss_storage::event_log::list_after(&mut connection, channel, seq, LIMIT).await;
    let seqs: Vec<_> = page.unwrap().iter().map(|e| e.seq.get()).collect();
    assert_eq!(seqs, [6, 7, 8, 9]);
}
