//! Groups that change messages, as the writer stores them.

use std::collections::HashMap;

use discuss_domain::messages::Message;
use discuss_domain::reactions::Emoji;
use discuss_domain::{ChannelId, EventKind, MessageId, Seq};
use discuss_storage::event_log::list_after;
use discuss_storage::messages::edits::{list_numbered, newest};
use discuss_storage::messages::find;
use discuss_storage::messages::group::{
    Changes, Group, GroupError, GroupWriter, Kept, Look, NewChange, Probe,
};
use discuss_test_support::World;
use uuid::Uuid;

use crate::fixture::{at, tenant, until_somebody_waits, user};

async fn writer(world: &World) -> GroupWriter {
    GroupWriter::connect(world.database.database())
        .await
        .unwrap()
}

/// What a change of these messages by 2 asks.
fn probe(channel: ChannelId, messages: &[MessageId]) -> Probe {
    let mut probe = Probe::default();
    for message in messages {
        probe.add_change((tenant(), channel, user(2)), *message);
    }
    probe
}

async fn look(writer: &GroupWriter, channel: ChannelId, messages: &[MessageId]) -> Look {
    writer.begin(&probe(channel, messages)).await.unwrap()
}

/// A group of one event about a message as it is to be.
fn group_of(look: &Look, kind: EventKind, message: Message) -> Group<'static> {
    let channel = message.channel_id;
    let counters = look.channels[&channel].counters.after_change();
    let mut changes = Changes::default();
    changes.events.push(NewChange {
        tenant: tenant(),
        channel,
        seq: counters.last_seq,
        kind,
        actor: user(2),
        message: message.id,
        emoji: None,
        correlation_id: Some("request 5"),
        traceparent: None,
    });
    changes.messages.insert(message.id, message);
    Group {
        id: Uuid::new_v4(),
        at: at(3),
        channels: HashMap::from([(channel, (counters, None))]),
        messages: Vec::new(),
        changes,
    }
}

fn edited(look: &Look, id: MessageId, text: &str) -> Message {
    Message {
        content: Some(text.to_owned()),
        edited_at: Some(at(3)),
        ..look.messages[&id].clone()
    }
}

async fn stored(world: &World, id: MessageId) -> Message {
    let mut connection = world.connection().await;
    let found = find(&mut connection, tenant(), id).await;
    found.unwrap().unwrap()
}

#[tokio::test]
async fn a_look_brings_the_messages_of_its_channels_their_roots_and_no_others() {
    let world = World::new().await;
    world.remember(1).await;
    let (channel, other) = (world.group(1, &[2]).await, world.group(1, &[2]).await);
    let root = world.send(1, channel, "root").await;
    let elsewhere = world.send(1, other, "elsewhere").await;
    let draft = discuss_domain::messages::Draft {
        parent_id: Some(root.id),
        ..World::draft("reply")
    };
    let reply = world.try_send(2, channel, draft).await.unwrap().message;
    let writer = writer(&world).await;
    let asked = [reply.id, elsewhere.id, MessageId::from(999_999)];
    let look = look(&writer, channel, &asked).await;
    writer.rollback().await.unwrap();
    assert_eq!(look.messages.len(), 2);
    assert_eq!(look.messages[&root.id], stored(&world, root.id).await);
    assert_eq!(
        look.messages[&root.id].sender.name.as_deref(),
        Some("Person 1")
    );
    assert_eq!(look.messages[&reply.id].parent_id, Some(root.id));
    assert_eq!(look.memberships.len(), 1);
    assert!(look.ids.is_empty() && look.known.is_empty());
}

#[tokio::test]
async fn an_edit_is_stored_with_its_event_and_what_was_said_before() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(2, channel, "first").await;
    let writer = writer(&world).await;
    for (place, text) in [(3, "second"), (4, "third")] {
        let look = look(&writer, channel, &[sent.id]).await;
        let before = look.messages[&sent.id].content.clone().unwrap();
        let message = edited(&look, sent.id, text);
        let mut group = group_of(&look, EventKind::MessageEdited, message);
        group.changes.kept.push(Kept {
            message: sent.id,
            content: before,
            edited_by: user(2),
        });
        writer.commit(&group).await.unwrap();
        let first = (channel, Seq::from(place));
        let found = writer.find_group(group.id, &[channel], first).await;
        assert_eq!(found.unwrap(), Some(sent.id));
    }
    let now = stored(&world, sent.id).await;
    assert_eq!(
        (now.content.as_deref(), now.edited_at),
        (Some("third"), Some(at(3)))
    );
    assert_eq!((now.seq, now.created_at), (sent.seq, sent.created_at));
    let mut connection = world.connection().await;
    assert_eq!(newest(&mut connection, sent.id).await.unwrap(), 2);
    let versions = list_numbered(&mut connection, sent.id, 2, 9).await.unwrap();
    let said: Vec<_> = versions
        .iter()
        .map(|v| (v.version, v.content.as_str()))
        .collect();
    assert_eq!(said, [(2, "second"), (1, "first")]);
    assert_eq!(
        (versions[0].edited_at, versions[0].edited_by),
        (at(3), user(2))
    );
    let log = list_after(&mut connection, channel, Seq::from(2), 9)
        .await
        .unwrap();
    assert_eq!(log[1].kind, EventKind::MessageEdited);
    assert_eq!(log[1].message.as_ref().map(|m| m.id), Some(sent.id));
    world.require_consistent().await;
}

