//! Reading what was said: by cursor, by page, one by one.

use std::ops::Range;

use discuss_app::messages::{History, get, list, list_page};
use discuss_domain::messages::Message;
use discuss_domain::messages::history::{Cursor, Scope};
use discuss_domain::{ChannelId, MessageId};
use discuss_test_support::{World, reply_sql};
use discuss_wire::errors::ErrorCode;

use crate::fixture::refusal;

/// A channel with seven messages, and somebody added among them.
async fn talk(world: &World) -> (ChannelId, Vec<MessageId>) {
    let channel = world.group(1, &[2]).await;
    let mut ids = Vec::new();
    for place in 1..=7 {
        ids.push(world.send(1, channel, &format!("message {place}")).await.id);
        if place == 3 {
            world.add(1, channel, &[9]).await;
        }
    }
    (channel, ids)
}

async fn read(world: &World, channel: ChannelId, from: Cursor, limit: i64) -> History {
    let reader = World::person(2);
    list(
        &world.app,
        &reader,
        channel,
        Scope::WithReplies,
        (from, limit),
    )
    .await
    .unwrap()
}

fn newest_first(ids: &[MessageId]) -> Vec<MessageId> {
    ids.iter().rev().copied().collect()
}

fn ids(messages: &[Message]) -> Vec<MessageId> {
    messages.iter().map(|message| message.id).collect()
}

#[tokio::test]
async fn a_channel_is_read_back_from_its_newest_message_to_its_first() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let newest = read(&world, channel, Cursor::Newest, 3).await;
    assert_eq!(ids(&newest.messages), newest_first(&sent[4..]));
    assert!(newest.has_older && !newest.has_newer);
    let middle = read(&world, channel, Cursor::Before(sent[4]), 3).await;
    assert_eq!(ids(&middle.messages), newest_first(&sent[1..4]));
    assert!(middle.has_older && middle.has_newer);
    let last = read(&world, channel, Cursor::Before(sent[1]), 3).await;
    assert_eq!(ids(&last.messages), [sent[0]]);
    assert!(!last.has_older && last.has_newer);
    let nothing = read(&world, channel, Cursor::Before(sent[0]), 3).await;
    assert!(nothing.messages.is_empty() && !nothing.has_older);
}

#[tokio::test]
async fn a_page_that_ends_with_the_first_message_says_that_there_are_no_older_ones() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let all = read(&world, channel, Cursor::Newest, 7).await;
    assert_eq!(ids(&all.messages), newest_first(&sent));
    assert!(!all.has_older && !all.has_newer);
}

#[tokio::test]
async fn a_channel_is_read_forward_from_a_message_newest_first() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let after = read(&world, channel, Cursor::After(sent[2]), 2).await;
    assert_eq!(ids(&after.messages), [sent[4], sent[3]]);
    assert!(after.has_older && after.has_newer);
    let rest = read(&world, channel, Cursor::After(sent[4]), 2).await;
    assert_eq!(ids(&rest.messages), [sent[6], sent[5]]);
    assert!(rest.has_older && !rest.has_newer);
    let nothing = read(&world, channel, Cursor::After(sent[6]), 2).await;
    assert!(nothing.messages.is_empty() && !nothing.has_newer);
}

#[tokio::test]
async fn pages_by_number_hold_every_message_once_newest_first() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let mut found = Vec::new();
    for (page, size) in [(0, 3), (1, 3), (2, 1), (3, 0), (99, 0)] {
        let reader = World::person(2);
        let page = list_page(&world.app, &reader, channel, Scope::WithReplies, (page, 3));
        let page = page.await.unwrap();
        assert_eq!((page.messages.len(), page.total), (size, 7));
        found.extend(ids(&page.messages));
    }
    assert_eq!(found, newest_first(&sent));
}

#[tokio::test]
async fn a_cursor_of_another_channel_is_refused() {
    let world = World::new().await;
    let (channel, _) = talk(&world).await;
    let other = world.group(1, &[2]).await;
    let elsewhere = world.send(1, other, "elsewhere").await.id;
    for from in [
        Cursor::Before(elsewhere),
        Cursor::After(MessageId::from(999_999)),
    ] {
        let reader = World::person(2);
        let read = list(&world.app, &reader, channel, Scope::TopLevel, (from, 3)).await;
        assert_eq!(refusal(read), ErrorCode::MessageNotFound);
    }
}

