//! What people have not read in all their channels.

use discuss_storage::members::{list_total_unread, list_unread, remove};
use discuss_test_support::World;

use crate::fixture::{at, elsewhere, tenant, user};

#[tokio::test]
async fn the_unread_of_all_ones_channels_add_up() {
    let world = World::new().await;
    let one = world.group(1, &[2]).await;
    let other = world.group(1, &[2]).await;
    for channel in [one, one, other] {
        world.send(1, channel, "news").await;
    }
    let mut connection = world.connection().await;
    let people = [
        (tenant(), user(1)),
        (tenant(), user(2)),
        (tenant(), user(2)),
    ];
    let totals = list_total_unread(&mut connection, &people).await.unwrap();
    assert_eq!(totals.len(), 2);
    assert_eq!(totals[&(tenant(), user(1))], 0);
    assert_eq!(totals[&(tenant(), user(2))], 3);
}

#[tokio::test]
async fn archived_channels_and_those_one_has_left_do_not_count() {
    let world = World::new().await;
    let open = world.group(1, &[2]).await;
    let archived = world.group(1, &[2]).await;
    let left = world.group(1, &[2]).await;
    for channel in [open, archived, left] {
        world.send(1, channel, "news").await;
    }
    let archive = format!("UPDATE channels SET archived_at = now() WHERE id = {archived}");
    world.execute(&archive).await;
    let mut connection = world.connection().await;
    remove(&mut connection, left, user(2), user(1), at(9))
        .await
        .unwrap();
    let totals = list_total_unread(&mut connection, &[(tenant(), user(2))]).await;
    assert_eq!(totals.unwrap()[&(tenant(), user(2))], 1);
}

#[tokio::test]
async fn somebody_of_the_same_id_in_another_tenant_and_people_without_channels_have_no_total() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.send(1, channel, "news").await;
    let mut connection = world.connection().await;
    let people = [(elsewhere(), user(2)), (tenant(), user(50))];
    let totals = list_total_unread(&mut connection, &people).await.unwrap();
    assert!(totals.is_empty());
}

#[tokio::test]
async fn what_is_unread_is_known_of_many_at_once_where_they_are_in() {
    let world = World::new().await;
    let one = world.group(1, &[2]).await;
    let other = world.group(1, &[2, 3]).await;
    for channel in [one, other, other] {
        world.send(1, channel, "news").await;
    }
    let place = |channel, id| (tenant(), channel, user(id));
    let mut connection = world.connection().await;
    let asked = [
        place(one, 2),
        place(one, 3),
        place(other, 1),
        place(other, 3),
        (elsewhere(), other, user(3)),
    ];
    let unread = list_unread(&mut connection, &asked).await.unwrap();
    let expected = [
        (place(one, 2), 1),
        (place(other, 1), 0),
        (place(other, 3), 2),
    ];
    assert_eq!(unread, expected.into());
}
