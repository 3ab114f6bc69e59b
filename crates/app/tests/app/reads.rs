//! Read marks, and what they tell whom.

use bytes::Bytes;
use discuss_app::reads::{InChannels, ReadUpTo, gather, get, list_state, mark};
use discuss_domain::messages::Message;
use discuss_domain::{ChannelId, MessageId, TenantId, UserId};
use discuss_storage::redis::Topic;
use discuss_test_support::{World, until};
use discuss_wire::errors::ErrorCode;
use discuss_wire::fanout::Fanout;
use serde_json::Value;

use crate::fixture::refusal;

async fn talk(world: &World) -> (ChannelId, Vec<Message>) {
    let channel = world.group(1, &[2, 3]).await;
    let mut sent = Vec::new();
    for text in ["one", "two", "three"] {
        sent.push(world.send(1, channel, text).await);
    }
    (channel, sent)
}

fn read_to(channel: ChannelId, message: Option<&Message>, unread: i64) -> ReadUpTo {
    ReadUpTo {
        channel,
        message: message.map(|message| message.id),
        unread,
    }
}

fn tenant() -> TenantId {
    TenantId::from(World::TENANT)
}

/// The frame of a notice, as JSON.
fn notice(bytes: &Bytes) -> (ChannelId, Value) {
    match Fanout::decode(bytes).unwrap() {
        Fanout::Notice { channel, frame } => (channel, serde_json::from_slice(&frame).unwrap()),
        Fanout::Event(event) => (event.channel, Value::Null),
        other => unreachable!("{other:?} where a notice was due"),
    }
}

#[tokio::test]
async fn a_mark_moves_forward_only_and_says_what_is_left() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let reader = World::person(2);
    let untouched = get(&world.app, &reader, channel).await.unwrap();
    assert_eq!(untouched, read_to(channel, None, 3));
    let second = mark(&world.app, &reader, Some(channel), sent[1].id).await;
    assert_eq!(second.unwrap(), read_to(channel, Some(&sent[1]), 1));
    let back = mark(&world.app, &reader, Some(channel), sent[0].id).await;
    assert_eq!(back.unwrap(), read_to(channel, Some(&sent[1]), 1));
    let last = mark(&world.app, &reader, None, sent[2].id).await;
    assert_eq!(last.unwrap(), read_to(channel, Some(&sent[2]), 0));
    let other = get(&world.app, &World::person(3), channel).await;
    assert_eq!(other.unwrap(), read_to(channel, None, 3));
    world.require_consistent().await;
}

#[tokio::test]
async fn who_sends_has_read_what_they_answer() {
    let world = World::new().await;
    let (channel, _) = talk(&world).await;
    let answer = world.send(2, channel, "answer").await;
    let read = get(&world.app, &World::person(2), channel).await;
    assert_eq!(read.unwrap(), read_to(channel, Some(&answer), 0));
}

#[tokio::test]
async fn a_mark_takes_no_seq() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let reader = World::person(2);
    mark(&world.app, &reader, None, sent[2].id).await.unwrap();
    assert_eq!(world.send(1, channel, "next").await.seq, sent[2].seq.next());
}

