//! Making, reading and listing channels.

use discuss_app::channels::{create_group, get, get_or_create_direct, list};
use discuss_domain::channels::{ChannelKind, ChannelName, ListFilter, NewGroup};
use discuss_domain::members::Role;
use discuss_domain::{ChannelId, Seq, UserId};
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;

use crate::fixture::{refusal, users};

fn team(members: &[i64]) -> NewGroup {
    NewGroup {
        name: ChannelName::parse("Team").unwrap(),
        description: None,
        is_private: true,
        members: users(members),
        metadata: None,
    }
}

async fn role(world: &World, channel: ChannelId, user: i64) -> Role {
    let seen = get(&world.app, &World::person(user), channel).await;
    seen.unwrap().membership.unwrap().membership.role
}

#[tokio::test]
async fn who_makes_a_group_owns_it_and_the_others_are_members() {
    let world = World::new().await;
    let made = create_group(&world.app, &World::person(1), &team(&[2, 3])).await;
    let made = made.unwrap();

    let channel = made.channel;
    assert_eq!(
        (channel.kind, channel.member_count),
        (ChannelKind::Group, 3)
    );
    assert_eq!(channel.counters.last_seq, Seq::from(1));
    assert_eq!(made.membership.unwrap().membership.role, Role::Owner);
    for user in [2, 3] {
        assert_eq!(role(&world, channel.id, user).await, Role::Member);
    }
    world.require_consistent().await;
}

#[tokio::test]
async fn a_group_can_be_of_its_owner_alone() {
    let world = World::new().await;
    let made = create_group(&world.app, &World::person(1), &team(&[])).await;
    assert_eq!(made.unwrap().channel.member_count, 1);
    world.require_consistent().await;
}

#[tokio::test]
async fn who_names_themselves_or_others_twice_is_still_the_owner_and_all_are_counted_once() {
    let world = World::new().await;
    let made = create_group(&world.app, &World::person(2), &team(&[1, 3, 2, 3, 1])).await;
    let channel = made.unwrap().channel;
    assert_eq!(channel.member_count, 3);
    assert_eq!(role(&world, channel.id, 2).await, Role::Owner);
    world.require_consistent().await;
}

#[tokio::test]
async fn a_direct_channel_is_made_once_for_the_two() {
    let world = World::new().await;
    let (one, other) = (World::person(1), World::person(2));
    let (made, is_new) = get_or_create_direct(&world.app, &one, UserId::from(2))
        .await
        .unwrap();
    assert!(is_new);
    let (same, is_new) = get_or_create_direct(&world.app, &other, UserId::from(1))
        .await
        .unwrap();
    assert!(!is_new);
    assert_eq!(same.channel.id, made.channel.id);
    assert_eq!(made.other.unwrap().id, UserId::from(2));
    assert_eq!(same.other.unwrap().id, UserId::from(1));
    assert_eq!(role(&world, made.channel.id, 1).await, Role::Member);
    let elsewhere = World::person_of(World::TENANT + 1, 1);
    let (foreign, is_new) = get_or_create_direct(&world.app, &elsewhere, UserId::from(2))
        .await
        .unwrap();
    assert!(is_new);
    assert_ne!(foreign.channel.id, made.channel.id);
    world.require_consistent().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_who_ask_for_a_direct_channel_at_once_get_the_same_one() {
    let world = World::new().await;
    let apps = [world.app.clone(), world.another_app()];
    let mut tasks = tokio::task::JoinSet::new();
    for place in 0..20 {
        let app = apps[place % 2].clone();
        let (one, other) = if place % 3 == 0 { (1, 2) } else { (2, 1) };
        tasks.spawn(async move {
            let asked = get_or_create_direct(&app, &World::person(one), UserId::from(other)).await;
            let (seen, is_new) = asked.unwrap();
            (seen.channel.id, is_new)
        });
    }
    let answers = tasks.join_all().await;
    let made = answers.iter().filter(|(_, is_new)| *is_new).count();
    assert_eq!(made, 1);
    assert!(answers.iter().all(|(id, _)| *id == answers[0].0));
    assert_eq!(world.number("SELECT count(*) FROM channels").await, 1);
    world.require_consistent().await;
}

#[tokio::test]
async fn nobody_has_a_direct_channel_with_themselves() {
    let world = World::new().await;
    let asked = get_or_create_direct(&world.app, &World::person(1), UserId::from(1)).await;
    assert_eq!(refusal(asked), ErrorCode::ValidationError);
    assert_eq!(world.everything().await, "");
}

#[tokio::test]
async fn a_private_channel_is_not_there_for_strangers_former_members_and_other_tenants() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3]).await;
    world.remove(1, channel, 3).await;
    let (direct, _) = get_or_create_direct(&world.app, &World::person(1), UserId::from(2))
        .await
        .unwrap();
    let nobodies = [
        (World::person(50), channel),
        (World::person(3), channel),
        (World::person_of(World::TENANT + 1, 1), channel),
        (World::person(3), direct.channel.id),
        (World::person(1), ChannelId::from(999_999)),
    ];
    for (person, channel) in nobodies {
        let seen = get(&world.app, &person, channel).await;
        assert_eq!(refusal(seen), ErrorCode::ChannelNotFound);
    }
}

#[tokio::test]
async fn strangers_see_a_public_channel_but_not_what_is_said_in_it() {
    let world = World::new().await;
    let channel = world.group_of(&World::person(1), &[2, 3], false).await;
    world.send(1, channel, "for members").await;
    world.remove(1, channel, 3).await;
    for stranger in [3, 50] {
        let seen = get(&world.app, &World::person(stranger), channel).await;
        let seen = seen.unwrap();
        assert!(seen.membership.is_none());
        assert!(seen.last_message.is_none());
    }
    let member = get(&world.app, &World::person(2), channel).await.unwrap();
    assert_eq!(member.last_message.unwrap().0, "for members");
    let foreign = World::person_of(World::TENANT + 1, 1);
    let seen = get(&world.app, &foreign, channel).await;
    assert_eq!(refusal(seen), ErrorCode::ChannelNotFound);
}

#[tokio::test]
async fn ones_channels_are_listed_page_by_page_the_newest_message_first() {
    let world = World::new().await;
    let first = world.group(1, &[2]).await;
    let second = world.group(1, &[2]).await;
    let (direct, _) = get_or_create_direct(&world.app, &World::person(2), UserId::from(1))
        .await
        .unwrap();
    world.group(1, &[3]).await;
    world.send(1, first, "newest").await;
    // Whatever the clock did between the two.
    let later = format!(
        "UPDATE channels SET last_message_at = now() + interval '1 hour' WHERE id = {first}"
    );
    world.execute(&later).await;

    let reader = World::person(2);
    let mut ids = Vec::new();
    for page in 0..2 {
        let (seen, total) = list(&world.app, &reader, ListFilter::default(), (page, 2))
            .await
            .unwrap();
        assert_eq!(total, 3);
        ids.extend(seen.iter().map(|seen| seen.channel.id));
    }
    assert_eq!(ids[0], first);
    ids.sort_unstable();
    assert_eq!(ids, [first, second, direct.channel.id]);
    let directs = ListFilter {
        kind: Some(ChannelKind::Direct),
        ..ListFilter::default()
    };
    let (seen, total) = list(&world.app, &reader, directs, (0, 9)).await.unwrap();
    assert_eq!((seen.len(), total), (1, 1));
    let foreign = World::person_of(World::TENANT + 1, 2);
    let (seen, total) = list(&world.app, &foreign, ListFilter::default(), (0, 9))
        .await
        .unwrap();
    assert_eq!((seen.len(), total), (0, 0));
}
