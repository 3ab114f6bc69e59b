//! Erasing all that somebody wrote.

use std::time::Duration;

use discuss_app::channels::archive;
use discuss_app::erasures::{Round, ask, work};
use discuss_app::members::leave;
use discuss_app::messages::change::edit;
use discuss_app::messages::send;
use discuss_app::{App, AppError};
use discuss_domain::messages::{Content, Draft};
use discuss_domain::{ChannelId, UserId};
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;

use crate::fixture::{refusal, with_id};

/// What person 2 has written that can be read somewhere.
const READABLE: &str = "SELECT count(*) FROM messages WHERE tenant_id = 3 AND sender_id = 2
    AND (content IS NOT NULL OR metadata IS NOT NULL OR mentions <> '{}' OR mentions_everyone IS NOT NULL)";
const TOLD: &str = "SELECT count(*) FROM channel_events WHERE kind = 'message_deleted'";

async fn ask_for(world: &World, user: i64) {
    ask(&world.app, &World::person(user)).await.unwrap();
}

async fn worked(app: &App) -> Round {
    work(app).await.unwrap()
}

async fn say(world: &World, channel: ChannelId, many: usize) {
    for number in 0..many {
        world.send(2, channel, &format!("secret {number}")).await;
    }
}

#[tokio::test]
async fn everything_goes_wherever_it_was_written_and_nothing_of_others() {
    let world = World::new().await;
    let owner = World::person(1);
    let mut channels = Vec::new();
    for _ in 0..4 {
        channels.push(world.group(1, &[2]).await);
    }
    for channel in &channels {
        world.send(1, *channel, "of somebody else").await;
        say(&world, *channel, 3).await;
    }
    let abroad = World::person_of(4, 2);
    let foreign = world.group_of(&abroad, &[1], true).await;
    let draft = World::draft("in another tenant");
    send(&world.app, &abroad, foreign, draft).await.unwrap();
    archive(&world.app, &owner, channels[1]).await.unwrap();
    leave(&world.app, &World::person(2), channels[2])
        .await
        .unwrap();
    world.remove(1, channels[3], 2).await;

    ask_for(&world, 2).await;
    assert_eq!(worked(&world.app).await, Round::Finished(12));
    assert_eq!(world.number(READABLE).await, 0);
    let stay = "SELECT count(*) FROM messages WHERE content IS NOT NULL";
    assert_eq!(world.number(stay).await, 4 + 1);
    assert_eq!(world.number(TOLD).await, 12);
    let holes = "SELECT count(*) FROM channels c
        WHERE last_seq <> (SELECT count(*) FROM channel_events e WHERE e.channel_id = c.id)";
    assert_eq!(world.number(holes).await, 0);
    assert_eq!(worked(&world.app).await, Round::Idle);
}

#[tokio::test]
async fn what_was_said_before_whom_it_named_and_how_it_looked_shortened_go_too() {
    let world = World::new().await;
    let two = World::person(2);
    let channel = world.group(1, &[2, 4]).await;
    let named = Draft {
        mentions: vec![UserId::from(4)],
        metadata: Some(serde_json::json!({ "language": "secret" })),
        ..with_id("secret")
    };
    let sent = send(&world.app, &two, channel, named.clone()).await;
    let sent = sent.unwrap().message;
    let content = Content::parse("secret, better said".to_owned()).unwrap();
    let window = Duration::from_hours(1);
    let edited = edit(&world.app, &two, sent.id.into(), (content, window));
    edited.await.unwrap();
    let to_all = World::draft("@all secret");
    send(&world.app, &two, channel, to_all).await.unwrap();
    let prints = "SELECT count(DISTINCT fingerprint) FROM messages WHERE sender_id = 2";
    assert_eq!(world.number(prints).await, 2);

    ask_for(&world, 2).await;
    assert_eq!(worked(&world.app).await, Round::Finished(2));
    assert_eq!(world.number(READABLE).await, 0);
    for table in ["message_edits", "message_mentions"] {
        let rows = format!("SELECT count(*) FROM {table}");
        assert_eq!(world.number(&rows).await, 0, "{table}");
    }
    // The send is known no more by what it said, only by its id.
    let again = send(&world.app, &two, channel, named).await;
    assert_eq!(refusal(again), ErrorCode::Conflict);
}

