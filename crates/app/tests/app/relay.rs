//! The relay's use case against a real PostgreSQL: what comes, what comes again, and what does not.

use std::time::Duration;

use discuss_app::relay::{Advanced, Batch, Held, Leases, Relay};
use discuss_domain::ChannelId;
use discuss_test_support::World;

/// The leases of a process that holds everything, and what it holds.
async fn led(world: &World) -> (Leases, Held) {
    let leases = Leases::default();
    let held = leases.keep(&world.app).await.unwrap();
    assert_eq!(held.len(), 16);
    (leases, held)
}

async fn next(world: &World, relay: &mut Relay, held: &Held) -> Option<Batch> {
    relay.next(&world.app, held).await.unwrap()
}

async fn advance(world: &World, relay: &mut Relay, batch: &Batch) -> Advanced {
    relay.advance(&world.app, batch).await.unwrap()
}

/// The channels and event ids of the records.
fn ids(batch: Option<&Batch>) -> Vec<String> {
    let id = |value: &[u8]| {
        let value: serde_json::Value = serde_json::from_slice(value).unwrap();
        value["eventId"].as_str().unwrap().to_owned()
    };
    let records = batch.into_iter().flat_map(|batch| &batch.records);
    records.map(|record| id(&record.value)).collect()
}

fn places(channel: ChannelId, seqs: std::ops::RangeInclusive<i64>) -> Vec<String> {
    seqs.map(|seq| format!("{channel}-{seq}")).collect()
}

/// Ends the connections of that name.
async fn cut(world: &World, name: &str) {
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = '{name}' AND datname = current_database()"
    );
    world.execute(&sql).await;
}

#[tokio::test]
async fn a_batch_comes_again_until_it_is_advanced_and_then_only_what_is_new() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.send(1, channel, "a").await;
    let (_, held) = led(&world).await;
    let mut relay = Relay::default();
    for _ in 0..2 {
        let batch = next(&world, &mut relay, &held).await;
        assert_eq!(ids(batch.as_ref()), places(channel, 1..=2));
    }
    let batch = next(&world, &mut relay, &held).await.unwrap();
    assert_eq!(advance(&world, &mut relay, &batch).await, Advanced::All);
    assert!(next(&world, &mut relay, &held).await.is_none());
    world.send(1, channel, "b").await;
    let batch = next(&world, &mut relay, &held).await;
    assert_eq!(ids(batch.as_ref()), places(channel, 3..=3));
}

#[tokio::test]
async fn the_news_of_a_channel_not_heard_of_since_go_on_at_its_head() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let (_, held) = led(&world).await;
    let mut first = Relay::default();
    let batch = next(&world, &mut first, &held).await.unwrap();
    advance(&world, &mut first, &batch).await;
    let mut second = Relay::default();
    assert!(next(&world, &mut second, &held).await.is_none());
    world.send(1, channel, "a").await;
    let batch = next(&world, &mut second, &held).await;
    assert_eq!(ids(batch.as_ref()), places(channel, 2..=2));
}

#[tokio::test]
async fn more_than_a_page_is_told_as_more_and_read_page_by_page() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let fill = "UPDATE channels SET last_seq = 1201;
        INSERT INTO channel_events (channel_id, seq, tenant_id, kind, actor_id, payload, created_at)
          SELECT id, n, 3, 'member_added', 1, '{\"userIds\": [2]}', now()
            FROM channels, generate_series(2, 1201) AS n";
    world.execute(fill).await;
    let (_, held) = led(&world).await;
    let mut relay = Relay::default();
    let pages = [
        (1..=500, Advanced::More),
        (501..=1_000, Advanced::More),
        (1_001..=1_201, Advanced::All),
    ];
    for (seqs, after) in pages {
        let batch = next(&world, &mut relay, &held).await.unwrap();
        assert_eq!(ids(Some(&batch)), places(channel, seqs));
        assert_eq!(advance(&world, &mut relay, &batch).await, after);
    }
}

#[tokio::test]
async fn each_of_two_processes_relays_its_own_shards_and_together_they_relay_everything() {
    let world = World::new().await;
    let (one, other) = (Leases::default(), Leases::default());
    one.keep(&world.app).await.unwrap();
    assert!(other.keep(&world.app).await.unwrap().is_empty());
    let of_one = one.keep(&world.app).await.unwrap();
    let of_other = other.keep(&world.app).await.unwrap();
    assert_eq!((of_one.len(), of_other.len()), (8, 8));
    assert!(of_one.keys().all(|shard| !of_other.contains_key(shard)));

    let mut expected = Vec::new();
    for _ in 0..20 {
        expected.extend(places(world.group(1, &[2]).await, 1..=1));
    }
    let first = next(&world, &mut Relay::default(), &of_one).await;
    let second = next(&world, &mut Relay::default(), &of_other).await;
    let mut all = ids(first.as_ref());
    all.extend(ids(second.as_ref()));
    all.sort_unstable();
    expected.sort_unstable();
    assert_eq!(all, expected);
}

