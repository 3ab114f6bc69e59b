//! Replies, their threads, and who follows them.

use discuss_app::AppError;
use discuss_app::messages::change::{delete, edit};
use discuss_app::messages::get;
use discuss_app::threads::{Following, list, set_following};
use discuss_domain::messages::{Content, Draft, Message};
use discuss_domain::{ChannelId, MessageId, Seq};
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;

use crate::fixture::{change, refusal, users, with_id};

fn reply_to(parent: MessageId, text: &str) -> Draft {
    Draft {
        parent_id: Some(parent),
        ..World::draft(text)
    }
}

async fn reply(world: &World, user: i64, channel: ChannelId, parent: MessageId) -> Message {
    let sent = world
        .try_send(user, channel, reply_to(parent, "reply"))
        .await;
    sent.unwrap().message
}

async fn read(world: &World, message: MessageId) -> Message {
    let read = get(&world.app, &World::person(1), message).await;
    read.unwrap().0
}

async fn followers(world: &World, root: MessageId) -> Vec<i64> {
    let sql =
        "SELECT user_id FROM thread_followers WHERE message_id = $1 AND is_following ORDER BY 1";
    let client = world.database.client().await;
    let rows = client.query(sql, &[&root.get()]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_reply_is_a_message_of_its_thread_and_its_root_tells_of_it() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3]).await;
    let root = world.send(1, channel, "root").await;
    let first = reply(&world, 2, channel, root.id).await;
    let second = reply(&world, 3, channel, first.id).await;
    assert_eq!((first.seq, second.seq), (Seq::from(3), Seq::from(5)));
    for reply in [&first, &second] {
        assert_eq!(reply.parent_id, Some(root.id));
        assert_eq!(read(&world, reply.id).await.parent_id, Some(root.id));
    }
    let now = read(&world, root.id).await;
    assert_eq!(now.thread.count, 2);
    assert_eq!(now.thread.participants, users(&[2, 3]));
    assert_eq!(now.thread.last_reply_at, Some(second.created_at));
    let next = world.send(2, channel, "next").await;
    assert_eq!((next.numbers.message_no, next.numbers.timeline_no), (4, 2));
    assert_eq!((next.numbers.unread_no, next.seq), (2, Seq::from(7)));
    world.require_consistent().await;
}

#[tokio::test]
async fn a_reply_is_unread_by_nobody_and_moves_nobodys_mark() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let root = world.send(1, channel, "root").await;
    reply(&world, 2, channel, root.id).await;
    for (user, unread) in [(1, 0), (2, 1)] {
        let mark = discuss_app::reads::get(&world.app, &World::person(user), channel).await;
        assert_eq!(mark.unwrap().unread, unread, "{user}");
    }
}

#[tokio::test]
async fn a_reply_to_what_is_elsewhere_or_deleted_is_refused_and_nothing_is_stored() {
    let world = World::new().await;
    let (channel, other) = (world.group(1, &[2]).await, world.group(1, &[2]).await);
    let foreign = World::person_of(World::TENANT + 1, 1);
    let abroad = world.group_of(&foreign, &[], true).await;
    let abroad = discuss_app::messages::send(&world.app, &foreign, abroad, World::draft("x")).await;
    let elsewhere = world.send(1, other, "elsewhere").await.id;
    let root = world.send(1, channel, "root").await.id;
    let first = reply(&world, 2, channel, root).await.id;
    let before = world.everything().await;
    let missing = ErrorCode::ParentMessageNotInChannel;
    for parent in [
        elsewhere,
        abroad.unwrap().message.id,
        MessageId::from(999_999),
    ] {
        let sent = world.try_send(1, channel, reply_to(parent, "x")).await;
        assert_eq!(refusal(sent), missing);
    }
    assert_eq!(world.everything().await, before);

    let person = World::person(1);
    delete(&world.app, &person, root.into()).await.unwrap();
    let before = world.everything().await;
    for parent in [root, first] {
        let sent = world.try_send(2, channel, reply_to(parent, "x")).await;
        assert_eq!(refusal(sent), ErrorCode::MessageDeleted);
    }
    assert_eq!(world.everything().await, before);
    world.require_consistent().await;
}

#[tokio::test]
async fn who_may_not_send_may_not_reply() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let root = world.send(1, channel, "root").await.id;
    change(
        &world,
        "UPDATE channel_members SET role = 'GUEST' WHERE user_id = 2",
    )
    .await;
    let before = world.everything().await;
    let sent = world.try_send(2, channel, reply_to(root, "x")).await;
    assert_eq!(refusal(sent), ErrorCode::CannotSendMessages);
    let sent = world.try_send(9, channel, reply_to(root, "x")).await;
    assert_eq!(refusal(sent), ErrorCode::ChannelNotFound);
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn a_reply_repeated_under_its_client_id_is_counted_once() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let root = world.send(1, channel, "root").await.id;
    let draft = Draft {
        parent_id: Some(root),
        ..with_id("once")
    };
    for is_repeat in [false, true] {
        let sent = world.try_send(2, channel, draft.clone()).await.unwrap();
        assert_eq!(sent.is_repeat, is_repeat);
    }
    let to_all = Draft {
        parent_id: None,
        ..draft
    };
    let sent = world.try_send(2, channel, to_all).await;
    assert_eq!(refusal(sent), ErrorCode::Conflict);
    assert_eq!(read(&world, root).await.thread.count, 1);
    world.require_consistent().await;
}

