//! The relay's heads move only under the lease's epoch and from where they are; its pages are the log.

use std::time::Duration;

use chrono::Utc;
use discuss_domain::channels::ChannelKind;
use discuss_domain::members::{MemberStatus, Role};
use discuss_domain::{ChannelId, EventKind, Seq, UserId};
use discuss_storage::event_log::prune::{Keep, prune};
use discuss_storage::relay::{Advance, Behind, RelayLog, RelayedEvent, Shard, Wanted, leases};
use discuss_test_support::World;
use uuid::Uuid;

use crate::fixture::users;

/// A world in which some process holds all shards under epoch 1.
async fn led() -> (World, RelayLog) {
    let world = World::new().await;
    take_all(&world).await;
    let log = RelayLog::connect(world.database.database()).await.unwrap();
    (world, log)
}

fn all_shards() -> Vec<Shard> {
    (0..16).map(Shard::from).collect()
}

/// Somebody takes all shards: the epochs grow by one.
async fn take_all(world: &World) {
    let mut connection = world.connection().await;
    let term = Duration::from_mins(1);
    let process = Uuid::new_v4();
    leases::take(&mut connection, process, term, &all_shards())
        .await
        .unwrap();
}

fn step(channel: ChannelId, from: i64, to: i64, epoch: i64) -> Advance {
    let (from, to) = (Seq::from(from), Seq::from(to));
    Advance {
        channel,
        from,
        to,
        epoch,
    }
}

async fn head(log: &RelayLog, channel: ChannelId) -> i64 {
    log.list_heads(&[channel]).await.unwrap()[0].1.get()
}

async fn events(log: &RelayLog, wanted: &[(ChannelId, i64, i64)]) -> Vec<RelayedEvent> {
    let wanted = wanted.iter().map(|(channel, after, limit)| Wanted {
        channel: *channel,
        after: Seq::from(*after),
        limit: *limit,
    });
    let wanted: Vec<Wanted> = wanted.collect();
    log.list_events(&wanted).await.unwrap()
}

fn places(events: &[RelayedEvent]) -> Vec<(ChannelId, i64)> {
    let place = |event: &RelayedEvent| (event.channel, event.seq.get());
    events.iter().map(place).collect()
}

#[tokio::test]
async fn heads_move_from_where_they_are_and_are_told_one_by_one() {
    let (world, log) = led().await;
    let one = world.group(1, &[2]).await;
    let other = world.group(1, &[2]).await;
    let first = [step(other, 0, 4, 1), step(one, 0, 2, 1)];
    assert_eq!(log.advance(&first).await.unwrap().len(), 2);
    let second = [step(one, 2, 3, 1), step(other, 3, 5, 1)];
    assert_eq!(log.advance(&second).await.unwrap(), [one]);
    assert_eq!((head(&log, one).await, head(&log, other).await), (3, 4));
    assert_eq!(log.advance(&first).await.unwrap(), []);
    assert_eq!((head(&log, one).await, head(&log, other).await), (3, 4));
}

#[tokio::test]
async fn a_leader_of_an_old_epoch_moves_nothing_whether_the_new_one_has_relayed_or_not() {
    let (world, log) = led().await;
    let channel = world.group(1, &[2]).await;
    assert_eq!(
        log.advance(&[step(channel, 0, 2, 1)]).await.unwrap(),
        [channel]
    );
    take_all(&world).await;
    assert_eq!(log.advance(&[step(channel, 2, 5, 1)]).await.unwrap(), []);
    assert_eq!(
        log.advance(&[step(channel, 2, 3, 2)]).await.unwrap(),
        [channel]
    );
    assert_eq!(log.advance(&[step(channel, 3, 5, 1)]).await.unwrap(), []);
    assert_eq!(head(&log, channel).await, 3);
}

#[tokio::test]
async fn who_has_given_up_a_lease_may_finish_until_somebody_takes_it() {
    let (world, log) = led().await;
    let channel = world.group(1, &[2]).await;
    world
        .execute("UPDATE relay_leases SET holder = NULL, expires_at = '-infinity'")
        .await;
    assert_eq!(
        log.advance(&[step(channel, 0, 1, 1)]).await.unwrap(),
        [channel]
    );
}

#[tokio::test]
async fn a_head_that_was_taken_away_is_not_put_back_by_who_remembers_it() {
    let (world, log) = led().await;
    let channel = world.group(1, &[2]).await;
    log.advance(&[step(channel, 0, 2, 1)]).await.unwrap();
    world.execute("DELETE FROM relay_heads").await;
    assert_eq!(log.advance(&[step(channel, 2, 3, 1)]).await.unwrap(), []);
    assert_eq!(head(&log, channel).await, 0);
}

