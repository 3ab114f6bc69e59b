//! Making, finding and locking channels.

use discuss_domain::Seq;
use discuss_domain::channels::{ChannelKind, Counters, Description, DirectPair, NewGroup};
use discuss_storage::channels::{
    find_direct, find_for_update, insert_direct, insert_group, list_last_seqs, take_seq,
};
use discuss_test_support::World;
use serde_json::json;

use crate::fixture::{
    at, channel_id, elsewhere, group, maker, named, tenant, until_somebody_waits, user,
};

#[tokio::test]
async fn a_group_is_made_with_the_seq_of_its_first_event_taken() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let group = NewGroup {
        description: Some(Description::parse("What it is about").unwrap()),
        is_private: false,
        metadata: Some(json!({"color": "red"})),
        ..named("Team")
    };

    let made = insert_group(&mut connection, maker(tenant(), 7), &group, 4)
        .await
        .unwrap();

    assert_eq!(made.kind, ChannelKind::Group);
    assert_eq!(made.name.as_deref(), Some("Team"));
    assert_eq!(made.description.as_deref(), Some("What it is about"));
    assert_eq!(made.metadata, Some(json!({"color": "red"})));
    assert!(!made.is_private);
    assert_eq!((made.created_by, made.member_count), (user(7), 4));
    assert_eq!((made.created_at, made.updated_at), (at(0), at(0)));
    let first = Counters {
        last_seq: Seq::from(1),
        ..Counters::default()
    };
    assert_eq!(made.counters, first);
    let found = find_for_update(&mut connection, tenant(), made.id).await;
    assert_eq!(found.unwrap(), Some(made));
}

#[tokio::test]
async fn a_direct_channel_is_made_once_whoever_of_the_two_asks() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let pair = DirectPair::new(user(9), user(4)).unwrap();
    let made = insert_direct(&mut connection, maker(tenant(), 9), pair)
        .await
        .unwrap()
        .unwrap();

    let same = DirectPair::new(user(4), user(9)).unwrap();
    let again = insert_direct(&mut connection, maker(tenant(), 4), same).await;

    assert_eq!(again.unwrap(), None);
    assert_eq!(made.direct, Some(pair));
    assert_eq!((made.name.as_deref(), made.member_count), (None, 2));
    let found = find_direct(&mut connection, tenant(), same).await;
    assert_eq!(found.unwrap(), Some(made));
}

#[tokio::test]
async fn the_same_two_ids_of_another_tenant_are_other_people() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let pair = DirectPair::new(user(4), user(9)).unwrap();
    let here = insert_direct(&mut connection, maker(tenant(), 4), pair)
        .await
        .unwrap()
        .unwrap();

    let found = find_direct(&mut connection, elsewhere(), pair).await;
    assert_eq!(found.unwrap(), None);
    let there = insert_direct(&mut connection, maker(elsewhere(), 4), pair).await;
    assert_ne!(there.unwrap().unwrap().id, here.id);
}

#[tokio::test]
async fn of_two_who_make_a_direct_channel_at_once_the_later_finds_the_earlier_ones() {
    let world = World::new().await;
    let pair = DirectPair::new(user(4), user(9)).unwrap();
    let first = world.database.client().await;
    let insert = "BEGIN; INSERT INTO channels
        (tenant_id, kind, direct_low_user_id, direct_high_user_id, created_by) VALUES (3, 'DIRECT', 4, 9, 4)";
    first.batch_execute(insert).await.unwrap();

    let mut connection = world.connection().await;
    let second =
        tokio::spawn(async move { insert_direct(&mut connection, maker(tenant(), 9), pair).await });
    until_somebody_waits(&world, "INSERT INTO").await;
    first.batch_execute("COMMIT").await.unwrap();

    assert_eq!(second.await.unwrap().unwrap(), None);
    let mut connection = world.connection().await;
    let found = find_direct(&mut connection, tenant(), pair).await.unwrap();
    assert_eq!(found.unwrap().created_by, user(4));
}

#[tokio::test]
async fn a_channel_found_for_update_is_locked_until_the_transaction_ends() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[1]).await.id;
    let other = world.database.client().await;
    let lock = format!("SELECT 1 FROM channels WHERE id = {channel} FOR NO KEY UPDATE NOWAIT");

    let begin = diesel_async::SimpleAsyncConnection::batch_execute(&mut *connection, "BEGIN");
    begin.await.unwrap();
    let found = find_for_update(&mut connection, tenant(), channel).await;
    assert!(found.unwrap().is_some());
    assert!(other.batch_execute(&lock).await.is_err());
    let end = diesel_async::SimpleAsyncConnection::batch_execute(&mut *connection, "ROLLBACK");
    end.await.unwrap();
    other.batch_execute(&lock).await.unwrap();
}

#[tokio::test]
async fn a_channel_of_another_tenant_is_not_found_for_update() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, elsewhere(), &[1]).await.id;
    let found = find_for_update(&mut connection, tenant(), channel).await;
    assert_eq!(found.unwrap(), None);
}

#[tokio::test]
async fn seqs_are_taken_one_after_the_other_and_members_counted() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[1, 2]).await.id;

    let second = take_seq(&mut connection, channel, 3, at(5)).await.unwrap();
    let third = take_seq(&mut connection, channel, -1, at(6)).await.unwrap();

    assert_eq!(second.counters.last_seq, Seq::from(2));
    assert_eq!(third.counters.last_seq, Seq::from(3));
    assert_eq!((third.member_count, third.updated_at), (4, at(6)));
    let now = find_for_update(&mut connection, tenant(), channel).await;
    assert_eq!(now.unwrap(), Some(third));
}

#[tokio::test]
async fn the_newest_seqs_are_those_of_the_channels_that_there_are() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let one = group(&mut connection, tenant(), &[1]).await.id;
    let other = group(&mut connection, tenant(), &[1]).await.id;
    take_seq(&mut connection, other, 0, at(1)).await.unwrap();

    let asked = [other, one, channel_id(999_999)];
    let mut seqs = list_last_seqs(&mut connection, &asked).await.unwrap();

    seqs.sort_unstable();
    assert_eq!(seqs, [(one, Seq::from(1)), (other, Seq::from(2))]);
}