#[tokio::test]
async fn who_may_not_read_a_message_moves_nothing_and_learns_nothing() {
    let world = World::new().await;
    let (private, sent) = talk(&world).await;
    world.remove(1, private, 3).await;
    let public = world.group_of(&World::person(1), &[2], false).await;
    let in_public = world.send(1, public, "hello").await.id;
    let nowhere = MessageId::from(999_999);
    let (here, foreign) = (World::person, World::person_of(World::TENANT + 1, 2));
    let cases = [
        (here(3), None, sent[0].id, ErrorCode::MessageNotFound),
        (here(50), None, in_public, ErrorCode::NotChannelMember),
        (here(2), None, nowhere, ErrorCode::MessageNotFound),
        (
            foreign.clone(),
            None,
            sent[0].id,
            ErrorCode::MessageNotFound,
        ),
        // In a channel that is not theirs, a message that is there looks like one that is not.
        (
            here(3),
            Some(private),
            sent[0].id,
            ErrorCode::ChannelNotFound,
        ),
        (here(3), Some(private), nowhere, ErrorCode::ChannelNotFound),
        (
            here(50),
            Some(public),
            in_public,
            ErrorCode::NotChannelMember,
        ),
        (here(50), Some(public), nowhere, ErrorCode::NotChannelMember),
        (
            foreign,
            Some(private),
            sent[0].id,
            ErrorCode::ChannelNotFound,
        ),
        // A message of another channel of theirs.
        (
            here(2),
            Some(public),
            sent[0].id,
            ErrorCode::MessageNotFound,
        ),
    ];
    let before = world.everything().await;
    for (person, channel, message, symbol) in cases {
        let marked = mark(&world.app, &person, channel, message).await;
        assert_eq!(refusal(marked), symbol, "{channel:?} {message}");
    }
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn only_members_learn_how_far_they_have_read() {
    let world = World::new().await;
    let (channel, _) = talk(&world).await;
    let stranger = get(&world.app, &World::person(50), channel).await;
    assert_eq!(refusal(stranger), ErrorCode::ChannelNotFound);
}

#[tokio::test]
async fn a_moved_mark_is_told_to_the_reader_and_in_a_small_channel_to_all() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    talk(&world).await;
    let to_all = Topic::Channel(tenant(), channel);
    let to_reader = Topic::User(tenant(), UserId::from(2));
    let mut listener = world.listen(&[to_all, to_reader]).await;
    let marked = mark(&world.app, &World::person(2), None, sent[1].id).await;
    marked.unwrap();

    let (topic, bytes) = listener.next().await;
    let (of, frame) = notice(&bytes);
    assert_eq!((topic, of), (to_reader, channel));
    assert_eq!(frame["type"], "UNREAD_COUNT_UPDATED");
    let payload = &frame["payload"];
    assert_eq!(payload["channelId"], channel.get());
    assert_eq!(
        (&payload["unreadCount"], &payload["totalUnread"]),
        (&1.into(), &4.into())
    );
    let (topic, bytes) = listener.next().await;
    let (of, frame) = notice(&bytes);
    assert_eq!((topic, of), (to_all, channel));
    assert_eq!(frame["type"], "MESSAGE_READ");
    let read = &frame["payload"]["marks"][0];
    assert_eq!(read["userId"], 2);
    assert_eq!(read["lastReadMessageId"], sent[1].id.get());
    assert!(frame.get("seq").is_none());
}

#[tokio::test]
async fn in_a_large_channel_only_the_reader_is_told() {
    let world = World::new().await;
    let people: Vec<i64> = (2..=51).collect();
    let channel = world.group(1, &people).await;
    let sent = world.send(1, channel, "to fifty-one").await;
    let to_all = Topic::Channel(tenant(), channel);
    let to_reader = Topic::User(tenant(), UserId::from(2));
    let mut listener = world.listen(&[to_all, to_reader]).await;
    mark(&world.app, &World::person(2), None, sent.id)
        .await
        .unwrap();
    world.send(1, channel, "next").await;
    assert_eq!(listener.next().await.0, to_reader);
    let (_, bytes) = listener.next().await;
    assert!(matches!(Fanout::decode(&bytes), Ok(Fanout::Event(_))));
}