#[tokio::test]
async fn deleted_replies_don_t_count_and_keep_their_places() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3]).await;
    let root = world.send(1, channel, "root").await.id;
    let mut replies = Vec::new();
    for user in [2, 3, 2] {
        replies.push(reply(&world, user, channel, root).await.id);
    }
    let person = World::person(2);
    let gone = delete(&world.app, &person, replies[0].into()).await;
    assert!(!gone.unwrap().is_repeat);
    assert_eq!(read(&world, root).await.thread.count, 2);
    let pages = async |page| {
        let found = list(&world.app, &World::person(3), root.into(), (page, 2)).await;
        let (found, total, _) = found.unwrap();
        assert_eq!(total, 3);
        found.iter().map(|reply| reply.id).collect::<Vec<_>>()
    };
    assert_eq!(pages(0).await, replies[..2]);
    assert_eq!(pages(1).await, replies[2..]);
    assert_eq!(pages(2).await, []);
    // A reply stands for its thread.
    let found = list(&world.app, &person, replies[1].into(), (0, 9)).await;
    assert_eq!(found.unwrap().0.len(), 3);
    for (user, id) in [(3, replies[1]), (2, replies[2])] {
        let gone = delete(&world.app, &World::person(user), id.into()).await;
        gone.unwrap();
    }
    let now = read(&world, root).await.thread;
    assert_eq!((now.count, now.last_reply_at), (0, None));
    assert_eq!(now.participants, []);
    world.require_consistent().await;
}

#[tokio::test]
async fn a_thread_is_read_by_members_and_only_in_its_channel() {
    let world = World::new().await;
    let (channel, other) = (world.group(1, &[2]).await, world.group(1, &[2]).await);
    let root = world.send(1, channel, "root").await.id;
    reply(&world, 2, channel, root).await;
    let read = async |user, target| {
        let person = World::person(user);
        list(&world.app, &person, target, (0, 9)).await
    };
    assert_eq!(read(2, (channel, root).into()).await.unwrap().1, 1);
    let missing = ErrorCode::MessageNotFound;
    assert_eq!(refusal(read(2, (other, root).into()).await), missing);
    assert_eq!(refusal(read(9, root.into()).await), missing);
    let quiet = world.send(1, channel, "quiet").await.id;
    let (replies, total, _) = read(2, quiet.into()).await.unwrap();
    assert_eq!((replies, total), (Vec::new(), 0));
}

#[tokio::test]
async fn who_starts_replies_or_is_mentioned_follows_until_they_say_otherwise() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3, 4, 5]).await;
    let root = Draft {
        mentions: users(&[3]),
        ..World::draft("root")
    };
    let root = world.try_send(1, channel, root).await.unwrap().message.id;
    assert_eq!(followers(&world, root).await, Vec::<i64>::new());
    let naming = Draft {
        mentions: users(&[4]),
        ..reply_to(root, "reply")
    };
    let first = world.try_send(2, channel, naming.clone()).await.unwrap();
    assert_eq!(followers(&world, root).await, [1, 2, 3, 4]);

    let app: &discuss_app::App = &world.app;
    let follow = async |user, message, following| -> Result<MessageId, AppError> {
        set_following(app, &World::person(user), message, following).await
    };
    for user in [1, 2, 4] {
        let told = follow(user, first.message.id, Following::No).await;
        assert_eq!(told.unwrap(), root);
    }
    follow(5, root, Following::Yes).await.unwrap();
    assert_eq!(followers(&world, root).await, [3, 5]);
    // To be mentioned again, or that others reply, changes nothing; to reply does.
    let again = world.try_send(2, channel, naming).await;
    again.unwrap();
    assert_eq!(followers(&world, root).await, [2, 3, 5]);

    let stranger = follow(9, root, Following::Yes).await;
    assert_eq!(refusal(stranger), ErrorCode::MessageNotFound);
    assert_eq!(followers(&world, root).await, [2, 3, 5]);
}

#[tokio::test]
async fn whom_an_edit_mentions_anew_follows_the_thread() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3, 4]).await;
    let alone = world.send(1, channel, "alone").await.id;
    let root = world.send(1, channel, "root").await.id;
    let answer = reply(&world, 2, channel, root).await.id;
    let window = std::time::Duration::from_hours(1);
    for (user, message, text) in [(2, answer, "<@3>"), (1, root, "<@4>"), (1, alone, "<@4>")] {
        let content = Content::parse(text.to_owned()).unwrap();
        let person = World::person(user);
        let edited = edit(&world.app, &person, message.into(), (content, window));
        edited.await.unwrap();
    }
    assert_eq!(followers(&world, root).await, [1, 2, 3, 4]);
    assert_eq!(followers(&world, alone).await, Vec::<i64>::new());
}