#[tokio::test]
async fn the_leases_of_a_dead_process_are_taken_when_they_are_over_and_it_changes_nothing_any_more()
{
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let dead = Leases::of_term(Duration::ZERO);
    let held = dead.keep(&world.app).await.unwrap();
    let mut paused = Relay::default();
    let batch = next(&world, &mut paused, &held).await.unwrap();
    let (_, taken) = led(&world).await;
    assert!(taken.values().all(|epoch| *epoch == 2));
    assert_eq!(
        advance(&world, &mut paused, &batch).await,
        Advanced::Contested
    );
    let mut relay = Relay::default();
    let again = next(&world, &mut relay, &taken).await.unwrap();
    assert_eq!(ids(Some(&again)), places(channel, 1..=1));
    assert_eq!(advance(&world, &mut relay, &again).await, Advanced::All);
}

#[tokio::test]
async fn a_released_lease_is_anothers_at_once() {
    let world = World::new().await;
    let (leases, _) = led(&world).await;
    let other = Leases::default();
    assert!(other.keep(&world.app).await.unwrap().is_empty());
    leases.release(&world.app).await.unwrap();
    assert_eq!(other.keep(&world.app).await.unwrap().len(), 16);
}

#[tokio::test]
async fn after_a_lost_connection_everything_behind_is_found_by_its_head() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let (_, held) = led(&world).await;
    for lost in ["discuss-news", "discuss-relay"] {
        let mut relay = Relay::default();
        if let Some(batch) = next(&world, &mut relay, &held).await {
            advance(&world, &mut relay, &batch).await;
        }
        cut(&world, lost).await;
        let sent = world.send(1, channel, "while it was away").await;
        let mut found = relay.next(&world.app, &held).await;
        if let Err(error) = &found {
            assert!(error.to_string().contains("not available"), "{error}");
            found = relay.next(&world.app, &held).await;
        }
        let batch = found.unwrap().unwrap();
        let seq = sent.seq.get();
        assert_eq!(ids(Some(&batch)), places(channel, seq..=seq));
        advance(&world, &mut relay, &batch).await;
    }
}

#[tokio::test]
async fn events_that_were_pruned_unrelayed_are_counted_and_the_rest_is_relayed() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    for text in ["a", "b", "c"] {
        world.send(1, channel, text).await;
    }
    world
        .execute("DELETE FROM channel_events WHERE seq < 3")
        .await;
    let (_, held) = led(&world).await;
    let mut relay = Relay::default();
    let batch = next(&world, &mut relay, &held).await.unwrap();
    assert_eq!(batch.missing, 2);
    assert_eq!(ids(Some(&batch)), places(channel, 3..=4));
    assert_eq!(advance(&world, &mut relay, &batch).await, Advanced::All);
    assert_eq!(world.number("SELECT seq FROM relay_heads").await, 4);
}

#[tokio::test]
async fn a_process_without_shards_relays_nothing() {
    let world = World::new().await;
    world.group(1, &[2]).await;
    let mut relay = Relay::default();
    assert!(next(&world, &mut relay, &Held::new()).await.is_none());
    let (_, held) = led(&world).await;
    assert!(next(&world, &mut relay, &held).await.is_some());
    assert!(next(&world, &mut relay, &Held::new()).await.is_none());
}

#[tokio::test]
async fn who_left_is_relayed_as_such() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3]).await;
    discuss_app::members::leave(&world.app, &World::person(3), channel)
        .await
        .unwrap();
    let (_, held) = led(&world).await;
    let mut relay = Relay::default();
    let batch = next(&world, &mut relay, &held).await.unwrap();
    let left = batch.records.last().unwrap();
    assert_eq!(left.topic, "discuss.member.events");
    let value: serde_json::Value = serde_json::from_slice(&left.value).unwrap();
    assert_eq!(value["eventType"], "MEMBER_LEFT");
    assert_eq!(
        (&value["userId"], &value["actorId"]),
        (&3.into(), &3.into())
    );
    assert_eq!(
        (&value["role"], &value["status"]),
        (&"MEMBER".into(), &"LEFT".into())
    );
}
