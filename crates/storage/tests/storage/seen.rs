//! Channels as one person sees them.

use discuss_domain::channels::ChannelKind;
use discuss_domain::channels::{ListFilter, Seen};
use discuss_domain::members::{MemberStatus, Role};
use discuss_domain::users::User;
use discuss_domain::{ChannelId, TenantId};
use discuss_storage::channels::{count_seen, find_seen, list_seen};
use discuss_storage::{Connection, members};
use discuss_test_support::World;

use crate::fixture::{at, direct, elsewhere, group, id, tenant, user};

const ALL: (i64, i64) = (0, 100);

async fn seen(connection: &mut Connection, viewer: i64, id: ChannelId) -> Seen {
    let found = find_seen(connection, tenant(), user(viewer), id).await;
    found.unwrap().unwrap()
}

async fn listed(connection: &mut Connection, viewer: (TenantId, i64)) -> Vec<ChannelId> {
    let viewer = (viewer.0, user(viewer.1));
    let filter = ListFilter::default();
    let seen = list_seen(connection, viewer, &filter, ALL).await.unwrap();
    let count = count_seen(connection, viewer, &filter).await.unwrap();
    assert_eq!(usize::try_from(count).unwrap(), seen.len());
    seen.iter().map(|seen| seen.channel.id).collect()
}

#[tokio::test]
async fn a_direct_channel_shows_each_of_the_two_the_other() {
    let world = World::new().await;
    world.remember(4).await;
    let mut connection = world.connection().await;
    let channel = direct(&mut connection, 9, 4).await.id;
    // Somebody else of the same id, in another tenant.
    world
        .execute("INSERT INTO users (tenant_id, user_id, name) VALUES (4, 9, 'Stranger')")
        .await;

    let by_9 = seen(&mut connection, 9, channel).await;
    let by_4 = seen(&mut connection, 4, channel).await;

    assert_eq!(by_9.other.unwrap().name.as_deref(), Some("Person 4"));
    assert_eq!(by_4.other, Some(User::unknown(user(9))));
}

#[tokio::test]
async fn a_group_shows_its_newest_message_and_who_sent_it() {
    let world = World::new().await;
    world.remember(2).await;
    let channel = world.group(1, &[2]).await;
    world.send(1, channel, "first").await;
    let newest = world.send(2, channel, "second").await;

    let mut connection = world.connection().await;
    let by_1 = seen(&mut connection, 1, channel).await;

    let (text, sender) = by_1.last_message.unwrap();
    assert_eq!(text, "second");
    assert_eq!(
        (sender.id, sender.name.as_deref()),
        (user(2), Some("Person 2"))
    );
    assert_eq!(by_1.channel.last_message_id, Some(newest.id));
    assert_eq!(by_1.channel.last_message_at, Some(newest.created_at));
    assert!(by_1.other.is_none());
}

#[tokio::test]
async fn a_deleted_newest_message_is_not_shown() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.send(1, channel, "secret").await;
    let delete = "UPDATE messages SET content = NULL, deleted_at = now(), deleted_by = 1";
    world.execute(delete).await;

    let mut connection = world.connection().await;
    let by_2 = seen(&mut connection, 2, channel).await;
    assert!(by_2.last_message.is_none());
}

#[tokio::test]
async fn unread_is_what_was_counted_since_ones_mark() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.send(1, channel, "one").await;
    world.send(1, channel, "two").await;

    let mut connection = world.connection().await;
    for (viewer, unread) in [(1, 0), (2, 2)] {
        let seen = seen(&mut connection, viewer, channel).await;
        let base = seen.channel.counters.unread_count_base;
        assert_eq!(seen.membership.unwrap().read.unread(base), unread);
    }
}

