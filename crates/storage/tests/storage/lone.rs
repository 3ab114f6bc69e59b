//! Lone sends, stored by one statement.

use discuss_domain::messages::{Draft, Fingerprint};
use discuss_domain::{ChannelId, Seq};
use discuss_storage::channels::find_for_update;
use discuss_storage::members::find;
use discuss_storage::messages::group::{GroupError, GroupWriter, Lone};
use discuss_test_support::World;
use uuid::Uuid;

use crate::fixture::{at, tenant, user};

fn lone(channel: ChannelId, known_seq: i64, draft: &Draft) -> Lone<'_> {
    Lone {
        id: Uuid::new_v4(),
        at: at(3),
        channel,
        known_seq: Seq::from(known_seq),
        tenant: tenant(),
        sender: user(2),
        draft,
        fingerprint: Fingerprint::of(channel, draft),
        correlation_id: Some("request 5"),
        traceparent: Some("00-ab-cd-01"),
    }
}

async fn writer(world: &World) -> GroupWriter {
    GroupWriter::connect(world.database.database())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_lone_send_stores_message_event_counters_and_mark() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let writer = writer(&world).await;
    let draft = Draft {
        metadata: Some(serde_json::json!({"a": 1})),
        ..World::draft("alone")
    };
    let send = lone(channel, 1, &draft);
    let id = writer.store_lone(&send).await.unwrap().unwrap();

    let mut connection = world.connection().await;
    let stored = discuss_storage::messages::find(&mut connection, tenant(), id).await;
    let stored = stored.unwrap().unwrap();
    assert_eq!((stored.seq, stored.sender.id), (Seq::from(2), user(2)));
    assert_eq!(stored.content.as_deref(), Some("alone"));
    assert_eq!(stored.metadata, draft.metadata);
    assert_eq!(stored.created_at, at(3));
    let now = find_for_update(&mut connection, tenant(), channel).await;
    let now = now.unwrap().unwrap();
    assert_eq!(now.counters.numbers(), stored.numbers);
    assert_eq!(
        (now.last_message_id, now.counters.last_seq),
        (Some(id), Seq::from(2))
    );
    assert_eq!(now.last_message_at, Some(at(3)));
    let read = find(&mut connection, channel, user(2)).await;
    let read = read.unwrap().unwrap().read;
    assert_eq!(
        (read.message_id, read.seq, read.count),
        (Some(id), Seq::from(2), 1)
    );
    let found = writer
        .find_group(send.id, &[channel], (channel, Seq::from(2)))
        .await;
    assert_eq!(found.unwrap(), Some(id));
}

#[tokio::test]
async fn a_lone_send_on_old_facts_stores_nothing() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.send(1, channel, "meanwhile").await;
    let writer = writer(&world).await;
    let draft = World::draft("alone");
    for known in [0, 1, 3] {
        let stored = writer.store_lone(&lone(channel, known, &draft)).await;
        assert_eq!(stored.unwrap(), None);
    }
    let rows = "SELECT count(*) FROM channel_events";
    assert_eq!(world.number(rows).await, 2);
    assert_eq!(world.send(1, channel, "next").await.seq, Seq::from(3));
}

#[tokio::test]
async fn a_lone_send_under_a_known_client_id_stores_nothing() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let draft = Draft {
        client_message_id: Some(Uuid::new_v4().into()),
        ..World::draft("alone")
    };
    let writer = writer(&world).await;
    let first = writer.store_lone(&lone(channel, 1, &draft)).await;
    assert!(first.unwrap().is_some());
    let again = writer.store_lone(&lone(channel, 2, &draft)).await;
    assert!(matches!(again, Err(GroupError::Again(_))), "{again:?}");
    assert_eq!(world.send(1, channel, "next").await.seq, Seq::from(3));
}

#[tokio::test]
async fn a_lone_send_to_a_locked_channel_is_told_so() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let holder = world.database.client().await;
    let lock = format!("BEGIN; SELECT 1 FROM channels WHERE id = {channel} FOR UPDATE");
    holder.batch_execute(&lock).await.unwrap();
    let writer = writer(&world).await;
    let draft = World::draft("alone");
    let stored = writer.store_lone(&lone(channel, 1, &draft)).await;
    assert!(matches!(stored, Err(GroupError::Locked)), "{stored:?}");
    holder.batch_execute("COMMIT").await.unwrap();
    let stored = writer.store_lone(&lone(channel, 1, &draft)).await;
    assert!(stored.unwrap().is_some());
}
