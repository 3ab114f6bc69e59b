//! Whom messages mention: by their field, by tags and names in their text, and everybody.

use std::time::Duration;

use discuss_app::channels;
use discuss_app::messages::change::edit;
use discuss_domain::ChannelId;
use discuss_domain::messages::mentions::Everyone;
use discuss_domain::messages::{Content, Draft, Message, MessageKind};
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;

use crate::fixture::{refusal, stored, users, with_id};

/// A group of 1 to 5, whose names are known ("Person 1" …); so are those of 50 and 51, who are not in it.
async fn group(world: &World) -> ChannelId {
    for user in [1, 2, 3, 4, 5, 50, 51] {
        world.remember(user).await;
    }
    world.group(1, &[2, 3, 4, 5]).await
}

async fn say(world: &World, channel: ChannelId, draft: Draft) -> Message {
    let sent = world.try_send(1, channel, draft).await.unwrap();
    let reader = World::person(2);
    let found = discuss_app::messages::get(&world.app, &reader, sent.message.id).await;
    assert_eq!(found.unwrap().0, sent.message);
    sent.message
}

async fn unread(world: &World, user: i64, channel: ChannelId) -> i64 {
    let seen = channels::get(&world.app, &World::person(user), channel).await;
    seen.unwrap().unread_mentions
}

#[tokio::test]
async fn members_are_mentioned_by_field_tag_and_name() {
    let world = World::new().await;
    let channel = group(&world).await;
    let draft = Draft {
        mentions: users(&[5, 50]),
        ..World::draft("<@3>, @person 2 and @Person 51: `@Person 4`, <@99>")
    };
    let message = say(&world, channel, draft).await;
    assert_eq!(message.mentions, users(&[2, 3, 5]));
    assert_eq!(message.mentions_everyone, None);
    for (user, count) in [(1, 0), (2, 1), (3, 1), (4, 0), (5, 1)] {
        assert_eq!(unread(&world, user, channel).await, count, "{user}");
    }
    world.require_consistent().await;
}

#[tokio::test]
async fn who_was_removed_is_not_mentioned_by_name() {
    let world = World::new().await;
    let channel = group(&world).await;
    world.remove(1, channel, 4).await;
    let message = say(&world, channel, World::draft("@Person 4")).await;
    assert!(message.mentions.is_empty());
}

#[tokio::test]
async fn a_name_that_two_members_have_mentions_neither() {
    let world = World::new().await;
    let channel = group(&world).await;
    world
        .execute("UPDATE users SET name = 'Chi' WHERE user_id IN (2, 3)")
        .await;
    let message = say(&world, channel, World::draft("@Chi and @Person 4")).await;
    assert_eq!(message.mentions, users(&[4]));
}

#[tokio::test]
async fn everybody_is_mentioned_also_by_a_send_that_is_alone() {
    let world = World::new().await;
    let channel = group(&world).await;
    for (text, everyone) in [
        ("hello", None),
        ("hello @here", Some(Everyone::Here)),
        ("hello", None),
        ("@all @here", Some(Everyone::All)),
    ] {
        let message = say(&world, channel, World::draft(text)).await;
        assert_eq!(
            (message.mentions_everyone, message.mentions),
            (everyone, vec![])
        );
    }
    assert_eq!(
        (
            unread(&world, 1, channel).await,
            unread(&world, 4, channel).await
        ),
        (0, 2)
    );
    world.require_consistent().await;
}

#[tokio::test]
async fn who_mentions_themselves_mentions_nobody() {
    let world = World::new().await;
    let channel = group(&world).await;
    let draft = Draft {
        mentions: users(&[1, 2]),
        ..World::draft("<@1> @Person 1")
    };
    assert_eq!(say(&world, channel, draft).await.mentions, users(&[2]));
}

#[tokio::test]
async fn code_mentions_only_by_its_field() {
    let world = World::new().await;
    let channel = group(&world).await;
    let draft = Draft {
        kind: MessageKind::Code,
        mentions: users(&[3]),
        ..World::draft("@Person 2 @all <@4>")
    };
    let message = say(&world, channel, draft).await;
    assert_eq!(
        (message.mentions, message.mentions_everyone),
        (users(&[3]), None)
    );
}

#[tokio::test]
async fn a_send_is_the_same_send_whoever_bears_the_name_by_now() {
    let world = World::new().await;
    let channel = group(&world).await;
    let draft = with_id("hello @Person 2 and @all");
    let first = world.try_send(1, channel, draft.clone()).await.unwrap();
    world
        .execute("UPDATE users SET name = 'Person 2' WHERE user_id = 3; UPDATE users SET name = 'Bình' WHERE user_id = 2")
        .await;
    let again = world.try_send(1, channel, draft).await.unwrap();
    assert!(again.is_repeat);
    assert_eq!(again.message.id, first.message.id);
    assert_eq!(again.message.mentions, users(&[2]));
}

#[tokio::test]
async fn more_than_a_hundred_in_field_and_text_are_too_many_and_nothing_is_stored() {
    let world = World::new().await;
    let channel = group(&world).await;
    let tags: Vec<String> = (100..150).map(|id| format!("<@{id}>")).collect();
    let field: Vec<i64> = (200..250).collect();
    let draft = |more: &str| Draft {
        mentions: users(&field),
        ..World::draft(&format!("{} {more}", tags.concat()))
    };
    let refused = world.try_send(1, channel, draft("@Person 2")).await;
    assert_eq!(refusal(refused), ErrorCode::TooManyMentions);
    let text = draft("@Person 2");
    assert_eq!(stored(&world, text.content.as_str()).await, 0);
    assert!(world.try_send(1, channel, draft("@Nobody")).await.is_ok());
}

async fn edited(world: &World, message: &Message, text: &str) -> Message {
    let content = Content::parse(text.to_owned()).unwrap();
    let change = (content, Duration::from_hours(1));
    let sender = World::person(1);
    let changed = edit(&world.app, &sender, message.id.into(), change);
    let changed = changed.await.unwrap().message;
    let reader = World::person(2);
    let found = discuss_app::messages::get(&world.app, &reader, message.id).await;
    assert_eq!(found.unwrap().0, changed);
    world.require_consistent().await;
    changed
}

#[tokio::test]
async fn an_edited_text_mentions_whom_it_names_now_and_whom_the_field_named() {
    let world = World::new().await;
    let channel = group(&world).await;
    let draft = Draft {
        mentions: users(&[5]),
        ..World::draft("<@3> and @Person 2")
    };
    let message = say(&world, channel, draft).await;
    for (text, people, everyone) in [
        ("@Person 4, not <@3>, <@50>", vec![3, 4, 5], None),
        ("@all: @Person 2", vec![2, 5], Some(Everyone::All)),
        ("@here", vec![5], Some(Everyone::Here)),
        ("@Person 2", vec![2, 5], None),
        ("nobody", vec![5], None),
    ] {
        let changed = edited(&world, &message, text).await;
        assert_eq!(changed.mentions, users(&people), "{text}");
        assert_eq!(changed.mentions_everyone, everyone, "{text}");
        for user in 2..=5 {
            let is_named = everyone.is_some() || people.contains(&user);
            let count = unread(&world, user, channel).await;
            assert_eq!(count, i64::from(is_named), "{user}: {text}");
        }
    }
}
