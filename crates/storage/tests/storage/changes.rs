//! Changing channels, leaving them, and what members want for themselves.

use discuss_domain::channels::{Channel, Counters};
use discuss_domain::members::{Former, MemberStatus, NotificationLevel, OwnSettings, Role};
use discuss_storage::channels::{find_for_update, is_merged, set_archived, update};
use discuss_storage::members::{find, find_former, find_person, leave, remove, set_settings};
use discuss_test_support::World;
use serde_json::json;

use crate::fixture::{at, enter, group, id, tenant, user};

#[tokio::test]
async fn only_what_is_to_change_changes_and_a_seq_is_taken() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[1, 2]).await;
    let wanted = Channel {
        name: Some("Other".to_owned()),
        description: Some("What it is about".to_owned()),
        is_private: false,
        metadata: Some(json!({ "color": "red" })),
        member_count: 99,
        ..channel.clone()
    };
    let changed = update(&mut connection, &wanted, at(5)).await.unwrap();
    let expected = Channel {
        counters: Counters {
            last_seq: channel.counters.last_seq.next(),
            ..channel.counters
        },
        member_count: 2,
        updated_at: at(5),
        ..wanted
    };
    assert_eq!(changed, expected);

    let cleared = Channel {
        description: None,
        metadata: None,
        ..changed
    };
    let cleared = update(&mut connection, &cleared, at(6)).await.unwrap();
    assert_eq!((&cleared.description, &cleared.metadata), (&None, &None));
    let kept = find_for_update(&mut connection, tenant(), channel.id).await;
    assert_eq!(kept.unwrap(), Some(cleared));
}

#[tokio::test]
async fn a_channel_is_archived_and_merged_only_when_it_is_said() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[1]).await;
    let other = group(&mut connection, tenant(), &[1]).await;
    let archived = set_archived(&mut connection, channel.id, Some(at(3)), at(4)).await;
    assert_eq!(archived.unwrap().archived_at, Some(at(3)));
    assert!(!is_merged(&mut connection, channel.id).await.unwrap());
    let merge = format!(
        "UPDATE channels SET merged_into = {} WHERE id = {}",
        id(&other),
        id(&channel)
    );
    world.execute(&merge).await;
    assert!(is_merged(&mut connection, channel.id).await.unwrap());
}

#[tokio::test]
async fn who_leaves_is_known_as_silenced_if_they_were_until_they_are_in_again() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[1, 2, 3]).await;
    let silence = format!(
        "UPDATE channel_members SET status = 'MUTED' WHERE channel_id = {} AND user_id = 3",
        id(&channel)
    );
    world.execute(&silence).await;
    for (who, left_silenced) in [(2, false), (3, true)] {
        leave(&mut connection, channel.id, user(who), at(9))
            .await
            .unwrap();
        let former = find_former(&mut connection, channel.id, user(who)).await;
        let Former {
            membership,
            left_silenced: kept,
        } = former.unwrap().unwrap();
        assert_eq!(kept, left_silenced);
        assert_eq!(membership.status, MemberStatus::Left);
        let member = find(&mut connection, channel.id, user(who)).await;
        let member = member.unwrap().unwrap();
        assert_eq!((member.left_at, member.removed_by), (Some(at(9)), None));
    }
    enter(&mut connection, &channel, &[3], Role::Member).await;
    let back = find_former(&mut connection, channel.id, user(3)).await;
    assert!(!back.unwrap().unwrap().left_silenced);
    let stranger = find_former(&mut connection, channel.id, user(8)).await;
    assert_eq!(stranger.unwrap(), None);
}

#[tokio::test]
async fn settings_are_those_of_who_is_in_the_channel() {
    let world = World::new().await;
    world.remember(2).await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[1, 2]).await.id;
    let pinned = OwnSettings {
        is_pinned: Some(true),
        notification_level: Some(NotificationLevel::None),
        ..OwnSettings::default()
    };
    let member = set_settings(&mut connection, (channel, user(2)), pinned).await;
    let member = member.unwrap().unwrap();
    assert!(member.is_pinned && !member.is_muted);
    assert_eq!(member.notification_level, NotificationLevel::None);
    let (same, person) = find_person(&mut connection, channel, user(2))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((same, person.name.as_deref()), (member, Some("Person 2")));
    let other = find(&mut connection, channel, user(1)).await;
    assert!(!other.unwrap().unwrap().is_pinned);

    remove(&mut connection, channel, user(2), user(1), at(9))
        .await
        .unwrap();
    let gone = set_settings(&mut connection, (channel, user(2)), pinned).await;
    assert_eq!(gone.unwrap(), None);
    let gone = find_person(&mut connection, channel, user(2)).await;
    assert_eq!(gone.unwrap(), None);
}
