//! Read marks: forward only, and only one's own.

use discuss_domain::messages::Message;
use discuss_domain::{ChannelId, Seq, TenantId};
use discuss_storage::members::{Mark, MovedMark, find, move_read_mark, move_read_marks, remove};
use discuss_test_support::World;

use crate::fixture::{at, elsewhere, tenant, until_somebody_waits, user};

fn mark(who: i64, message: &Message) -> Mark {
    Mark {
        tenant: tenant(),
        channel: message.channel_id,
        user: user(who),
        message: message.id,
    }
}

/// A group of 1 and 2 in which 1 has sent so much.
async fn talk(world: &World, messages: usize) -> (ChannelId, Vec<Message>) {
    let channel = world.group(1, &[2]).await;
    let mut sent = Vec::new();
    for place in 0..messages {
        sent.push(world.send(1, channel, &format!("message {place}")).await);
    }
    (channel, sent)
}

async fn mark_of(world: &World, channel: ChannelId, who: i64) -> (Option<i64>, i64, i64) {
    let mut connection = world.connection().await;
    let member = find(&mut connection, channel, user(who)).await;
    let read = member.unwrap().unwrap().read;
    let message = read.message_id.map(discuss_domain::MessageId::get);
    (message, read.seq.get(), read.count)
}

#[tokio::test]
async fn a_mark_moves_forward_and_never_back() {
    let world = World::new().await;
    let (channel, sent) = talk(&world, 3).await;
    let mut connection = world.connection().await;

    let moved = move_read_mark(&mut connection, mark(2, &sent[1]), at(5)).await;
    let expected = MovedMark {
        mark: mark(2, &sent[1]),
        seq: sent[1].seq,
        unread: 1,
        member_count: 2,
    };
    assert_eq!(moved.unwrap(), Some(expected));
    for older in [&sent[1], &sent[0]] {
        let moved = move_read_mark(&mut connection, mark(2, older), at(6)).await;
        assert_eq!(moved.unwrap(), None);
    }
    let at_second = (Some(sent[1].id.get()), sent[1].seq.get(), 2);
    assert_eq!(mark_of(&world, channel, 2).await, at_second);
    let newest = move_read_mark(&mut connection, mark(2, &sent[2]), at(7)).await;
    assert_eq!(newest.unwrap().unwrap().unread, 0);
}

#[tokio::test]
async fn of_several_marks_of_a_person_the_newest_counts() {
    let world = World::new().await;
    let (one, first) = talk(&world, 3).await;
    let (other, second) = talk(&world, 2).await;
    let mut connection = world.connection().await;
    let marks = [
        mark(2, &second[1]),
        mark(2, &first[0]),
        mark(2, &first[2]),
        mark(2, &first[1]),
        mark(2, &second[1]),
    ];

    let mut moved = move_read_marks(&mut connection, &marks, at(5))
        .await
        .unwrap();

    moved.sort_unstable_by_key(|moved| moved.mark.channel);
    let marks: Vec<Mark> = moved.iter().map(|moved| moved.mark).collect();
    assert_eq!(marks, [mark(2, &first[2]), mark(2, &second[1])]);
    assert_eq!(mark_of(&world, one, 2).await.2, 3);
    assert_eq!(mark_of(&world, other, 2).await.2, 2);
}

#[tokio::test]
async fn no_marks_move_nothing() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let moved = move_read_marks(&mut connection, &[], at(5)).await;
    assert_eq!(moved.unwrap(), []);
}

#[tokio::test]
async fn a_mark_of_another_tenant_moves_nobodys() {
    let world = World::new().await;
    let (channel, sent) = talk(&world, 1).await;
    let foreign = Mark {
        tenant: elsewhere(),
        ..mark(2, &sent[0])
    };
    let mut connection = world.connection().await;
    let moved = move_read_mark(&mut connection, foreign, at(5)).await;
    assert_eq!(moved.unwrap(), None);
    assert_eq!(mark_of(&world, channel, 2).await, (None, 1, 0));
}

#[tokio::test]
async fn a_message_of_another_channel_moves_nothing() {
    let world = World::new().await;
    let (channel, _) = talk(&world, 1).await;
    let (_, sent) = talk(&world, 1).await;
    let crossed = Mark {
        channel,
        ..mark(2, &sent[0])
    };
    let mut connection = world.connection().await;
    let moved = move_read_mark(&mut connection, crossed, at(5)).await;
    assert_eq!(moved.unwrap(), None);
    assert_eq!(mark_of(&world, channel, 2).await, (None, 1, 0));
}

#[tokio::test]
async fn strangers_and_former_members_have_no_mark_to_move() {
    let world = World::new().await;
    let (channel, sent) = talk(&world, 1).await;
    let mut connection = world.connection().await;
    remove(&mut connection, channel, user(2), user(1), at(4))
        .await
        .unwrap();
    let marks = [mark(2, &sent[0]), mark(77, &sent[0])];
    let moved = move_read_marks(&mut connection, &marks, at(5)).await;
    assert_eq!(moved.unwrap(), []);
    assert_eq!(mark_of(&world, channel, 2).await, (None, 1, 0));
}

#[tokio::test]
async fn a_mark_that_waited_for_a_newer_one_does_not_undo_it() {
    let world = World::new().await;
    let (channel, sent) = talk(&world, 3).await;
    let newer = world.database.client().await;
    let (id, seq) = (sent[2].id, sent[2].seq);
    let sql = format!(
        "BEGIN; UPDATE channel_members SET last_read_seq = {seq}, last_read_message_id = {id},
         last_read_count = 3 WHERE channel_id = {channel} AND user_id = 2"
    );
    newer.batch_execute(&sql).await.unwrap();

    let mut connection = world.connection().await;
    let older = mark(2, &sent[0]);
    let waiting = tokio::spawn(async move { move_read_mark(&mut connection, older, at(5)).await });
    until_somebody_waits(&world, "WITH marks").await;
    newer.batch_execute("COMMIT").await.unwrap();

    assert_eq!(waiting.await.unwrap().unwrap(), None);
    let newest = (Some(id.get()), seq.get(), 3);
    assert_eq!(mark_of(&world, channel, 2).await, newest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_that_share_people_in_any_order_do_not_wait_in_a_ring() {
    let world = World::new().await;
    let (_, one) = talk(&world, 20).await;
    let (_, other) = talk(&world, 20).await;
    let mut tasks = tokio::task::JoinSet::new();
    for round in 0..20 {
        let mut marks = vec![mark(2, &one[round]), mark(2, &other[round])];
        if round % 2 == 0 {
            marks.reverse();
        }
        let database = world.database.database().clone();
        tasks.spawn(async move {
            let mut connection = database.connection().await.unwrap();
            move_read_marks(&mut connection, &marks, at(5)).await
        });
    }
    while let Some(moved) = tasks.join_next().await {
        moved.unwrap().unwrap();
    }
    for sent in [&one, &other] {
        let newest = (Some(sent[19].id.get()), sent[19].seq.get(), 20);
        assert_eq!(mark_of(&world, sent[0].channel_id, 2).await, newest);
    }
}

#[tokio::test]
async fn marks_are_of_the_tenant_and_seq_of_the_message() {
    let world = World::new().await;
    let (_, sent) = talk(&world, 1).await;
    let mut connection = world.connection().await;
    let moved = move_read_mark(&mut connection, mark(2, &sent[0]), at(5)).await;
    let moved = moved.unwrap().unwrap();
    assert_eq!(moved.mark.tenant, TenantId::from(World::TENANT));
    assert_eq!(moved.seq, Seq::from(2));
}