#[tokio::test]
async fn only_members_read_a_channel() {
    let world = World::new().await;
    let private = world.group(1, &[2, 3]).await;
    let public = world.group_of(&World::person(1), &[2], false).await;
    let in_private = world.send(1, private, "secret").await.id;
    let in_public = world.send(1, public, "secret").await.id;
    world.remove(1, private, 3).await;
    let foreign = World::person_of(World::TENANT + 1, 1);
    let cases = [
        (
            World::person(3),
            private,
            in_private,
            ErrorCode::ChannelNotFound,
        ),
        (
            World::person(50),
            private,
            in_private,
            ErrorCode::ChannelNotFound,
        ),
        (
            World::person(50),
            public,
            in_public,
            ErrorCode::NotChannelMember,
        ),
        (
            foreign.clone(),
            private,
            in_private,
            ErrorCode::ChannelNotFound,
        ),
        (foreign, public, in_public, ErrorCode::ChannelNotFound),
    ];
    for (person, channel, message, symbol) in cases {
        let newest = (Cursor::Newest, 9);
        let read = list(&world.app, &person, channel, Scope::TopLevel, newest).await;
        assert_eq!(refusal(read), symbol);
        let paged = list_page(&world.app, &person, channel, Scope::TopLevel, (0, 9)).await;
        assert_eq!(refusal(paged), symbol);
        let got = get(&world.app, &person, message).await;
        let expected = match symbol {
            ErrorCode::ChannelNotFound => ErrorCode::MessageNotFound,
            not_member => not_member,
        };
        assert_eq!(refusal(got), expected);
    }
    let nowhere = get(&world.app, &World::person(1), MessageId::from(999_999)).await;
    assert_eq!(refusal(nowhere), ErrorCode::MessageNotFound);
}

/// A cursor with its limit, the places of the messages found, and whether there are older and newer ones.
type Case = ((Cursor, i64), Range<usize>, (bool, bool));

async fn require_found(
    world: &World,
    channel: ChannelId,
    scope: Scope,
    sent: &[MessageId],
    cases: Vec<Case>,
) {
    for (from, places, flags) in cases {
        let found = list(&world.app, &World::person(2), channel, scope, from).await;
        let found = found.unwrap();
        assert_eq!(
            ids(&found.messages),
            newest_first(&sent[places]),
            "{from:?}"
        );
        assert_eq!((found.has_older, found.has_newer), flags, "{from:?}");
    }
}

/// [`talk`], followed by three replies to its first message; answers the last of them, too.
async fn talk_with_replies(world: &World) -> (ChannelId, Vec<MessageId>, MessageId) {
    let (channel, sent) = talk(world).await;
    for _ in 0..3 {
        let reply = reply_sql(channel.get(), sent[0].get(), 2);
        world.execute(&reply).await;
    }
    let newest = world.number("SELECT max(id) FROM messages").await;
    (channel, sent, MessageId::from(newest))
}

#[tokio::test]
async fn of_top_level_messages_it_is_told_what_lies_before_and_after() {
    let world = World::new().await;
    let (channel, sent, newest) = talk_with_replies(&world).await;
    let cases = vec![
        ((Cursor::Newest, 7), 0..7, (false, false)),
        ((Cursor::Newest, 6), 1..7, (true, false)),
        ((Cursor::Before(newest), 2), 5..7, (true, false)),
        ((Cursor::After(newest), 2), 7..7, (true, false)),
        ((Cursor::Around(sent[0]), 3), 0..2, (false, true)),
        ((Cursor::Around(sent[3]), 4), 1..5, (true, true)),
        ((Cursor::Around(sent[6]), 1), 6..7, (true, false)),
    ];
    require_found(&world, channel, Scope::TopLevel, &sent, cases).await;
}

#[tokio::test]
async fn with_replies_it_is_told_what_lies_before_and_after() {
    let world = World::new().await;
    let (channel, sent, _) = talk_with_replies(&world).await;
    let cases = vec![
        ((Cursor::Around(sent[6]), 1), 6..7, (true, true)),
        ((Cursor::After(sent[5]), 1), 6..7, (true, true)),
        ((Cursor::Before(sent[3]), 3), 0..3, (false, true)),
    ];
    require_found(&world, channel, Scope::WithReplies, &sent, cases).await;
    let replies = read(&world, channel, Cursor::After(sent[6]), 9).await;
    assert_eq!((replies.messages.len(), replies.total), (3, 10));
}

#[tokio::test]
async fn pages_of_top_level_messages_skip_replies() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    for _ in 0..5 {
        world
            .execute(&reply_sql(channel.get(), sent[2].get(), 2))
            .await;
    }
    let reader = World::person(2);
    let page = list_page(&world.app, &reader, channel, Scope::TopLevel, (1, 4)).await;
    let page = page.unwrap();
    assert_eq!(ids(&page.messages), newest_first(&sent[..3]));
    assert_eq!(page.total, 7);
}
