//! Receipts, and how far members have come when they read messages.

use discuss_app::messages::{get, list};
use discuss_app::receipts;
use discuss_domain::messages::history::{Cursor, Scope};
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;

use crate::fixture::refusal;

#[tokio::test]
async fn who_has_read_a_message_is_told_to_members_only() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3]).await;
    let sent = world.send(1, channel, "hello").await;
    world.send(3, channel, "answer").await;
    let told = receipts::list(&world.app, &World::person(2), sent.id).await;
    let told = told.unwrap();
    let people: Vec<_> = told.read_by.iter().map(|receipt| receipt.user_id).collect();
    assert_eq!(people, [3]);
    assert_eq!(told.delivered_to.len(), 1);
    for person in [World::person(50), World::person_of(World::TENANT + 1, 1)] {
        let refused = receipts::list(&world.app, &person, sent.id).await;
        assert_eq!(refusal(refused), ErrorCode::MessageNotFound);
    }
}

#[tokio::test]
async fn delivered_marks_count_beside_read_ones_each_with_its_time() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3, 4]).await;
    let sent = world.send(1, channel, "hello").await;
    world
        .execute(
            "UPDATE channel_members SET joined_at = to_timestamp(1);
             UPDATE channel_members SET last_delivered_seq = 2, last_delivered_at = to_timestamp(7) WHERE user_id IN (2, 3);
             UPDATE channel_members SET last_read_seq = 2, last_read_at = to_timestamp(9) WHERE user_id IN (3, 4)",
        )
        .await;
    let told = receipts::list(&world.app, &World::person(2), sent.id).await;
    let told = told.unwrap();
    let times = |receipts: &[discuss_wire::receipts::ReceiptView]| -> Vec<_> {
        receipts
            .iter()
            .map(|receipt| (receipt.user_id, receipt.at))
            .collect()
    };
    assert_eq!(times(&told.read_by), [(3, 9_000), (4, 9_000)]);
    assert_eq!(
        times(&told.delivered_to),
        [(2, 7_000), (3, 7_000), (4, 9_000)]
    );
}

#[tokio::test]
async fn one_message_and_the_history_show_the_same_receipts() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3]).await;
    let sent = world.send(1, channel, "hello").await;
    world.send(3, channel, "answer").await;
    let reader = World::person(2);
    let (message, view) = get(&world.app, &reader, sent.id).await.unwrap();
    let newest = (Cursor::Newest, 9);
    let history = list(&world.app, &reader, channel, Scope::TopLevel, newest).await;
    let history = history.unwrap();
    for view in [&view, &history.view] {
        assert_eq!(
            (view.read_count(&message), view.delivered_count(&message)),
            (Some(1), Some(1))
        );
        assert!(!view.has_read(&message));
    }
}
