//! Listing, adding and removing members.

use discuss_app::channels::get_or_create_direct;
use discuss_app::members::{add, list, remove};
use discuss_domain::members::Role;
use discuss_domain::{ChannelId, UserId};
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;

use crate::fixture::{change, refusal, users};

/// A group of the owner 1, the admin 2, the member 3 and the guest 4.
async fn of_all_roles(world: &World, is_private: bool) -> ChannelId {
    let owner = World::person(1);
    let channel = world.group_of(&owner, &[3], is_private).await;
    for (user, role) in [(2, Role::Admin), (4, Role::Guest)] {
        let added = add(&world.app, &owner, channel, &users(&[user]), role).await;
        added.unwrap();
    }
    channel
}

#[tokio::test]
async fn who_is_added_is_in_and_who_was_in_stays_as_they_were() {
    let world = World::new().await;
    let channel = of_all_roles(&world, true).await;
    let asked = users(&[2, 5, 6]);
    let added = add(&world.app, &World::person(1), channel, &asked, Role::Guest).await;
    assert_eq!(added.unwrap(), users(&[5, 6]));

    let (found, seen) = list(&world.app, &World::person(5), channel, (0, 50))
        .await
        .unwrap();
    let roles: Vec<_> = found
        .iter()
        .map(|(m, _)| (m.user_id.get(), m.membership.role))
        .collect();
    let expected = [
        (1, Role::Owner),
        (2, Role::Admin),
        (3, Role::Member),
        (4, Role::Guest),
        (5, Role::Guest),
        (6, Role::Guest),
    ];
    assert_eq!(roles, expected);
    assert_eq!(seen.member_count, 6);
    world.require_consistent().await;
}

#[tokio::test]
async fn who_is_named_twice_is_added_once() {
    let world = World::new().await;
    let channel = of_all_roles(&world, true).await;
    let asked = users(&[6, 5, 6, 3, 3, 5]);
    let added = add(&world.app, &World::person(1), channel, &asked, Role::Member).await;
    assert_eq!(added.unwrap(), users(&[5, 6]));
    let (_, seen) = list(&world.app, &World::person(1), channel, (0, 50))
        .await
        .unwrap();
    assert_eq!(seen.member_count, 6);
    world.require_consistent().await;
}

#[tokio::test]
async fn adding_who_is_in_already_changes_nothing_and_takes_no_seq() {
    let world = World::new().await;
    let channel = of_all_roles(&world, true).await;
    let before = world.everything().await;
    let asked = users(&[2, 3]);
    let added = add(&world.app, &World::person(1), channel, &asked, Role::Guest).await;
    assert_eq!(added.unwrap(), []);
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn who_comes_back_has_read_everything_so_far() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.remove(1, channel, 2).await;
    world.send(1, channel, "while away").await;
    world.add(1, channel, &[2]).await;
    let read = discuss_app::reads::get(&world.app, &World::person(2), channel).await;
    assert_eq!(read.unwrap().unread, 0);
    world.send(1, channel, "since").await;
    let read = discuss_app::reads::get(&world.app, &World::person(2), channel).await;
    assert_eq!(read.unwrap().unread, 1);
    world.require_consistent().await;
}

#[tokio::test]
async fn who_may_not_add_is_told_so_and_nothing_is_stored() {
    let world = World::new().await;
    let private = of_all_roles(&world, true).await;
    let public = of_all_roles(&world, false).await;
    let foreign = World::person_of(World::TENANT + 1, 1);
    let cases = [
        (World::person(2), private, ErrorCode::Forbidden),
        (World::person(3), public, ErrorCode::Forbidden),
        (World::person(4), public, ErrorCode::Forbidden),
        (World::person(50), private, ErrorCode::ChannelNotFound),
        (World::person(50), public, ErrorCode::NotChannelMember),
        (foreign.clone(), private, ErrorCode::ChannelNotFound),
        (foreign, public, ErrorCode::ChannelNotFound),
    ];
    let before = world.everything().await;
    for (person, channel, symbol) in cases {
        let added = add(&world.app, &person, channel, &users(&[9]), Role::Member).await;
        assert_eq!(refusal(added), symbol);
    }
    assert_eq!(world.everything().await, before);
    let admin = World::person(2);
    let added = add(&world.app, &admin, public, &users(&[9]), Role::Member).await;
    assert_eq!(added.unwrap(), users(&[9]));
}