#[tokio::test]
async fn a_group_of_changes_leaves_what_the_channel_says_of_its_newest_message() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(2, channel, "first").await;
    let writer = writer(&world).await;
    let look = look(&writer, channel, &[sent.id]).await;
    let message = edited(&look, sent.id, "second");
    let group = group_of(&look, EventKind::MessageEdited, message);
    writer.commit(&group).await.unwrap();
    let newest = format!(
        "SELECT count(*) FROM channels WHERE last_message_id = {} AND last_seq = 3
            AND last_message_at = (SELECT created_at FROM messages)",
        sent.id
    );
    assert_eq!(world.number(&newest).await, 1);
}

#[tokio::test]
async fn a_reaction_is_stored_with_its_emoji_and_leaves_the_text_alone() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(1, channel, "loved").await;
    let writer = writer(&world).await;
    let look = look(&writer, channel, &[sent.id]).await;
    let emoji = Emoji::parse("👍").unwrap();
    let mut message = Message {
        content: Some("not to be stored".to_owned()),
        ..look.messages[&sent.id].clone()
    };
    message.reactions.add(&emoji, user(2)).unwrap();
    let mut group = group_of(&look, EventKind::ReactionAdded, message);
    group.changes.events[0].emoji = Some(&emoji);
    writer.commit(&group).await.unwrap();
    let now = stored(&world, sent.id).await;
    assert_eq!(now.reactions.users(&emoji), [user(2)]);
    assert_eq!(now.content.as_deref(), Some("loved"));
    let mut connection = world.connection().await;
    let log = list_after(&mut connection, channel, Seq::from(2), 9)
        .await
        .unwrap();
    assert_eq!(
        (log[0].emoji.as_ref(), log[0].actor),
        (Some(&emoji), user(2))
    );
    world.require_consistent().await;
}

#[tokio::test]
async fn a_tombstone_forgets_what_was_said() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(2, channel, "secret").await;
    let keep = format!(
        "INSERT INTO message_edits VALUES ({}, 1, 'older secret', now(), 2)",
        sent.id
    );
    world.execute(&keep).await;
    let writer = writer(&world).await;
    let look = look(&writer, channel, &[sent.id]).await;
    let message = Message {
        content: None,
        deleted: Some((at(3), user(2))),
        ..look.messages[&sent.id].clone()
    };
    let group = group_of(&look, EventKind::MessageDeleted, message);
    writer.commit(&group).await.unwrap();
    let now = stored(&world, sent.id).await;
    assert_eq!((now.content, now.deleted), (None, Some((at(3), user(2)))));
    assert_eq!(world.number("SELECT count(*) FROM message_edits").await, 0);
    world.require_consistent().await;
}

#[tokio::test]
async fn a_change_that_the_database_refuses_stores_nothing_and_frees_the_channel() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(2, channel, "first").await;
    world
        .execute("ALTER TABLE messages ADD CHECK (content <> 'refused')")
        .await;
    let writer = writer(&world).await;
    let before = world.everything().await;
    let look = look(&writer, channel, &[sent.id]).await;
    let message = edited(&look, sent.id, "refused");
    let done = writer
        .commit(&group_of(&look, EventKind::MessageEdited, message))
        .await;
    assert!(matches!(done, Err(GroupError::Data(_))), "{done:?}");
    assert_eq!(world.everything().await, before);
    assert_eq!(world.send(1, channel, "next").await.seq, Seq::from(3));
}

#[tokio::test]
async fn a_message_that_somebody_holds_is_waited_for_and_told_as_locked() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(2, channel, "first").await;
    let holder = world.database.client().await;
    let lock = format!(
        "BEGIN; SELECT 1 FROM messages WHERE id = {} FOR UPDATE",
        sent.id
    );
    holder.batch_execute(&lock).await.unwrap();
    let writer = writer(&world).await;
    let probe = probe(channel, &[sent.id]);
    let (begun, ()) = tokio::join!(
        writer.begin(&probe),
        until_somebody_waits(&world, "FOR NO KEY UPDATE OF m")
    );
    assert!(matches!(begun, Err(GroupError::Locked)), "{begun:?}");
    holder.batch_execute("COMMIT").await.unwrap();
    assert_eq!(look(&writer, channel, &[sent.id]).await.messages.len(), 1);
    writer.rollback().await.unwrap();
}