#[tokio::test]
async fn gathered_marks_are_moved_together_the_newest_of_each_person() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let (other, others) = talk(&world).await;
    let (two, three) = (World::person(2), World::person(3));
    let stranger = World::person(50);
    let foreign = World::person_of(World::TENANT + 1, 3);
    for place in [0, 2, 1] {
        gather(&world.app, &two, channel, sent[place].id);
    }
    gather(&world.app, &three, channel, sent[0].id);
    gather(&world.app, &two, other, others[0].id);
    gather(&world.app, &stranger, channel, sent[2].id);
    gather(&world.app, &foreign, channel, sent[2].id);
    // A message of another channel.
    gather(&world.app, &three, other, sent[2].id);

    let read = async |user, channel| {
        get(&world.app, &World::person(user), channel)
            .await
            .unwrap()
    };
    until("the gathered marks are moved", async || {
        read(2, channel).await.unread == 0 && read(2, other).await.unread == 2
    })
    .await;
    assert_eq!(read(3, channel).await, read_to(channel, Some(&sent[0]), 2));
    assert_eq!(read(3, other).await, read_to(other, None, 3));
    world.require_consistent().await;
}

#[tokio::test]
async fn a_gathered_mark_that_is_older_than_the_stored_one_moves_nothing() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let reader = World::person(2);
    mark(&world.app, &reader, None, sent[2].id).await.unwrap();
    gather(&world.app, &reader, channel, sent[0].id);
    // The same batch moves another's mark: then it is done.
    gather(&world.app, &World::person(3), channel, sent[0].id);
    until("the gathered marks are moved", async || {
        let read = get(&world.app, &World::person(3), channel).await;
        read.unwrap().unread == 2
    })
    .await;
    let read = get(&world.app, &reader, channel).await;
    assert_eq!(read.unwrap(), read_to(channel, Some(&sent[2]), 0));
}

#[tokio::test]
async fn gathered_marks_outlive_the_connection_that_was_to_move_them() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let holder = world.database.client().await;
    let lock = "BEGIN; SELECT 1 FROM channel_members WHERE user_id = 2 FOR UPDATE";
    holder.batch_execute(lock).await.unwrap();
    gather(&world.app, &World::person(2), channel, sent[1].id);
    let other = world.database.client().await;
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND datname = current_database()";
    until(
        "the marks wait for a row, and lose their connection",
        async || other.query_one(end, &[]).await.unwrap().get::<_, i64>(0) > 0,
    )
    .await;
    holder.batch_execute("COMMIT").await.unwrap();
    until("the marks are moved all the same", async || {
        let read = get(&world.app, &World::person(2), channel).await;
        read.is_ok_and(|read| read.message == Some(sent[1].id))
    })
    .await;
}

#[tokio::test]
async fn the_state_of_many_is_told_at_once_and_none_of_channels_that_one_is_not_in() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let other = world.group(1, &[4]).await;
    let three = World::person(3);
    let read = mark(&world.app, &three, Some(channel), sent[0].id).await;
    assert_eq!(read.unwrap().unread, 2);
    let asked = [(2, vec![channel, other]), (4, vec![channel, other])].map(|(user, channels)| {
        let person = (tenant(), UserId::from(user));
        InChannels { person, channels }
    });
    let state = list_state(&world.app, &asked).await.unwrap();
    let counts = state.unread.iter().map(|theirs| {
        let count = |(channel, frame): &(ChannelId, Bytes)| {
            let frame: Value = serde_json::from_slice(frame).unwrap();
            (*channel, frame["payload"]["unreadCount"].as_i64())
        };
        theirs.iter().map(count).collect::<Vec<_>>()
    });
    let expected = [vec![(channel, Some(3))], vec![(other, Some(0))]];
    assert_eq!(counts.collect::<Vec<_>>(), expected);
    let marks: Value = serde_json::from_slice(&state.marks[&channel]).unwrap();
    let who = |mark: &Value| (mark["userId"].as_i64(), mark["lastReadMessageId"].as_i64());
    let marks: Vec<_> = marks["payload"]["marks"]
        .as_array()
        .unwrap()
        .iter()
        .map(who)
        .collect();
    let ids = |place: usize| Some(sent[place].id.get());
    assert_eq!(marks, [(Some(1), ids(2)), (Some(3), ids(0))]);
}
