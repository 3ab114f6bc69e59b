//! Where people stand, and which events made them members.

use discuss_domain::{EventKind, Seq};
use discuss_storage::event_log::joins::{Standing, find_standing, list_joins};
use discuss_storage::members::remove;
use discuss_test_support::World;

use crate::fixture::{at, channel_id, elsewhere, tenant, user, users};

#[tokio::test]
async fn standing_says_who_is_in_a_channel_and_how_far_it_has_come() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3]).await;
    world.send(1, channel, "hello").await;
    let mut connection = world.connection().await;
    remove(&mut connection, channel, user(3), user(1), at(9))
        .await
        .unwrap();

    for (who, is_member) in [(2, true), (3, false), (50, false)] {
        let standing = find_standing(&mut connection, (tenant(), user(who)), channel).await;
        let expected = Standing {
            is_member,
            last_seq: Seq::from(2),
        };
        assert_eq!(standing.unwrap(), Some(expected));
    }
}

#[tokio::test]
async fn in_a_channel_of_another_tenant_nobody_stands() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let mut connection = world.connection().await;
    let foreign = find_standing(&mut connection, (elsewhere(), user(1)), channel).await;
    assert_eq!(foreign.unwrap(), None);
    let nowhere = find_standing(&mut connection, (tenant(), user(1)), channel_id(999_999)).await;
    assert_eq!(nowhere.unwrap(), None);
}

#[tokio::test]
async fn joins_are_listed_newest_first_and_nothing_else() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let other = world.group(1, &[2]).await;
    world.send(1, channel, "hello").await;
    world.add(1, channel, &[5]).await;
    world.remove(1, channel, 5).await;

    let mut connection = world.connection().await;
    let joins = list_joins(&mut connection, &[channel], 10).await.unwrap();
    let told: Vec<_> = joins.iter().map(|e| (e.kind, e.seq.get())).collect();
    let expected = [(EventKind::MemberAdded, 3), (EventKind::ChannelCreated, 1)];
    assert_eq!(told, expected);
    assert_eq!(joins[0].users, users(&[5]));
    assert!(joins[1].made.is_some());
    let cut = list_joins(&mut connection, &[channel, other], 1).await;
    assert_eq!(cut.unwrap().len(), 1);
}
