//! Within a group each send has an answer of its own; one that is refused harms no other.

use discuss_app::messages::{Sent, send};
use discuss_app::{AppError, Context};
use discuss_domain::messages::Draft;
use discuss_domain::{ChannelId, MessageId};
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;

use crate::fixture::{change, lock, refusal, stored, with_id};

/// Sends all of it at once to the lane of a channel that is locked until all have come: they are done
/// in one group.
async fn together(
    world: &World,
    locked: ChannelId,
    sends: Vec<(Context, ChannelId, Draft)>,
) -> Vec<Result<Sent, AppError>> {
    let holder = lock(world, locked).await;
    let first = tokio::spawn({
        let (app, person) = (world.app.clone(), World::person(1));
        async move { send(&app, &person, locked, World::draft("first")).await }
    });
    let many = sends.len();
    let mut tasks = Vec::new();
    for (person, channel, draft) in sends {
        let app = world.app.clone();
        tasks.push(tokio::spawn(async move {
            send(&app, &person, channel, draft).await
        }));
    }
    // All tasks have handed over their sends once they all wait for answers.
    for _ in 0..many * 10 {
        tokio::task::yield_now().await;
    }
    holder.batch_execute("COMMIT").await.unwrap();
    first.await.unwrap().unwrap();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

#[tokio::test]
async fn a_row_that_the_database_refuses_fails_alone() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let refuse = "ALTER TABLE messages ADD CHECK (content <> 'refused')";
    world.execute(refuse).await;
    let mut sends = Vec::new();
    for place in 0..20 {
        let text = if place == 7 { "refused" } else { "taken" };
        sends.push((World::person(1 + place % 2), channel, World::draft(text)));
    }
    let answers = together(&world, channel, sends).await;
    for (place, answer) in answers.into_iter().enumerate() {
        if place == 7 {
            assert_eq!(refusal(answer), ErrorCode::InternalError);
        } else {
            answer.unwrap();
        }
    }
    assert_eq!(stored(&world, "refused").await, 0);
    assert_eq!(stored(&world, "taken").await, 19);
    world.require_consistent().await;
}

#[tokio::test]
async fn each_send_of_a_group_has_its_own_answer() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3]).await;
    change(
        &world,
        "UPDATE channel_members SET status = 'MUTED' WHERE user_id = 3",
    )
    .await;
    let foreign = World::person_of(World::TENANT + 1, 1);
    let known = with_id("known");
    let first = world.try_send(2, channel, known.clone()).await.unwrap();
    let other = Draft {
        content: World::draft("other").content,
        ..known.clone()
    };
    let sends = vec![
        (World::person(1), channel, World::draft("taken")),
        (World::person(3), channel, World::draft("refused")),
        (World::person(50), channel, World::draft("refused")),
        (foreign, channel, World::draft("refused")),
        (World::person(2), channel, known),
        (World::person(2), channel, other),
        (World::person(2), channel, World::draft("taken")),
    ];
    let answers = together(&world, channel, sends).await;
    let told: Vec<Result<bool, ErrorCode>> = answers
        .iter()
        .map(|answer| match answer {
            Ok(sent) => Ok(sent.is_repeat),
            Err(error) => Err(error.code()),
        })
        .collect();
    let expected = [
        Ok(false),
        Err(ErrorCode::CannotSendMessages),
        Err(ErrorCode::ChannelNotFound),
        Err(ErrorCode::ChannelNotFound),
        Ok(true),
        Err(ErrorCode::Conflict),
        Ok(false),
    ];
    assert_eq!(told, expected);
    assert_eq!(answers[4].as_ref().unwrap().message.id, first.message.id);
    assert_eq!(stored(&world, "refused").await, 0);
    assert_eq!(stored(&world, "taken").await, 2);
    let groups = "SELECT count(DISTINCT group_id) FROM channel_events
        JOIN messages m ON m.id = message_id WHERE content = 'taken'";
    assert_eq!(world.number(groups).await, 1);
    world.require_consistent().await;
}

#[tokio::test]
async fn the_same_client_id_twice_in_a_group_is_one_message() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let draft = with_id("once");
    let other = Draft {
        content: World::draft("other").content,
        ..draft.clone()
    };
    let mut sends: Vec<_> = (0..5)
        .map(|_| (World::person(2), channel, draft.clone()))
        .collect();
    sends.push((World::person(2), channel, other));
    let mut answers = together(&world, channel, sends).await;
    assert_eq!(refusal(answers.pop().unwrap()), ErrorCode::Conflict);
    let ids: Vec<MessageId> = answers
        .iter()
        .map(|answer| answer.as_ref().unwrap().message.id)
        .collect();
    assert_eq!(ids, [ids[0]; 5]);
    assert_eq!(stored(&world, "once").await, 1);
    world.require_consistent().await;
}
