//! Groups of sends, as the writer stores them.

use std::collections::HashMap;

use discuss_domain::channels::Counters;
use discuss_domain::messages::{ClientMessageId, Draft, Fingerprint};
use discuss_domain::{ChannelId, MessageId, Seq};
use discuss_storage::members::find;
use discuss_storage::messages::group::{
    Changes, Group, GroupError, GroupWriter, Look, NewMessage, Probe,
};
use discuss_test_support::World;
use uuid::Uuid;

use crate::fixture::{at, elsewhere, tenant, user};

async fn writer(world: &World) -> GroupWriter {
    GroupWriter::connect(world.database.database())
        .await
        .unwrap()
}

fn probe(channel: ChannelId, client_id: Option<ClientMessageId>) -> Probe {
    let mut probe = Probe::default();
    probe.add_send((tenant(), channel, user(1)), client_id);
    probe.add_mention(tenant(), channel, user(2));
    probe
}

fn with_id(id: Uuid) -> Draft {
    Draft {
        client_message_id: Some(id.into()),
        ..World::draft("hello")
    }
}

/// A group of one message, as the next of a channel of which the look is known.
fn group_of<'a>(look: &Look, channel: ChannelId, draft: &'a Draft) -> Group<'a> {
    let counters: Counters = look.channels[&channel].counters.after_message();
    let message = NewMessage {
        id: look.ids[0],
        channel,
        seq: counters.last_seq,
        numbers: counters.numbers(),
        tenant: tenant(),
        sender: user(1),
        draft,
        mentions: vec![user(2)],
        reply_to: None,
        everyone: None,
        fingerprint: Fingerprint::of(channel, draft),
        correlation_id: Some("request 5"),
        traceparent: None,
    };
    Group {
        id: Uuid::new_v4(),
        at: at(3),
        channels: HashMap::from([(channel, (counters, Some(look.ids[0])))]),
        messages: vec![message],
        changes: Changes::default(),
    }
}

async fn rows(world: &World) -> i64 {
    world.number("SELECT count(*) FROM messages").await
}

#[tokio::test]
async fn a_look_tells_of_channels_members_and_known_client_ids() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let draft = with_id(Uuid::new_v4());
    let client_id = draft.client_message_id;
    let sent = world.try_send(1, channel, draft.clone()).await;
    let writer = writer(&world).await;

    let look = writer.begin(&probe(channel, client_id)).await.unwrap();
    writer.rollback().await.unwrap();

    assert_eq!(look.channels[&channel].counters.last_seq, Seq::from(2));
    assert_eq!(look.memberships.len(), 2);
    let known = look.known[0].unwrap();
    assert_eq!(known.id, sent.unwrap().message.id);
    assert_eq!(known.fingerprint, Fingerprint::of(channel, &draft));
    assert_eq!(look.ids.len(), 1);
}

#[tokio::test]
async fn a_client_id_of_another_tenant_or_sender_is_not_known() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let draft = with_id(Uuid::new_v4());
    let client_id = draft.client_message_id;
    let sent = world.try_send(1, channel, draft).await;
    sent.unwrap();
    let writer = writer(&world).await;
    let mut probe = Probe::default();
    probe.add_send((tenant(), channel, user(2)), client_id);
    probe.add_send((elsewhere(), channel, user(1)), client_id);
    let look = writer.begin(&probe).await.unwrap();
    writer.rollback().await.unwrap();
    assert_eq!(look.known, [None, None]);
    assert!(look.ids[0] < look.ids[1]);
}

#[tokio::test]
async fn a_group_stores_message_event_counters_and_the_senders_mark() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let writer = writer(&world).await;
    let look = writer.begin(&probe(channel, None)).await.unwrap();
    let draft = World::draft("hello");
    let group = group_of(&look, channel, &draft);
    writer.commit(&group).await.unwrap();

    let mut connection = world.connection().await;
    let stored = discuss_storage::messages::find(&mut connection, tenant(), look.ids[0]).await;
    let stored = stored.unwrap().unwrap();
    assert_eq!((stored.seq, stored.created_at), (Seq::from(2), at(3)));
    assert_eq!(stored.mentions, [user(2)]);
    let event = format!(
        "SELECT count(*) FROM channel_events WHERE seq = 2 AND message_id = {} AND actor_id = 1
            AND group_id = '{}' AND correlation_id = 'request 5' AND kind = 'message_created'",
        look.ids[0], group.id
    );
    assert_eq!(world.number(&event).await, 1);
    let member = find(&mut connection, channel, user(1)).await;
    let read = member.unwrap().unwrap().read;
    assert_eq!((read.seq, read.count), (Seq::from(2), 1));
    assert_eq!(read.message_id, Some(look.ids[0]));
    let first = (channel, Seq::from(2));
    let found = writer.find_group(group.id, &[channel], first).await;
    assert_eq!(found.unwrap(), Some(look.ids[0]));
    let other = writer.find_group(Uuid::new_v4(), &[channel], first).await;
    assert_eq!(other.unwrap(), None);
}

