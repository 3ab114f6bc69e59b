//! Receipts from marks.

use discuss_domain::Seq;
use discuss_storage::members::{list_progress, list_receipts};
use discuss_test_support::World;

use crate::fixture::{at, user};

#[tokio::test]
async fn those_whose_marks_have_come_to_a_message_have_it_but_not_its_sender() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3, 4, 5]).await;
    let first = world.send(1, channel, "first").await;
    let second = world.send(1, channel, "second").await;
    world.remove(1, channel, 5).await;
    world
        .execute(
            "UPDATE channel_members SET last_read_seq = 3, last_read_at = to_timestamp(1790000007) WHERE user_id IN (2, 5);
             UPDATE channel_members SET last_delivered_seq = 2, last_delivered_at = to_timestamp(1790000009) WHERE user_id = 3;
             UPDATE channel_members SET joined_at = to_timestamp(1790000001)",
        )
        .await;
    let mut connection = world.connection().await;
    let of_first = list_receipts(&mut connection, &first).await.unwrap();
    let people: Vec<_> = of_first.iter().map(|receipt| receipt.user).collect();
    assert_eq!(people, [user(2), user(3)]);
    assert_eq!(
        (of_first[0].read, of_first[0].read_at),
        (Seq::from(3), at(7))
    );
    assert_eq!(
        (
            of_first[1].delivered,
            of_first[1].delivered_at,
            of_first[1].read_at
        ),
        (Seq::from(2), Some(at(9)), at(1))
    );
    let of_second = list_receipts(&mut connection, &second).await.unwrap();
    assert_eq!((of_second.len(), of_second[0].user), (1, user(2)));
    let mut progress = list_progress(&mut connection, channel).await.unwrap();
    progress.sort_by_key(|member| member.user);
    let reads: Vec<_> = progress.iter().map(|member| member.read.get()).collect();
    assert_eq!(reads, [3, 3, 1, 1]);
}

#[tokio::test]
async fn nobody_is_told_of_in_channels_of_more_than_fifty() {
    let world = World::new().await;
    let others: Vec<i64> = (2..=50).collect();
    let channel = world.group(1, &others).await;
    let sent = world.send(1, channel, "hello").await;
    world
        .execute("UPDATE channel_members SET last_read_seq = 2")
        .await;
    let mut connection = world.connection().await;
    let receipts = list_receipts(&mut connection, &sent).await;
    assert_eq!(receipts.unwrap().len(), 49);
    world.add(1, channel, &[51]).await;
    let receipts = list_receipts(&mut connection, &sent).await;
    assert!(receipts.unwrap().is_empty());
}
