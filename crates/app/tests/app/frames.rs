//! What is told of changes: in frames, the same when they are committed and when the log is read; on
//! Kafka; and with what the message is by then.

use std::time::Duration;

use bytes::Bytes;
use discuss_app::log;
use discuss_app::messages::change::{delete, edit};
use discuss_app::reactions::{add, remove};
use discuss_app::relay::{Leases, Relay};
use discuss_domain::messages::{Content, Draft};
use discuss_domain::reactions::Emoji;
use discuss_domain::{ChannelId, EventKind, MessageId, Seq, TenantId, UserId};
use discuss_storage::redis::Topic;
use discuss_test_support::{Listener, World};
use discuss_wire::fanout::{Fanout, FanoutEvent};
use serde_json::{Value, json};

const DAY: Duration = Duration::from_hours(24);

fn event(bytes: &Bytes) -> FanoutEvent {
    match Fanout::decode(bytes).unwrap() {
        Fanout::Event(event) => event,
        other => unreachable!("{other:?} where an event was due"),
    }
}

fn frame(event: &FanoutEvent) -> Value {
    serde_json::from_slice(&event.frame).unwrap()
}

/// The log from a seq on.
async fn logged(world: &World, channel: ChannelId, after: i64) -> Vec<FanoutEvent> {
    let read = log::list_after(&world.app, channel, Seq::from(after), 100).await;
    read.unwrap()
}

async fn react(world: &World, user: i64, message: MessageId) {
    let emoji = Emoji::parse("👍").unwrap();
    let added = add(&world.app, &World::person(user), message.into(), emoji).await;
    added.unwrap();
}

async fn reply(world: &World, user: i64, channel: ChannelId, root: MessageId) -> MessageId {
    let draft = Draft {
        parent_id: Some(root),
        ..World::draft("reply")
    };
    let sent = world.try_send(user, channel, draft).await;
    sent.unwrap().message.id
}

/// Hears a channel, and compares it with its log.
struct Ear {
    listener: Listener,
    channel: ChannelId,
    seq: i64,
}

impl Ear {
    /// From now on.
    async fn start(world: &World, channel: ChannelId, seq: i64) -> Self {
        let topic = Topic::Channel(TenantId::from(World::TENANT), channel);
        let listener = world.listen(&[topic]).await;
        Self {
            listener,
            channel,
            seq,
        }
    }

    /// The next frames, which must be those of the log, byte for byte.
    async fn hear(&mut self, world: &World, many: usize) -> Vec<Value> {
        let log = logged(world, self.channel, self.seq).await;
        assert_eq!(log.len(), many);
        let mut frames = Vec::new();
        for logged in log {
            let (_, bytes) = self.listener.next().await;
            assert_eq!(event(&bytes), logged);
            self.seq = logged.seq.get();
            frames.push(frame(&logged));
        }
        frames
    }
}

#[tokio::test]
async fn reactions_and_edits_are_published_as_the_log_tells_them() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(1, channel, "before").await.id;
    let mut ear = Ear::start(&world, channel, 2).await;

    react(&world, 2, sent).await;
    let added = ear.hear(&world, 1).await.remove(0);
    assert_eq!(
        (&added["type"], &added["seq"]),
        (&json!("REACTION_ADDED"), &json!(3))
    );
    let expected = json!({
        "messageId": sent, "channelId": channel, "emoji": "👍", "userId": 2, "totalCount": 1, "userIds": [2]
    });
    assert_eq!(added["payload"], expected);
    let emoji = Emoji::parse("👍").unwrap();
    let back = remove(&world.app, &World::person(2), sent.into(), emoji).await;
    back.unwrap();
    let removed = ear.hear(&world, 1).await.remove(0);
    assert_eq!(removed["type"], "REACTION_REMOVED");
    assert_eq!(
        (
            &removed["payload"]["totalCount"],
            &removed["payload"]["userIds"]
        ),
        (&json!(0), &json!([]))
    );
    let content = Content::parse("after".to_owned()).unwrap();
    let edited = edit(&world.app, &World::person(1), sent.into(), (content, DAY)).await;
    let at = edited.unwrap().message.edited_at.unwrap();
    let mut edited = ear.hear(&world, 1).await.remove(0);
    assert_eq!(edited["type"], "MESSAGE_EDITED");
    let message = edited["payload"]["message"].take();
    assert_eq!(
        (&message["content"], &message["isEdited"]),
        (&json!("after"), &json!(true))
    );
    let expected = json!({
        "messageId": sent, "channelId": channel, "content": "after", "editedAt": at.timestamp_millis(),
        "message": null
    });
    assert_eq!(edited["payload"], expected);
}