#[tokio::test]
async fn a_group_rolled_back_leaves_no_trace_and_frees_its_channel() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let writer = writer(&world).await;
    writer.begin(&probe(channel, None)).await.unwrap();
    writer.rollback().await.unwrap();
    assert_eq!(rows(&world).await, 0);
    let sent = world.send(1, channel, "next").await;
    assert_eq!(sent.seq, Seq::from(2));
}

#[tokio::test]
async fn a_locked_channel_is_told_and_the_connection_goes_on() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let writer = writer(&world).await;
    let holder = world.database.client().await;
    let lock = format!("BEGIN; SELECT 1 FROM channels WHERE id = {channel} FOR UPDATE");
    holder.batch_execute(&lock).await.unwrap();

    let locked = writer.begin(&probe(channel, None)).await;
    assert!(matches!(locked, Err(GroupError::Locked)), "{locked:?}");
    let asked = writer
        .find_group(Uuid::new_v4(), &[channel], (channel, Seq::from(2)))
        .await;
    assert!(matches!(asked, Err(GroupError::Locked)), "{asked:?}");
    holder.batch_execute("COMMIT").await.unwrap();
    writer.begin(&probe(channel, None)).await.unwrap();
    writer.rollback().await.unwrap();
}

#[tokio::test]
async fn a_client_id_that_was_stored_meanwhile_sends_the_group_back() {
    let world = World::new().await;
    let (channel, other) = (world.group(1, &[2]).await, world.group(1, &[2]).await);
    let draft = with_id(Uuid::new_v4());
    let writer = writer(&world).await;
    let look = writer
        .begin(&probe(channel, draft.client_message_id))
        .await
        .unwrap();
    // Somebody else uses the id in a channel that is not locked.
    let meanwhile = world.try_send(1, other, draft.clone()).await;
    meanwhile.unwrap();
    let done = writer.commit(&group_of(&look, channel, &draft)).await;
    assert!(matches!(done, Err(GroupError::Again(_))), "{done:?}");
    assert_eq!(rows(&world).await, 1);
    assert_eq!(world.send(1, channel, "next").await.seq, Seq::from(2));
}

#[tokio::test]
async fn a_row_that_is_refused_stores_nothing_and_frees_the_channel() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world
        .execute("ALTER TABLE messages ADD CHECK (content <> 'hello')")
        .await;
    let writer = writer(&world).await;
    let look = writer.begin(&probe(channel, None)).await.unwrap();
    let draft = World::draft("hello");
    let done = writer.commit(&group_of(&look, channel, &draft)).await;
    assert!(matches!(done, Err(GroupError::Data(_))), "{done:?}");
    assert_eq!(rows(&world).await, 0);
    assert_eq!(world.send(1, channel, "next").await.seq, Seq::from(2));
}

#[tokio::test]
async fn a_connection_that_ends_before_the_write_stores_nothing() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let writer = writer(&world).await;
    let look = writer.begin(&probe(channel, None)).await.unwrap();
    let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE application_name = 'discuss-writer' AND state = 'idle in transaction'
          AND datname = current_database()";
    world.execute(end).await;
    let draft = World::draft("hello");
    let group = group_of(&look, channel, &draft);
    assert!(writer.commit(&group).await.is_err());
    let fresh = GroupWriter::connect(world.database.database()).await;
    let first = (channel, Seq::from(2));
    let found: Option<MessageId> = fresh
        .unwrap()
        .find_group(group.id, &[channel], first)
        .await
        .unwrap();
    assert_eq!((found, rows(&world).await), (None, 0));
}