#[tokio::test]
async fn a_channel_of_another_tenant_is_not_seen_and_one_of_others_without_membership() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let theirs = group(&mut connection, elsewhere(), &[1]).await.id;
    let others = group(&mut connection, tenant(), &[5]).await.id;

    let found = find_seen(&mut connection, tenant(), user(1), theirs).await;
    assert!(found.unwrap().is_none());
    assert!(seen(&mut connection, 1, others).await.membership.is_none());
}

#[tokio::test]
async fn a_former_membership_is_seen_but_its_channel_is_not_listed() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[1, 2]).await.id;
    members::remove(&mut connection, channel, user(2), user(1), at(9))
        .await
        .unwrap();

    let member = seen(&mut connection, 2, channel).await.membership.unwrap();
    assert_eq!(member.membership.status, MemberStatus::Removed);
    assert_eq!(listed(&mut connection, (tenant(), 2)).await, []);
    assert_eq!(listed(&mut connection, (tenant(), 1)).await, [channel]);
}

#[tokio::test]
async fn pinned_channels_are_listed_first_then_those_with_the_newest_message() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let mut made = Vec::new();
    for _ in 0..4 {
        made.push(group(&mut connection, tenant(), &[1]).await);
    }
    let [quiet, old, new, pinned] = [0, 1, 2, 3].map(|place| made[place].id);
    let sql = format!(
        "UPDATE channels SET last_message_at = created_at + interval '1 hour' WHERE id = {old};
         UPDATE channels SET last_message_at = created_at + interval '2 hours' WHERE id = {new};
         UPDATE channel_members SET is_pinned = true WHERE channel_id = {pinned}"
    );
    world.execute(&sql).await;

    let order = [pinned, new, old, quiet];
    assert_eq!(listed(&mut connection, (tenant(), 1)).await, order);
    for (page, expected) in order.chunks(3).enumerate() {
        let bounds = (i64::try_from(page).unwrap() * 3, 3);
        let viewer = (tenant(), user(1));
        let page = list_seen(&mut connection, viewer, &ListFilter::default(), bounds).await;
        let page: Vec<_> = page.unwrap().iter().map(|seen| seen.channel.id).collect();
        assert_eq!(page, expected);
    }
}

#[tokio::test]
async fn a_list_can_be_of_one_kind_or_of_archived_channels() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let team = group(&mut connection, tenant(), &[1]).await;
    let pair = direct(&mut connection, 1, 2).await;
    let closed = group(&mut connection, tenant(), &[1]).await;
    let archive = format!(
        "UPDATE channels SET archived_at = now() WHERE id = {}",
        id(&closed)
    );
    world.execute(&archive).await;

    let cases = [
        (Some(ChannelKind::Group), false, vec![team.id]),
        (Some(ChannelKind::Direct), false, vec![pair.id]),
        (Some(ChannelKind::Direct), true, vec![]),
        (None, true, vec![closed.id]),
    ];
    for (kind, is_archived, expected) in cases {
        let filter = ListFilter {
            kind,
            is_archived,
            ..ListFilter::default()
        };
        let viewer = (tenant(), user(1));
        let seen = list_seen(&mut connection, viewer, &filter, ALL).await;
        let ids: Vec<_> = seen.unwrap().iter().map(|seen| seen.channel.id).collect();
        assert_eq!(ids, expected);
        let count = count_seen(&mut connection, viewer, &filter).await.unwrap();
        assert_eq!(usize::try_from(count).unwrap(), expected.len());
    }
}

#[tokio::test]
async fn somebody_of_the_same_id_in_another_tenant_has_a_list_of_their_own() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let here = group(&mut connection, tenant(), &[1]).await.id;
    let there = group(&mut connection, elsewhere(), &[1]).await.id;
    assert_eq!(listed(&mut connection, (tenant(), 1)).await, [here]);
    assert_eq!(listed(&mut connection, (elsewhere(), 1)).await, [there]);
    let member = seen(&mut connection, 1, here).await.membership.unwrap();
    assert_eq!(member.membership.role, Role::Owner);
}