#[tokio::test]
async fn only_the_owner_makes_admins() {
    let world = World::new().await;
    let channel = of_all_roles(&world, false).await;
    let before = world.everything().await;
    let asked = users(&[9]);
    let by_admin = add(&world.app, &World::person(2), channel, &asked, Role::Admin).await;
    assert_eq!(refusal(by_admin), ErrorCode::Forbidden);
    assert_eq!(world.everything().await, before);
    let by_owner = add(&world.app, &World::person(1), channel, &asked, Role::Admin).await;
    assert_eq!(by_owner.unwrap(), asked);
}

#[tokio::test]
async fn who_may_not_remove_is_told_so_and_nothing_is_stored() {
    let world = World::new().await;
    let channel = of_all_roles(&world, true).await;
    world.add(1, channel, &[5]).await;
    let admin = add(
        &world.app,
        &World::person(1),
        channel,
        &users(&[6]),
        Role::Admin,
    )
    .await;
    admin.unwrap();
    let foreign = World::person_of(World::TENANT + 1, 1);
    let cases = [
        (World::person(3), 5, ErrorCode::Forbidden),
        (World::person(4), 5, ErrorCode::Forbidden),
        (World::person(2), 6, ErrorCode::Forbidden),
        (World::person(2), 1, ErrorCode::CannotRemoveOwner),
        (World::person(1), 1, ErrorCode::CannotRemoveOwner),
        (World::person(1), 77, ErrorCode::MemberNotFound),
        (World::person(3), 77, ErrorCode::Forbidden),
        (World::person(50), 5, ErrorCode::ChannelNotFound),
        (foreign, 5, ErrorCode::ChannelNotFound),
    ];
    let before = world.everything().await;
    for (person, user, symbol) in cases {
        let removed = remove(&world.app, &person, channel, UserId::from(user)).await;
        assert_eq!(refusal(removed), symbol, "{user}");
    }
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn an_admin_removes_members_and_guests_the_owner_admins_too() {
    let world = World::new().await;
    let channel = of_all_roles(&world, true).await;
    for (by, user) in [(2, 3), (2, 4), (1, 2)] {
        world.remove(by, channel, user).await;
    }
    let (left, seen) = list(&world.app, &World::person(1), channel, (0, 50))
        .await
        .unwrap();
    assert_eq!((left.len(), seen.member_count), (1, 1));
    world.require_consistent().await;
}

#[tokio::test]
async fn who_was_removed_is_removed_only_once() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.remove(1, channel, 2).await;
    let before = world.everything().await;
    let again = remove(&world.app, &World::person(1), channel, UserId::from(2)).await;
    assert_eq!(refusal(again), ErrorCode::MemberNotFound);
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn a_direct_channel_changes_its_members_for_nobody() {
    let world = World::new().await;
    let (direct, _) = get_or_create_direct(&world.app, &World::person(1), UserId::from(2))
        .await
        .unwrap();
    let channel = direct.channel.id;
    let before = world.everything().await;
    let added = add(
        &world.app,
        &World::person(1),
        channel,
        &users(&[3]),
        Role::Member,
    )
    .await;
    assert_eq!(refusal(added), ErrorCode::Forbidden);
    let removed = remove(&world.app, &World::person(1), channel, UserId::from(2)).await;
    assert_eq!(refusal(removed), ErrorCode::Forbidden);
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn an_archived_channel_changes_its_members_for_nobody() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    change(&world, "UPDATE channels SET archived_at = now()").await;
    let before = world.everything().await;
    let added = add(
        &world.app,
        &World::person(1),
        channel,
        &users(&[3]),
        Role::Member,
    )
    .await;
    assert_eq!(refusal(added), ErrorCode::ChannelArchived);
    let removed = remove(&world.app, &World::person(1), channel, UserId::from(2)).await;
    assert_eq!(refusal(removed), ErrorCode::ChannelArchived);
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn only_members_see_who_is_in_a_channel() {
    let world = World::new().await;
    let public = world.group_of(&World::person(1), &[2], false).await;
    let private = world.group(1, &[2]).await;
    let cases = [
        (World::person(50), public, ErrorCode::NotChannelMember),
        (World::person(50), private, ErrorCode::ChannelNotFound),
        (
            World::person_of(World::TENANT + 1, 1),
            public,
            ErrorCode::ChannelNotFound,
        ),
    ];
    for (person, channel, symbol) in cases {
        let listed = list(&world.app, &person, channel, (0, 50)).await;
        assert_eq!(refusal(listed), symbol);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_are_added_by_many_at_once_are_in_once() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for place in 0..12 {
        let app = world.app.clone();
        tasks.spawn(async move {
            let asked = users(&[10 + place % 3, 20]);
            let added = add(&app, &World::person(1), channel, &asked, Role::Member).await;
            added.unwrap().len()
        });
    }
    let added: usize = tasks.join_all().await.iter().sum();
    assert_eq!(added, 4);
    world.require_consistent().await;
}
