//! Finding and paging messages.

use discuss_domain::messages::{Content, Draft, Message, MessageKind};
use discuss_domain::users::User;
use discuss_domain::{ChannelId, MessageId, Seq};
use discuss_storage::messages::{find, find_seq, list_after, list_before, list_numbered};
use discuss_test_support::World;
use serde_json::json;

use crate::fixture::{elsewhere, tenant, user};

/// A channel with another event among its five messages, so that seqs and numbers differ.
async fn talk(world: &World) -> (ChannelId, Vec<Message>) {
    let channel = world.group(1, &[2]).await;
    let mut sent = Vec::new();
    for place in 1..=5 {
        sent.push(world.send(1, channel, &format!("message {place}")).await);
        if place == 2 {
            world.add(1, channel, &[9]).await;
        }
    }
    (channel, sent)
}

fn ids(messages: &[Message]) -> Vec<MessageId> {
    messages.iter().map(|message| message.id).collect()
}

#[tokio::test]
async fn a_message_is_found_as_it_was_sent() {
    let world = World::new().await;
    world.remember(1).await;
    let channel = world.group(1, &[2, 3]).await;
    let draft = Draft {
        content: Content::parse(" grüße, Đà Nẵng 🎉 \n".to_owned()).unwrap(),
        kind: MessageKind::Code,
        mentions: vec![user(2), user(3)],
        parent_id: None,
        metadata: Some(json!({"lang": "rust", "n": [1, null]})),
        client_message_id: Some(uuid::Uuid::new_v4().into()),
    };
    let sent = world.try_send(1, channel, draft).await;
    let sent = sent.unwrap().message;

    let mut connection = world.connection().await;
    let found = find(&mut connection, tenant(), sent.id).await.unwrap();
    assert_eq!(found, Some(sent.clone()));
    let foreign = find(&mut connection, elsewhere(), sent.id).await;
    assert_eq!(foreign.unwrap(), None);
}

#[tokio::test]
async fn a_tombstone_keeps_its_place_without_its_text() {
    let world = World::new().await;
    let (_, sent) = talk(&world).await;
    let sql = format!(
        "UPDATE messages SET content = NULL, deleted_at = '2026-01-02T03:04:05Z', deleted_by = 2
          WHERE id = {}",
        sent[1].id
    );
    world.execute(&sql).await;
    let mut connection = world.connection().await;
    let found = find(&mut connection, tenant(), sent[1].id).await;
    let found = found.unwrap().unwrap();
    assert_eq!((found.content, found.seq), (None, sent[1].seq));
    let (deleted_at, deleted_by) = found.deleted.unwrap();
    assert_eq!(deleted_at.to_rfc3339(), "2026-01-02T03:04:05+00:00");
    assert_eq!(deleted_by, user(2));
    assert_eq!(found.sender, User::unknown(user(1)));
}

#[tokio::test]
async fn pages_go_back_from_the_newest_without_a_gap() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let mut connection = world.connection().await;
    let mut before = None;
    let mut read = Vec::new();
    for size in [2, 2, 1, 0] {
        let page = list_before(&mut connection, channel, before, 2).await;
        let page = page.unwrap();
        assert_eq!(page.len(), size);
        before = page.last().map(|message| message.seq).or(before);
        read.extend(page);
    }
    read.reverse();
    assert_eq!(ids(&read), ids(&sent));
}

#[tokio::test]
async fn pages_go_forward_from_a_message_without_a_gap() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let mut connection = world.connection().await;
    let after = list_after(&mut connection, channel, sent[0].seq, 3).await;
    assert_eq!(ids(&after.unwrap()), ids(&sent[1..4]));
    let rest = list_after(&mut connection, channel, sent[3].seq, 3).await;
    assert_eq!(ids(&rest.unwrap()), ids(&sent[4..]));
    let all = list_after(&mut connection, channel, Seq::ZERO, 9).await;
    assert_eq!(ids(&all.unwrap()), ids(&sent));
}

#[tokio::test]
async fn numbers_count_messages_though_other_events_take_seqs() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let numbers: Vec<_> = sent.iter().map(|m| m.numbers.message_no).collect();
    let seqs: Vec<_> = sent.iter().map(|m| m.seq.get()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert_eq!(seqs, [2, 3, 5, 6, 7]);
    let mut connection = world.connection().await;
    let page = list_numbered(&mut connection, channel, 4, 2).await;
    assert_eq!(ids(&page.unwrap()), [sent[3].id, sent[2].id]);
    let last = list_numbered(&mut connection, channel, 1, 2).await;
    assert_eq!(ids(&last.unwrap()), [sent[0].id]);
}

#[tokio::test]
async fn a_seq_is_told_only_of_a_message_of_that_channel() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let other = world.group(1, &[2]).await;
    let mut connection = world.connection().await;
    let seq = find_seq(&mut connection, channel, sent[2].id).await;
    assert_eq!(seq.unwrap(), Some(sent[2].seq));
    let seq = find_seq(&mut connection, other, sent[2].id).await;
    assert_eq!(seq.unwrap(), None);
    let nobodys = find_seq(&mut connection, channel, MessageId::from(999_999)).await;
    assert_eq!(nobodys.unwrap(), None);
}

#[tokio::test]
async fn pages_are_of_one_channel() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    talk(&world).await;
    let mut connection = world.connection().await;
    let all = list_before(&mut connection, channel, None, 100).await;
    assert_eq!(all.unwrap().len(), sent.len());
}
