//! Reactions: each counts once, and none is lost.

use discuss_app::AppError;
use discuss_app::messages::change::Changed;
use discuss_app::messages::get;
use discuss_app::reactions::{add, remove};
use discuss_domain::MessageId;
use discuss_domain::messages::Message;
use discuss_domain::reactions::Emoji;
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;

use crate::fixture::{change, refusal};

fn emoji(text: &str) -> Emoji {
    Emoji::parse(text).unwrap()
}

async fn try_react(
    world: &World,
    user: i64,
    message: MessageId,
    text: &str,
) -> Result<Changed, AppError> {
    add(
        &world.app,
        &World::person(user),
        message.into(),
        emoji(text),
    )
    .await
}

async fn take_back(world: &World, user: i64, message: MessageId, text: &str) -> Changed {
    let person = World::person(user);
    let removed = remove(&world.app, &person, message.into(), emoji(text)).await;
    removed.unwrap()
}

async fn read(world: &World, message: MessageId) -> Message {
    let read = get(&world.app, &World::person(1), message).await;
    read.unwrap().0
}

#[tokio::test]
async fn a_reaction_counts_once_and_is_taken_back_once() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    change(
        &world,
        "UPDATE channel_members SET role = 'GUEST' WHERE user_id = 2",
    )
    .await;
    let sent = world.send(1, channel, "hello").await.id;
    let added = try_react(&world, 2, sent, "👍").await.unwrap();
    assert!(!added.is_repeat);
    assert_eq!(added.message.reactions, read(&world, sent).await.reactions);
    try_react(&world, 1, sent, "❤\u{fe0f}").await.unwrap();
    let before = world.everything().await;
    assert!(try_react(&world, 2, sent, "👍").await.unwrap().is_repeat);
    assert!(take_back(&world, 1, sent, "👍").await.is_repeat);
    assert_eq!(world.everything().await, before);
    world.require_consistent().await;

    assert!(!take_back(&world, 2, sent, "👍").await.is_repeat);
    let left = read(&world, sent).await.reactions;
    assert_eq!(left.iter().count(), 1);
    assert!(!take_back(&world, 1, sent, "❤\u{fe0f}").await.is_repeat);
    assert!(read(&world, sent).await.reactions.is_empty());
    let none = "SELECT count(*) FROM messages WHERE reactions IS NOT NULL";
    assert_eq!(world.number(none).await, 0);
    world.require_consistent().await;
}

#[tokio::test]
async fn who_may_not_react_is_refused_and_nothing_is_stored() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(1, channel, "hello").await.id;
    let gone = world.send(1, channel, "gone").await.id;
    let person = World::person(1);
    let deleted = discuss_app::messages::change::delete(&world.app, &person, gone.into()).await;
    deleted.unwrap();
    let before = world.everything().await;
    let missing = ErrorCode::MessageNotFound;
    assert_eq!(refusal(try_react(&world, 9, sent, "👍").await), missing);
    let nowhere = MessageId::from(999_999);
    assert_eq!(refusal(try_react(&world, 1, nowhere, "👍").await), missing);
    let deleted = try_react(&world, 1, gone, "👍").await;
    assert_eq!(refusal(deleted), ErrorCode::MessageDeleted);
    assert_eq!(world.everything().await, before);
    change(&world, "UPDATE channels SET archived_at = now()").await;
    let before = world.everything().await;
    let archived = try_react(&world, 1, sent, "👍").await;
    assert_eq!(refusal(archived), ErrorCode::ChannelArchived);
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn a_fifty_first_emoji_is_one_too_many_and_nothing_is_stored() {
    const FIRST: u32 = 0x1f400;
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let sent = world.send(1, channel, "hello").await.id;
    let animal = |place: u32| char::from_u32(FIRST + place).unwrap().to_string();
    for place in 0..50 {
        try_react(&world, 1, sent, &animal(place)).await.unwrap();
    }
    let before = world.everything().await;
    let refused = try_react(&world, 2, sent, &animal(50)).await;
    assert_eq!(refusal(refused), ErrorCode::TooManyReactions);
    assert_eq!(world.everything().await, before);
    assert!(try_react(&world, 2, sent, &animal(49)).await.is_ok());
    world.require_consistent().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_who_react_at_once_in_two_processes_lose_no_reaction() {
    let world = World::new().await;
    let members: Vec<i64> = (2..=200).collect();
    let channel = world.group(1, &members[..99]).await;
    world.add(1, channel, &members[99..]).await;
    let sent = world.send(1, channel, "hello").await.id;
    let apps = [world.app.clone(), world.another_app()];
    let mut tasks = tokio::task::JoinSet::new();
    for user in 1..=200_usize {
        let app = apps[user % 2].clone();
        tasks.spawn(async move {
            let person = World::person(i64::try_from(user).unwrap());
            add(&app, &person, sent.into(), emoji("👍")).await.unwrap()
        });
    }
    let answers = tasks.join_all().await;
    assert!(answers.iter().all(|answer| !answer.is_repeat));
    let reactions = read(&world, sent).await.reactions;
    assert_eq!(reactions.users(&emoji("👍")).len(), 200);
    let groups =
        "SELECT count(DISTINCT group_id) FROM channel_events WHERE kind = 'reaction_added'";
    assert!(
        world.number(groups).await < 200,
        "nothing was committed together"
    );
    world.require_consistent().await;
}
