//! Who is in a channel.

use discuss_domain::members::{MemberStatus, Membership, ReadMark, Role};
use discuss_domain::users::User;
use discuss_domain::{Seq, UserId};
use discuss_storage::members::{
    Followed, Joining, find, join, list, list_current, list_followed, remove,
};
use discuss_test_support::World;

use crate::fixture::{at, elsewhere, group, id, tenant, user, users};

#[tokio::test]
async fn who_joins_is_active_and_has_read_everything_so_far() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[1]).await;
    let read = ReadMark {
        message_id: None,
        seq: Seq::from(8),
        count: 5,
    };
    let joining = Joining {
        tenant: tenant(),
        channel: channel.id,
        users: &users(&[2, 3]),
        role: Role::Guest,
        read,
        at: at(3),
    };
    join(&mut connection, &joining).await.unwrap();

    for who in [2, 3] {
        let member = find(&mut connection, channel.id, user(who)).await;
        let member = member.unwrap().unwrap();
        let guest = Membership {
            role: Role::Guest,
            status: MemberStatus::Active,
        };
        assert_eq!(member.membership, guest);
        assert_eq!((member.read, member.joined_at), (read, at(3)));
        assert_eq!((member.tenant_id, member.user_id), (tenant(), user(who)));
    }
    let stranger = find(&mut connection, channel.id, user(4)).await;
    assert_eq!(stranger.unwrap(), None);
}

#[tokio::test]
async fn who_is_removed_stays_known_as_a_former_member() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[1, 2, 3]).await.id;
    remove(&mut connection, channel, user(2), user(1), at(9))
        .await
        .unwrap();

    let former = find(&mut connection, channel, user(2)).await;
    let former = former.unwrap().unwrap();
    assert_eq!(former.membership.status, MemberStatus::Removed);
    assert_eq!(former.left_at, Some(at(9)));
    assert_eq!(former.removed_by, Some(user(1)));
    let other = find(&mut connection, channel, user(3)).await;
    let other = other.unwrap().unwrap();
    assert_eq!(other.membership.status, MemberStatus::Active);
}

#[tokio::test]
async fn who_comes_back_begins_anew() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.send(2, channel, "before").await;
    let mut connection = world.connection().await;
    remove(&mut connection, channel, user(2), user(1), at(9))
        .await
        .unwrap();
    let read = ReadMark {
        message_id: None,
        seq: Seq::from(20),
        count: 11,
    };
    let joining = Joining {
        tenant: tenant(),
        channel,
        users: &users(&[2]),
        role: Role::Admin,
        read,
        at: at(12),
    };
    join(&mut connection, &joining).await.unwrap();

    let member = find(&mut connection, channel, user(2)).await;
    let member = member.unwrap().unwrap();
    let admin = Membership {
        role: Role::Admin,
        status: MemberStatus::Active,
    };
    assert_eq!(member.membership, admin);
    assert_eq!((member.left_at, member.removed_by), (None, None));
    assert_eq!((member.read, member.joined_at), (read, at(12)));
}

#[tokio::test]
async fn members_are_listed_by_their_ids_with_what_is_known_of_them() {
    let world = World::new().await;
    world.remember(5).await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[5, 2, 9, 7]).await;
    remove(&mut connection, channel.id, user(7), user(5), at(9))
        .await
        .unwrap();
    let silence = format!(
        "UPDATE channel_members SET status = 'MUTED' WHERE channel_id = {} AND user_id = 9",
        id(&channel)
    );
    world.execute(&silence).await;

    let all = list(&mut connection, channel.id, 0, 10).await.unwrap();
    let ids: Vec<UserId> = all.iter().map(|(member, _)| member.user_id).collect();
    assert_eq!(ids, users(&[2, 5, 9]));
    assert_eq!(all[0].1, User::unknown(user(2)));
    assert_eq!(all[1].1.name.as_deref(), Some("Person 5"));
    let page = list(&mut connection, channel.id, 1, 1).await.unwrap();
    assert_eq!(page, all[1..2]);
}

#[tokio::test]
async fn of_some_people_those_who_are_in_a_channel_now_are_told() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[1, 2, 3]).await.id;
    remove(&mut connection, channel, user(3), user(1), at(9))
        .await
        .unwrap();
    let asked = users(&[2, 3, 4]);
    let current = list_current(&mut connection, channel, &asked).await;
    assert_eq!(current.unwrap(), users(&[2]));
}

#[tokio::test]
async fn people_follow_the_channels_they_are_in_and_no_other_tenants() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let here = group(&mut connection, tenant(), &[1, 2]).await.id;
    let left = group(&mut connection, tenant(), &[1, 2]).await.id;
    remove(&mut connection, left, user(2), user(1), at(9))
        .await
        .unwrap();
    let there = group(&mut connection, elsewhere(), &[1, 2]).await.id;

    let people = [(tenant(), user(2)), (elsewhere(), user(1))];
    let mut followed = list_followed(&mut connection, &people).await.unwrap();

    followed.sort_unstable_by_key(|(tenant, _)| *tenant);
    let follows = |who, channel| Followed {
        user: user(who),
        channel,
        last_seq: Seq::from(1),
        entity: None,
    };
    let expected = [
        (tenant(), follows(2, here)),
        (elsewhere(), follows(1, there)),
    ];
    assert_eq!(followed, expected);
}