#[tokio::test]
async fn behind_are_the_channels_of_the_shards_that_go_on_after_their_heads() {
    let (world, log) = led().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(world.group(1, &[2]).await);
    }
    world.send(1, made[1], "a").await;
    log.advance(&[step(made[0], 0, 1, 1), step(made[1], 0, 1, 1)])
        .await
        .unwrap();
    let behind = |index: usize, head, last| Behind {
        channel: made[index],
        head: Seq::from(head),
        last_seq: Seq::from(last),
    };
    let last = log.last_channel().await.unwrap();
    assert_eq!(last, made[2].get());
    let mut all = log.list_behind(&all_shards(), (0, last)).await.unwrap();
    all.sort_unstable_by_key(|behind| behind.channel);
    assert_eq!(all, [behind(1, 1, 2), behind(2, 0, 1)]);
    let of_one = log.list_behind(&[Shard::of(made[1])], (0, last)).await;
    assert_eq!(of_one.unwrap(), [behind(1, 1, 2)]);
    let later = log.list_behind(&all_shards(), (made[1].get(), last)).await;
    assert_eq!(later.unwrap(), [behind(2, 0, 1)]);
}

#[tokio::test]
async fn one_page_has_of_each_channel_what_was_asked_for_in_order() {
    let (world, log) = led().await;
    let one = world.group(1, &[2]).await;
    let other = world.group(1, &[2]).await;
    for text in ["a", "b", "c"] {
        world.send(1, one, text).await;
        world.send(2, other, text).await;
    }
    let page = events(&log, &[(other, 1, 9), (one, 0, 2)]).await;
    let expected = [(one, 1), (one, 2), (other, 2), (other, 3), (other, 4)];
    assert_eq!(places(&page), expected);
    let end = events(&log, &[(one, 4, 5)]).await;
    assert_eq!(places(&end), []);
}

#[tokio::test]
async fn every_kind_of_event_is_read_with_what_it_is_about() {
    let (world, log) = led().await;
    let channel = world.group(1, &[2]).await;
    world.add(1, channel, &[9, 8]).await;
    world.remove(1, channel, 9).await;
    let sent = world.send(2, channel, "hello").await;
    let ids = "UPDATE channel_events SET correlation_id = 'r', traceparent = 't' WHERE seq = 4";
    world.execute(ids).await;

    let page = events(&log, &[(channel, 0, 9)]).await;

    let kinds: Vec<_> = page.iter().filter_map(|event| event.kind).collect();
    let expected = [
        EventKind::ChannelCreated,
        EventKind::MemberAdded,
        EventKind::MemberRemoved,
        EventKind::MessageCreated,
    ];
    assert_eq!(kinds, expected);
    let subject = page[0].subject.as_ref().unwrap();
    assert_eq!(
        (subject.kind, subject.name.as_deref()),
        (ChannelKind::Group, Some("Team"))
    );
    assert_eq!(subject.created_by, UserId::from(1));
    let statuses: Vec<_> = page[1]
        .members
        .iter()
        .map(|m| (m.user.get(), m.role, m.status))
        .collect();
    let (active, removed) = (MemberStatus::Active, MemberStatus::Removed);
    assert_eq!(
        statuses,
        [(8, Role::Member, active), (9, Role::Member, removed)]
    );
    assert_eq!(page[2].users, users(&[9]));
    assert_eq!(page[2].members.len(), 1);
    let message = page[3].message.as_ref().unwrap();
    assert_eq!(
        (message.id, message.content.as_deref()),
        (sent.id, Some("hello"))
    );
    assert_eq!(page[3].correlation_id.as_deref(), Some("r"));
    assert_eq!(page[3].traceparent.as_deref(), Some("t"));
    assert!(page[3].subject.is_none() && page[3].members.is_empty());
}

#[tokio::test]
async fn an_erased_message_is_read_as_a_tombstone_and_an_unknown_kind_as_unknown() {
    let (world, log) = led().await;
    let channel = world.group(1, &[2]).await;
    world.send(1, channel, "secret").await;
    world.send(1, channel, "b").await;
    let sql =
        "UPDATE messages SET content = NULL, deleted_at = now(), deleted_by = 1 WHERE seq = 2;
        UPDATE channel_events SET kind = 'of tomorrow' WHERE seq = 3";
    world.execute(sql).await;
    let page = events(&log, &[(channel, 1, 9)]).await;
    let message = page[0].message.as_ref().unwrap();
    assert_eq!(
        (message.content.as_deref(), message.is_deleted),
        (None, true)
    );
    assert_eq!(page[1].kind, None);
}

#[tokio::test]
async fn an_event_is_pruned_only_after_the_relay_has_moved_its_head_past_it() {
    let (world, log) = led().await;
    let channel = world.group(1, &[2]).await;
    for text in ["a", "b", "c"] {
        world.send(1, channel, text).await;
    }
    let mut connection = world.connection().await;
    let since = Utc::now() + chrono::Duration::days(1);
    let keep = Keep { since, newest: 0 };
    assert_eq!(prune(&mut connection, channel, keep, 99).await.unwrap(), 0);
    log.advance(&[step(channel, 0, 2, 1)]).await.unwrap();
    assert_eq!(prune(&mut connection, channel, keep, 99).await.unwrap(), 2);
    take_all(&world).await;
    log.advance(&[step(channel, 2, 4, 1)]).await.unwrap();
    assert_eq!(prune(&mut connection, channel, keep, 99).await.unwrap(), 0);
    let left = events(&log, &[(channel, 2, 9)]).await;
    assert_eq!(places(&left), [(channel, 3), (channel, 4)]);
}
