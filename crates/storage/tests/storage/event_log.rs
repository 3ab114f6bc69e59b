//! Appending to the log and reading it.

use discuss_domain::{EventKind, Seq};
use discuss_storage::StorageError;
use discuss_storage::channels::take_seq;
use discuss_storage::event_log::{append, list_after, list_all_after};
use discuss_test_support::World;

use crate::fixture::{at, group, id, new_event, tenant, users};

#[tokio::test]
async fn every_kind_of_event_is_read_as_it_was_appended() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let mut connection = world.connection().await;
    world.add(1, channel, &[8, 9]).await;
    world.remove(1, channel, 9).await;
    let sent = world.send(2, channel, "hello").await;

    let log = list_after(&mut connection, channel, Seq::ZERO, 10).await;
    let log = log.unwrap();

    let kinds: Vec<_> = log.iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds,
        [
            EventKind::ChannelCreated,
            EventKind::MemberAdded,
            EventKind::MemberRemoved,
            EventKind::MessageCreated
        ]
    );
    let seqs: Vec<_> = log.iter().map(|event| event.seq.get()).collect();
    assert_eq!(seqs, [1, 2, 3, 4]);
    let mut first = log[0].users.clone();
    first.sort_unstable();
    assert_eq!(first, users(&[1, 2]));
    assert_eq!(log[1].users, users(&[8, 9]));
    assert_eq!(log[2].users, users(&[9]));
    assert_eq!(log[3].users, []);
    let actors: Vec<_> = log.iter().map(|event| event.actor.get()).collect();
    assert_eq!(actors, [1, 1, 1, 2]);
    assert!(log.iter().all(|event| event.tenant == tenant()));
    let made: Vec<_> = log.iter().map(|event| event.made.is_some()).collect();
    assert_eq!(made, [true, false, false, false]);
    let brought: Vec<_> = log
        .iter()
        .map(|e| e.message.as_ref().map(|m| m.id))
        .collect();
    assert_eq!(brought, [None, None, None, Some(sent.id)]);
    assert_eq!(log[3].at, sent.created_at);
}

#[tokio::test]
async fn pages_start_after_the_seq_that_was_asked_for() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let other = world.group(1, &[2]).await;
    for place in 2..=6 {
        world.send(1, channel, &format!("message {place}")).await;
        world.send(1, other, "elsewhere").await;
    }
    let mut connection = world.connection().await;
    for (after, expected) in [
        (0, vec![1, 2, 3]),
        (3, vec![4, 5, 6]),
        (5, vec![6]),
        (6, vec![]),
    ] {
        let page = list_after(&mut connection, channel, Seq::from(after), 3).await;
        let page = page.unwrap();
        let seqs: Vec<_> = page.iter().map(|event| event.seq.get()).collect();
        assert_eq!(seqs, expected);
        assert!(page.iter().all(|event| event.channel == channel));
    }
}

#[tokio::test]
async fn what_the_log_says_of_a_message_is_how_it_is_now() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.send(1, channel, "secret").await;
    let erase = "UPDATE messages SET content = NULL, deleted_at = now(), deleted_by = 1";
    world.execute(erase).await;
    let mut connection = world.connection().await;
    let page = list_after(&mut connection, channel, Seq::from(1), 9).await;
    let page = page.unwrap();
    let message = page[0].message.as_ref().unwrap();
    assert_eq!(message.content, None);
    assert!(message.deleted.is_some());
}

#[tokio::test]
async fn an_event_is_kept_with_the_ids_of_its_request_and_its_transaction() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[1]).await;
    let taken = take_seq(&mut connection, channel.id, 0, at(1)).await;
    let seq = taken.unwrap().counters.last_seq;
    let people = users(&[4]);
    let mut event = new_event(&channel, seq, EventKind::MemberAdded, &people);
    event.correlation_id = Some("request 5");
    event.traceparent = Some("00-ab-cd-01");
    append(&mut connection, &event).await.unwrap();

    let kept = "SELECT count(*) FROM channel_events
        WHERE seq = 2 AND correlation_id = 'request 5' AND traceparent = '00-ab-cd-01'
          AND txid > 0 AND group_id IS NULL";
    assert_eq!(world.number(kept).await, 1);
    let again = append(&mut connection, &event).await;
    assert!(matches!(again, Err(StorageError::Database(_))));
}

#[tokio::test]
async fn a_kind_that_no_version_writes_is_told_as_corrupt() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[1]).await;
    let spoil = format!(
        "UPDATE channel_events SET kind = 'nonsense' WHERE channel_id = {}",
        id(&channel)
    );
    world.execute(&spoil).await;
    let read = list_after(&mut connection, channel.id, Seq::ZERO, 9).await;
    let error = read.unwrap_err();
    let told = "corrupt row: channel_events.kind holds \"nonsense\"";
    assert_eq!(error.to_string(), told);

    let read = list_all_after(&mut connection, channel.id, Seq::ZERO, 9).await;
    let unread = read.unwrap().pop().unwrap().unwrap_err();
    assert_eq!((unread.seq, &*unread.kind), (Seq::from(1), "nonsense"));
    assert_eq!(unread.users, users(&[1]));
    assert_eq!(unread.cause.to_string(), told);
}
