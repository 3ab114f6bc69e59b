//! Which events made people members: nobody is named who is none, or joined by a newer one.

use discuss_app::log::{Joins, list_joins};
use discuss_domain::{ChannelId, UserId};
use discuss_test_support::World;

use crate::fixture::users;

/// The seqs of the events, and whom each names.
fn told(joins: &Joins) -> Vec<(i64, Vec<UserId>)> {
    let told = |event: &discuss_wire::fanout::FanoutEvent| {
        let mut users = event.users.clone();
        users.sort_unstable();
        (event.seq.get(), users)
    };
    joins.events.iter().map(|(_, event)| told(event)).collect()
}

async fn joins_of(world: &World, channels: &[ChannelId], limit: i64) -> Joins {
    list_joins(&world.app, channels, limit).await.unwrap()
}

#[tokio::test]
async fn former_members_are_not_named_as_joined() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.add(1, channel, &[5, 6]).await;
    world.add(1, channel, &[7]).await;
    for user in [2, 5, 7] {
        world.remove(1, channel, user).await;
    }
    let joins = joins_of(&world, &[channel], 10).await;
    assert_eq!(told(&joins), [(2, users(&[6])), (1, users(&[1]))]);
}

#[tokio::test]
async fn who_joined_again_is_named_by_the_newest_event_only() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.add(1, channel, &[5]).await;
    for user in [2, 5] {
        world.remove(1, channel, user).await;
    }
    world.add(1, channel, &[2, 5]).await;
    let joins = joins_of(&world, &[channel], 10).await;
    assert_eq!(told(&joins), [(5, users(&[2, 5])), (1, users(&[1]))]);
}

#[tokio::test]
async fn a_channel_of_former_members_crowds_out_others_and_that_is_said() {
    let world = World::new().await;
    let (crowded, other) = (world.group(1, &[2]).await, world.group(1, &[2]).await);
    for _ in 0..2 {
        world.add(1, crowded, &[5]).await;
        world.remove(1, crowded, 5).await;
    }
    let cut = joins_of(&world, &[crowded, other], 3).await;
    assert_eq!(told(&cut), [(1, users(&[1, 2]))]);
    assert!(cut.is_cut);
    let all = joins_of(&world, &[crowded, other], 5).await;
    assert_eq!(told(&all).len(), 2);
    assert!(!all.is_cut);
}
