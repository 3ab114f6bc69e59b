//! What is known of a channel before its history is read, and reading it.

use discuss_domain::members::Membership;
use discuss_domain::messages::Message;
use discuss_domain::messages::history::{Scope, Stretch};
use discuss_domain::{ChannelId, MessageId, Seq};
use discuss_storage::messages::history::{Outlook, find_outlook};
use discuss_storage::messages::list;
use discuss_test_support::{World, reply_sql};

use crate::fixture::{elsewhere, tenant, user};

/// A channel of 1 and 2 with four messages, a reply after the second and two after the fourth; 9 was
/// added among them.
async fn talk(world: &World) -> (ChannelId, Vec<MessageId>) {
    let channel = world.group(1, &[2]).await;
    let mut sent = Vec::new();
    for place in 1..=4 {
        sent.push(world.send(1, channel, &format!("message {place}")).await.id);
        if place == 2 {
            world.add(1, channel, &[9]).await;
            sent.push(reply(world, channel, sent[1]).await);
        }
    }
    sent.push(reply(world, channel, sent[1]).await);
    sent.push(reply(world, channel, sent[4]).await);
    (channel, sent)
}

async fn reply(world: &World, channel: ChannelId, parent: MessageId) -> MessageId {
    world
        .execute(&reply_sql(channel.get(), parent.get(), 2))
        .await;
    MessageId::from(world.number("SELECT max(id) FROM messages").await)
}

fn ids(messages: &[Message]) -> Vec<MessageId> {
    messages.iter().map(|message| message.id).collect()
}

async fn outlook(world: &World, channel: ChannelId, message: Option<MessageId>) -> Outlook {
    let mut connection = world.connection().await;
    let found = find_outlook(&mut connection, (tenant(), user(2)), channel, message).await;
    found.unwrap().unwrap()
}

#[tokio::test]
async fn a_stretch_is_read_newest_first_with_or_without_replies() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    let mut connection = world.connection().await;
    for (scope, after, last, places) in [
        (Scope::TopLevel, 0, 4, vec![4, 3, 1, 0]),
        (Scope::TopLevel, 1, 3, vec![3, 1]),
        (Scope::TopLevel, 4, 4, vec![]),
        (Scope::WithReplies, 0, 7, vec![6, 5, 4, 3, 2, 1, 0]),
        (Scope::WithReplies, 1, 3, vec![2, 1]),
    ] {
        let stretch = Stretch { after, last };
        let found = list(&mut connection, channel, scope, stretch)
            .await
            .unwrap();
        let wanted: Vec<_> = places.into_iter().map(|place: usize| sent[place]).collect();
        assert_eq!(ids(&found), wanted, "{scope:?} {after} {last}");
    }
}

#[tokio::test]
async fn a_stretch_is_of_one_channel() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    talk(&world).await;
    let mut connection = world.connection().await;
    let stretch = Stretch {
        after: 0,
        last: 100,
    };
    let all = list(&mut connection, channel, Scope::WithReplies, stretch).await;
    assert_eq!(all.unwrap().len(), sent.len());
}

#[tokio::test]
async fn an_outlook_tells_counters_marks_and_where_a_message_stands() {
    let world = World::new().await;
    let (channel, sent) = talk(&world).await;
    world
        .execute("UPDATE channel_members SET last_delivered_seq = 5 WHERE user_id = 9")
        .await;
    let found = outlook(&world, channel, Some(sent[2])).await;
    let (anchor, view) = (found.anchor.unwrap(), found.viewpoint);
    assert_eq!(
        (anchor.numbers.message_no, anchor.numbers.timeline_no),
        (3, 2)
    );
    assert!(anchor.is_reply && found.membership.unwrap().is_current());
    assert_eq!(
        (found.counters.message_count, found.counters.timeline_count),
        (7, 4)
    );
    assert_eq!((view.viewer, view.read), (user(2), Seq::from(1)));
    let mut members = view.members.unwrap();
    members.sort_by_key(|member| member.user);
    let marks: Vec<_> = members
        .iter()
        .map(|member| (member.user.get(), member.read.get(), member.delivered.get()))
        .collect();
    assert_eq!(marks, [(1, 7, 0), (2, 1, 0), (9, 4, 5)]);
    let top_level = outlook(&world, channel, Some(sent[3]))
        .await
        .anchor
        .unwrap();
    assert!(!top_level.is_reply && top_level.numbers.timeline_no == 3);
}

#[tokio::test]
async fn a_message_of_another_channel_has_no_place() {
    let world = World::new().await;
    let (channel, _) = talk(&world).await;
    let (_, others) = talk(&world).await;
    assert_eq!(outlook(&world, channel, Some(others[0])).await.anchor, None);
    let nobodys = outlook(&world, channel, Some(MessageId::from(999_999))).await;
    assert_eq!(nobodys.anchor, None);
    assert_eq!(outlook(&world, channel, None).await.anchor, None);
}

#[tokio::test]
async fn strangers_have_no_membership_and_other_tenants_no_channel() {
    let world = World::new().await;
    let (channel, _) = talk(&world).await;
    world.remove(1, channel, 9).await;
    let mut connection = world.connection().await;
    for (viewer, is_known) in [(9, true), (50, false)] {
        let found = find_outlook(&mut connection, (tenant(), user(viewer)), channel, None).await;
        let membership = found.unwrap().unwrap().membership;
        assert_eq!(membership.is_some(), is_known);
        assert!(!membership.is_some_and(Membership::is_current));
    }
    let foreign = find_outlook(&mut connection, (elsewhere(), user(1)), channel, None).await;
    assert!(foreign.unwrap().is_none());
}

#[tokio::test]
async fn of_more_than_fifty_members_no_marks_are_told() {
    let world = World::new().await;
    let others: Vec<i64> = (2..=50).collect();
    let channel = world.group(1, &others).await;
    assert_eq!(
        outlook(&world, channel, None)
            .await
            .viewpoint
            .members
            .unwrap()
            .len(),
        50
    );
    world.add(1, channel, &[51]).await;
    assert_eq!(outlook(&world, channel, None).await.viewpoint.members, None);
}
