//! Which events are read next, and what becomes of pages, also of bad ones.

use chrono::{DateTime, Utc};
use discuss_domain::messages::MessageKind;
use discuss_domain::{EventKind, MessageId, TenantId, UserId};
use discuss_storage::relay::RelayedMessage;

use super::*;

const EPOCH: i64 = 4;

fn channel(id: i64) -> ChannelId {
    ChannelId::from(id)
}

/// A tail that is behind in these channels: (channel, head, last).
fn tail(behind: &[(i64, i64, i64)]) -> Tail {
    let mut tail = Tail::default();
    for (id, head, last) in behind {
        tail.start_at(channel(*id), Seq::from(*head));
        tail.learn(channel(*id), Seq::from(*last));
    }
    tail
}

fn event(id: i64, seq: i64) -> RelayedEvent {
    RelayedEvent {
        tenant: TenantId::from(3),
        channel: channel(id),
        seq: Seq::from(seq),
        kind: Some(EventKind::MessageCreated),
        actor: UserId::from(5),
        at: DateTime::<Utc>::UNIX_EPOCH,
        correlation_id: Some("r".to_owned()),
        traceparent: None,
        users: Vec::new(),
        members: Vec::new(),
        emoji: None,
        message: Some(RelayedMessage {
            id: MessageId::from(seq),
            sender: UserId::from(5),
            content: Some("a".to_owned()),
            kind: MessageKind::Text,
            parent: None,
            mentions: Vec::new(),
            is_deleted: false,
        }),
        subject: None,
    }
}

/// The batch of a page that was asked for of all that is behind.
fn batch(tail: &mut Tail, events: Vec<RelayedEvent>) -> Batch {
    let wanted = plan(tail, channel(0));
    let held = (0..16).map(|shard| (Shard::from(shard), EPOCH)).collect();
    let page = Page {
        wanted: &wanted,
        events,
    };
    page.into_batch(tail, &held)
}

fn step(id: i64, from: i64, to: i64) -> Advance {
    Advance {
        channel: channel(id),
        from: Seq::from(from),
        to: Seq::from(to),
        epoch: EPOCH,
    }
}

fn limits(wanted: &[Wanted]) -> Vec<(i64, i64)> {
    let pair = |wanted: &Wanted| (wanted.channel.get(), wanted.limit);
    wanted.iter().map(pair).collect()
}

#[test]
fn a_page_asks_for_what_is_known_to_be_there_and_no_more() {
    let tail = tail(&[(1, 0, 2), (7, 10, 11), (9, 5, 5)]);
    assert_eq!(limits(&plan(&tail, channel(0))), [(1, 2), (7, 1)]);
    assert_eq!(limits(&plan(&tail, channel(2))), [(7, 1), (1, 2)]);
}

#[test]
fn one_busy_channel_has_a_whole_page_and_two_have_half_of_it_each() {
    assert_eq!(
        limits(&plan(&tail(&[(1, 0, 9_000)]), channel(0))),
        [(1, 500)]
    );
    let two = tail(&[(1, 0, 9_000), (2, 0, 9_000)]);
    assert_eq!(limits(&plan(&two, channel(0))), [(1, 250), (2, 250)]);
}

#[test]
fn of_many_busy_channels_each_has_its_turn() {
    let busy: Vec<_> = (1..=100).map(|id| (id, 0, 9_000)).collect();
    let first = plan(&tail(&busy), channel(0));
    assert_eq!(first.len(), 25);
    assert_eq!(first.iter().map(|wanted| wanted.limit).sum::<i64>(), PAGE);
    let next = plan(&tail(&busy), channel(26));
    assert_eq!(limits(&next).first(), Some(&(26, 20)));
}

#[test]
fn a_page_becomes_records_in_order_and_one_step_a_channel() {
    let mut tail = tail(&[(1, 0, 2), (7, 10, 11)]);
    let batch = batch(&mut tail, vec![event(1, 1), event(1, 2), event(7, 11)]);
    let keys: Vec<_> = batch.records.iter().map(|r| r.channel.get()).collect();
    assert_eq!(keys, [1, 1, 7]);
    assert_eq!(batch.steps, [step(1, 0, 2), step(7, 10, 11)]);
    assert_eq!(batch.missing, 0);
    assert_eq!(tail.behind().next(), None);
    assert_eq!(batch.records[0].correlation_id.as_deref(), Some("r"));
}

#[test]
fn what_was_pruned_before_it_was_relayed_is_counted_and_jumped_over() {
    let mut tail = tail(&[(1, 0, 9)]);
    let batch = batch(&mut tail, vec![event(1, 4), event(1, 5), event(1, 9)]);
    assert_eq!(batch.records.len(), 3);
    assert_eq!(batch.missing, 6);
    assert_eq!(batch.steps, [step(1, 0, 9)]);
    assert_eq!(tail.behind().next(), None);
}

#[test]
fn a_channel_of_which_nothing_is_left_is_given_up_to_where_it_was_known_to_be() {
    let mut tail = tail(&[(1, 3, 9)]);
    let batch = batch(&mut tail, Vec::new());
    assert_eq!((batch.records.len(), batch.missing), (0, 6));
    assert_eq!(batch.steps, [step(1, 3, 9)]);
    assert_eq!(tail.behind().next(), None);
}

#[test]
fn an_event_of_an_unknown_kind_stops_its_channel_and_no_other() {
    let mut tail = tail(&[(1, 0, 3), (2, 0, 1)]);
    let unknown = RelayedEvent {
        kind: None,
        ..event(1, 2)
    };
    let batch = batch(
        &mut tail,
        vec![event(1, 1), unknown, event(1, 3), event(2, 1)],
    );
    assert_eq!(batch.steps, [step(1, 0, 1), step(2, 0, 1)]);
    assert_eq!(batch.records.len(), 2);
    assert!(!tail.knows(channel(1)));
    assert_eq!(tail.behind().next(), None);
}

#[test]
fn an_event_without_its_subject_is_passed_over() {
    let mut tail = tail(&[(1, 0, 2)]);
    let lost = RelayedEvent {
        message: None,
        ..event(1, 1)
    };
    let batch = batch(&mut tail, vec![lost, event(1, 2)]);
    assert_eq!(batch.records.len(), 1);
    assert_eq!(batch.steps, [step(1, 0, 2)]);
}

#[test]
fn a_shard_that_is_not_held_any_more_is_left_out() {
    let mut tail = tail(&[(1, 0, 1)]);
    let wanted = plan(&tail, channel(0));
    let page = Page {
        wanted: &wanted,
        events: vec![event(1, 1)],
    };
    let batch = page.into_batch(&mut tail, &Held::new());
    assert_eq!((batch.records.len(), batch.steps.len()), (0, 0));
}
