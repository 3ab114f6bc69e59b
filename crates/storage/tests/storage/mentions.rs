//! Members by their names, and what is counted of mentions.

use discuss_domain::messages::Draft;

use discuss_domain::{ChannelId, TenantId};
use discuss_storage::Connection;
use discuss_storage::channels::{find_seen, list_seen};
use discuss_storage::messages::mentions::list_named;
use discuss_test_support::{World, reply_sql};

use crate::fixture::{elsewhere, tenant, user, users};

const ALL: (i64, i64) = (0, 100);

async fn name(world: &World, tenant: TenantId, user: i64, name: &str) {
    let sql =
        format!("INSERT INTO users (tenant_id, user_id, name) VALUES ({tenant}, {user}, '{name}')");
    world.execute(&sql).await;
}

fn naming(ids: &[i64]) -> Draft {
    Draft {
        mentions: users(ids),
        ..World::draft("hello")
    }
}

/// What is unread of the mentions of somebody.
async fn unread(connection: &mut Connection, viewer: i64, channel: ChannelId) -> i64 {
    let one = find_seen(connection, tenant(), user(viewer), channel).await;
    let one = one.unwrap().unwrap().unread_mentions;
    let filter = discuss_domain::channels::ListFilter::default();
    let listed = list_seen(connection, (tenant(), user(viewer)), &filter, ALL).await;
    let listed = listed.unwrap();
    let same = listed.iter().find(|seen| seen.channel.id == channel);
    assert_eq!(same.unwrap().unread_mentions, one);
    one
}

#[tokio::test]
async fn members_are_found_by_their_names_in_whatever_case() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3, 4]).await;
    world.remove(1, channel, 4).await;
    for (user, text) in [
        (2, "Trần Bình"),
        (3, "TRẦN BÌNH"),
        (4, "Trần Bình"),
        (50, "Trần Bình"),
        (1, "An"),
    ] {
        name(&world, tenant(), user, text).await;
    }
    name(&world, elsewhere(), 1, "Trần Bình").await;
    let mut connection = world.connection().await;
    let names = [
        "trần bình".to_owned(),
        "tran binh".to_owned(),
        "nobody".to_owned(),
    ];
    let mut found = list_named(&mut connection, (tenant(), user(1)), channel, &names)
        .await
        .unwrap();
    found.sort();
    let expected = [
        (user(2), "Trần Bình".to_owned()),
        (user(3), "TRẦN BÌNH".to_owned()),
    ];
    assert_eq!(found, expected);
    for outsider in [(elsewhere(), user(1)), (tenant(), user(9))] {
        let none = list_named(&mut connection, outsider, channel, &names).await;
        assert!(none.unwrap().is_empty());
    }
}

#[tokio::test]
async fn mentions_after_the_mark_are_counted_for_who_is_named() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3]).await;
    let other = world.group(1, &[2]).await;
    let sends: [(&[i64], ChannelId); 4] = [
        (&[2, 3], channel),
        (&[2], channel),
        (&[], channel),
        (&[2], other),
    ];
    for (ids, to) in sends {
        world.try_send(1, to, naming(ids)).await.unwrap();
    }
    let mut connection = world.connection().await;
    for (viewer, count) in [(1, 0), (2, 2), (3, 1)] {
        assert_eq!(
            unread(&mut connection, viewer, channel).await,
            count,
            "{viewer}"
        );
    }
    assert_eq!(unread(&mut connection, 2, other).await, 1);
    world
        .execute("UPDATE channel_members SET last_read_seq = 2 WHERE user_id = 2")
        .await;
    assert_eq!(unread(&mut connection, 2, channel).await, 1);
    world.require_consistent().await;
}

#[tokio::test]
async fn a_message_to_everybody_counts_once_for_all_but_its_sender_and_not_when_deleted() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3]).await;
    let sent = world.send(1, channel, "hello").await;
    let mut connection = world.connection().await;
    let to_everybody = format!(
        "UPDATE messages SET mentions = '{{2}}', mentions_everyone = 'HERE' WHERE id = {id};
         INSERT INTO message_mentions (channel_id, user_id, seq) VALUES ({channel}, 0, {seq})",
        id = sent.id,
        seq = sent.seq,
    );
    world.execute(&to_everybody).await;
    world
        .execute("UPDATE channel_members SET last_read_seq = 0")
        .await;
    for (viewer, count) in [(1, 0), (2, 1), (3, 1)] {
        assert_eq!(
            unread(&mut connection, viewer, channel).await,
            count,
            "{viewer}"
        );
    }
    world
        .execute("UPDATE messages SET deleted_at = now(), deleted_by = 1, content = NULL")
        .await;
    assert_eq!(unread(&mut connection, 2, channel).await, 0);
}

#[tokio::test]
async fn a_reply_that_mentions_is_counted_too() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let root = world.send(1, channel, "root").await;
    world
        .execute(&reply_sql(channel.get(), root.id.get(), 1))
        .await;
    world
        .execute("INSERT INTO message_mentions (channel_id, user_id, seq) SELECT channel_id, 2, seq FROM messages WHERE parent_id IS NOT NULL")
        .await;
    let mut connection = world.connection().await;
    assert_eq!(unread(&mut connection, 2, channel).await, 1);
}