#[tokio::test]
async fn replies_and_deletions_are_published_as_the_log_tells_them() {
    let world = World::new().await;
    world.remember(2).await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(1, channel, "root").await.id;
    let mut ear = Ear::start(&world, channel, 2).await;

    let answer = reply(&world, 2, channel, sent).await;
    let told = ear.hear(&world, 2).await;
    let message = &told[0]["payload"]["message"];
    assert_eq!(message["parentId"], sent.get());
    assert_eq!(told[1]["type"], "THREAD_UPDATED");
    let expected = json!({
        "messageId": sent, "threadCount": 1, "lastReplyAt": message["createdAt"], "participants": [2]
    });
    assert_eq!(told[1]["payload"], expected);
    let deleted = delete(&world.app, &World::person(1), answer.into()).await;
    deleted.unwrap();
    let told = ear.hear(&world, 2).await;
    assert_eq!(told[0]["type"], "MESSAGE_DELETED");
    let expected = json!({
        "messageId": answer, "channelId": channel, "deletedBy": 1, "deletedAt": told[0]["timestamp"]
    });
    assert_eq!(told[0]["payload"], expected);
    let expected = json!({ "messageId": sent, "threadCount": 0, "participants": [] });
    assert_eq!(told[1]["payload"], expected);
}

#[tokio::test]
async fn the_log_tells_of_a_deleted_message_without_what_it_said() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(1, channel, "secret").await.id;
    react(&world, 2, sent).await;
    let content = Content::parse("still secret".to_owned()).unwrap();
    let person = World::person(1);
    let edited = edit(&world.app, &person, sent.into(), (content, DAY)).await;
    edited.unwrap();
    delete(&world.app, &person, sent.into()).await.unwrap();
    let told: Vec<Value> = logged(&world, channel, 1).await.iter().map(frame).collect();
    assert_eq!(told.len(), 4);
    assert!(!json!(told).to_string().contains("secret"));
    assert_eq!(told[0]["payload"]["message"]["isDeleted"], true);
    assert_eq!(told[1]["payload"]["totalCount"], 0);
    assert!(told[2]["payload"].get("content").is_none());
}

#[tokio::test]
async fn changes_go_to_their_topics_and_threads_stay_here() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(1, channel, "before").await.id;
    react(&world, 2, sent).await;
    reply(&world, 2, channel, sent).await;
    let person = World::person(1);
    let content = Content::parse("after".to_owned()).unwrap();
    let edited = edit(&world.app, &person, sent.into(), (content, DAY)).await;
    edited.unwrap();
    delete(&world.app, &person, sent.into()).await.unwrap();

    let held = Leases::default().keep(&world.app).await.unwrap();
    let mut relay = Relay::default();
    let batch = relay.next(&world.app, &held).await.unwrap().unwrap();
    let told: Vec<(&str, Value)> = batch
        .records
        .iter()
        .map(|record| (record.topic, serde_json::from_slice(&record.value).unwrap()))
        .collect();
    let places: Vec<_> = told
        .iter()
        .map(|(topic, value)| {
            (
                *topic,
                value["eventType"].as_str().unwrap(),
                value["seq"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        places[1..],
        [
            ("discuss.message.events", "MESSAGE_NEW", 2),
            ("discuss.reaction.events", "REACTION_ADDED", 3),
            ("discuss.message.events", "MESSAGE_NEW", 4),
            ("discuss.message.events", "MESSAGE_UPDATED", 6),
            ("discuss.message.events", "MESSAGE_DELETED", 7),
        ]
    );
    let reaction = &told[2].1;
    assert_eq!(
        (
            &reaction["messageId"],
            &reaction["userId"],
            &reaction["emoji"]
        ),
        (&json!(sent), &json!(2), &json!("👍"))
    );
    assert_eq!(told[3].1["parentId"], sent.get());
    relay.advance(&world.app, &batch).await.unwrap();
    let heads = "SELECT seq FROM relay_heads";
    assert_eq!(world.number(heads).await, 7);

    // A batch without a record moves its head on all the same.
    let other = world.send(1, channel, "root").await.id;
    reply(&world, 2, channel, other).await;
    while let Some(batch) = relay.next(&world.app, &held).await.unwrap() {
        relay.advance(&world.app, &batch).await.unwrap();
    }
    assert_eq!(world.number(heads).await, 10);
}

#[tokio::test]
async fn an_event_that_is_spoiled_or_has_lost_its_subject_keeps_its_place() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3]).await;
    world.remove(1, channel, 2).await;
    world.remove(1, channel, 3).await;
    world.send(1, channel, "after them").await;
    for spoil in [
        "UPDATE channel_events SET payload = NULL WHERE seq = 2",
        "UPDATE channel_events SET payload = '{\"userIds\": [3], \"role\": \"KING\", \"status\": \"\"}'
          WHERE seq = 3",
    ] {
        world.execute(spoil).await;
    }
    let log = logged(&world, channel, 1).await;
    let told: Vec<Value> = log.iter().map(frame).collect();
    let types: Vec<&Value> = told.iter().map(|frame| &frame["type"]).collect();
    assert_eq!(types, ["UNKNOWN_EVENT", "UNKNOWN_EVENT", "NEW_MESSAGE"]);
    let payload = json!({ "channelId": channel, "kind": "member_removed" });
    for (event, seq) in log.iter().zip([2, 3]) {
        assert_eq!(event.seq, Seq::from(seq));
        assert_eq!(event.kind, Some(EventKind::MemberRemoved));
        assert_eq!(frame(event)["payload"], payload);
    }
    // Who went by it is gone all the same.
    assert_eq!(log[1].users, [UserId::from(3)]);
}
