//! Old events of the log go in small steps until none is left to go.

use std::time::Duration;

use discuss_app::retention::{KeepEvents, prune_events, prune_inbox};
use discuss_domain::Seq;
use discuss_test_support::World;

#[tokio::test]
async fn every_channels_old_events_go_and_the_newest_stay() {
    let world = World::new().await;
    let mut channels = Vec::new();
    for _ in 0..3 {
        channels.push(world.group(1, &[2]).await);
    }
    let fill = "UPDATE channels SET last_seq = 1301;
        INSERT INTO channel_events (channel_id, seq, tenant_id, kind, actor_id, created_at)
          SELECT id, n, 3, 'message_created', 1, now() FROM channels, generate_series(2, 1301) AS n;
        UPDATE channel_events SET created_at = now() - interval '8 days';
        INSERT INTO relay_heads (channel_id, seq) SELECT id, 1301 FROM channels";
    world.execute(fill).await;
    let keep = KeepEvents {
        age: Duration::from_hours(7 * 24),
        newest: 100,
    };
    let database = world.database.database();
    assert_eq!(prune_events(database, keep).await.unwrap(), 3 * 1_201);
    assert_eq!(prune_events(database, keep).await.unwrap(), 0);
    let mut connection = world.connection().await;
    for channel in channels {
        let left = discuss_storage::event_log::list_after(&mut connection, channel, Seq::ZERO, 500);
        let left = left.await.unwrap();
        assert_eq!((left.len(), left[0].seq), (100, Seq::from(1_202)));
    }
}

#[tokio::test]
async fn what_the_inbox_has_of_long_ago_goes_and_the_rest_stays() {
    let world = World::new().await;
    let fill = "INSERT INTO inbox (source, event_id, received_at)
        SELECT 'ENTITY_EVENTS', n, now() - interval '1 day' * (n % 40) FROM generate_series(1, 4000) AS n";
    world.execute(fill).await;
    let age = Duration::from_hours(30 * 24 - 1);
    let database = world.database.database();
    assert_eq!(prune_inbox(database, age).await.unwrap(), 1_000);
    assert_eq!(prune_inbox(database, age).await.unwrap(), 0);
    assert_eq!(world.number("SELECT count(*) FROM inbox").await, 3_000);
}