#[tokio::test]
async fn one_that_fails_waits_and_lets_others_go_before_it() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    for sender in [1, 2] {
        world.send(sender, channel, "secret").await;
    }
    ask_for(&world, 1).await;
    ask_for(&world, 2).await;
    world
        .execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
             CREATE TRIGGER refuse BEFORE UPDATE ON messages FOR EACH ROW
                WHEN (old.sender_id = 1) EXECUTE FUNCTION refuse()",
        )
        .await;
    work(&world.app).await.unwrap_err();
    assert_eq!(worked(&world.app).await, Round::Finished(1));
    assert_eq!(worked(&world.app).await, Round::Idle);
    let waits = "SELECT attempts::bigint FROM erasure_jobs WHERE user_id = 1 AND held_until > now() AND holder IS NULL";
    assert_eq!(world.number(waits).await, 1);

    world
        .execute("DROP TRIGGER refuse ON messages; UPDATE erasure_jobs SET held_until = now() WHERE user_id = 1")
        .await;
    assert_eq!(worked(&world.app).await, Round::Finished(1));
}

#[tokio::test]
async fn a_thread_counts_the_replies_that_are_left() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let root = world.send(1, channel, "what do you think?").await;
    for user in [1, 2, 2] {
        let reply = Draft {
            parent_id: Some(root.id),
            ..World::draft("secret")
        };
        let sent = send(&world.app, &World::person(user), channel, reply).await;
        sent.unwrap();
    }
    ask_for(&world, 2).await;
    assert_eq!(worked(&world.app).await, Round::Finished(2));
    let count =
        "SELECT thread_count::bigint FROM messages WHERE parent_id IS NULL AND sender_id = 1";
    assert_eq!(world.number(count).await, 1);
}

#[tokio::test]
async fn what_is_written_after_it_was_asked_for_stays_until_it_is_asked_for_again() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    say(&world, channel, 2).await;
    ask_for(&world, 2).await;
    say(&world, channel, 3).await;
    assert_eq!(worked(&world.app).await, Round::Finished(2));
    assert_eq!(world.number(READABLE).await, 3);
    let two = World::person(2);
    let again = ask(&world.app, &two).await.unwrap();
    assert_eq!((again.erased, again.finished_at), (0, None));
    assert_eq!(worked(&world.app).await, Round::Finished(3));
    assert_eq!(world.number(READABLE).await, 0);
}

#[tokio::test]
async fn who_is_cut_off_is_followed_by_another_and_each_message_goes_once() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    say(&world, channel, 300).await;
    ask_for(&world, 2).await;
    let cut = tokio::spawn({
        let app = world.app.clone();
        async move { work(&app).await }
    });
    while world.number(TOLD).await < 50 {
        tokio::task::yield_now().await;
    }
    cut.abort();
    let _aborted = cut.await;
    let other = world.another_app();
    assert_eq!(worked(&other).await, Round::Idle, "it is still held");
    world
        .execute("UPDATE erasure_jobs SET held_until = now() - interval '1 s'")
        .await;
    assert!(matches!(worked(&other).await, Round::Finished(_)));
    assert_eq!(world.number(READABLE).await, 0);
    assert_eq!(world.number(TOLD).await, 300);
}

#[tokio::test]
async fn two_at_the_same_job_erase_each_message_once() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    say(&world, channel, 200).await;
    ask_for(&world, 2).await;
    let other = world.another_app();
    let second = async {
        // The first one's hold is over while it works.
        world
            .execute("UPDATE erasure_jobs SET held_until = now() - interval '1 s'")
            .await;
        work(&other).await
    };
    let (first, second): (Result<_, AppError>, Result<_, AppError>) =
        tokio::join!(work(&world.app), second);
    let rounds = [first.unwrap(), second.unwrap()];
    assert!(
        rounds
            .iter()
            .any(|round| matches!(round, Round::Finished(_))),
        "{rounds:?}"
    );
    assert_eq!(world.number(READABLE).await, 0);
    assert_eq!(world.number(TOLD).await, 200);
}

#[tokio::test]
async fn asked_for_anew_it_begins_anew_and_is_lost_to_who_works_at_it() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    say(&world, channel, 60).await;
    ask_for(&world, 2).await;
    let working = tokio::spawn({
        let app = world.app.clone();
        async move { work(&app).await }
    });
    while world.number(TOLD).await == 0 {
        tokio::task::yield_now().await;
    }
    say(&world, channel, 1).await;
    ask_for(&world, 2).await;
    let first = working.await.unwrap().unwrap();
    assert!(
        matches!(first, Round::Lost | Round::Finished(60)),
        "{first:?}"
    );
    while !matches!(worked(&world.app).await, Round::Idle) {}
    assert_eq!(world.number(READABLE).await, 0);
    assert_eq!(world.number(TOLD).await, 61);
}
