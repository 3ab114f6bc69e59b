//! Finding and paging messages.

use discuss_domain::ChannelId;
use discuss_domain::messages::{Content, Draft, Message, MessageKind};
use discuss_domain::users::User;
use discuss_storage::messages::find;
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
async fn numbers_count_messages_though_other_events_take_seqs() {
    let world = World::new().await;
    let (_, sent) = talk(&world).await;
    let numbers: Vec<_> = sent.iter().map(|m| m.numbers.message_no).collect();
    let seqs: Vec<_> = sent.iter().map(|m| m.seq.get()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert_eq!(seqs, [2, 3, 5, 6, 7]);
}
