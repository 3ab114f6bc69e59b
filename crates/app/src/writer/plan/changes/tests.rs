//! Groups that change messages: each command sees what those before it made.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use discuss_domain::messages::mentions::Mentions;
use discuss_domain::messages::{Content, MessageKind, Numbers, SendError};
use discuss_domain::reactions::Reactions;
use discuss_domain::threads::{ReplyError, Thread};
use discuss_domain::users::User;
use discuss_domain::{Seq, TenantId};
use uuid::Uuid;

use super::super::plan;
use super::super::tests::{ARCHIVED, BUSY, OPEN, TENANT, look, send};
use super::*;
use crate::writer::{Command, Refusal};

mod threads;

/// What stands in the open channel: a message of 1's, and a reply of 2's to it.
const ROOT: i64 = 11;
const REPLY: i64 = 12;
/// A message of 1's in the busy channel, and one in the archived.
const ELSEWHERE: i64 = 13;
const OLD: i64 = 14;

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn message(id: i64, channel: i64, sender: i64) -> Message {
    Message {
        id: MessageId::from(id),
        channel_id: ChannelId::from(channel),
        seq: Seq::from(1),
        tenant_id: TenantId::from(TENANT),
        sender: User::unknown(UserId::from(sender)),
        content: Some("before".to_owned()),
        kind: MessageKind::Text,
        numbers: Numbers {
            message_no: 1,
            timeline_no: 1,
            unread_no: 1,
        },
        mentions: Vec::new(),
        mentions_everyone: None,
        parent_id: None,
        thread: Thread::default(),
        reactions: Reactions::default(),
        metadata: None,
        client_message_id: None,
        edited_at: None,
        deleted: None,
        created_at: at() - TimeDelta::hours(1),
    }
}

fn there() -> HashMap<MessageId, Message> {
    let mut root = message(ROOT, OPEN, 1);
    root.thread.add_reply(UserId::from(2), root.created_at);
    let reply = Message {
        parent_id: Some(root.id),
        ..message(REPLY, OPEN, 2)
    };
    let others = [message(ELSEWHERE, BUSY, 1), message(OLD, ARCHIVED, 1)];
    let all = others.into_iter().chain([root, reply]);
    all.map(|message| (message.id, message)).collect()
}

fn asked(user: i64, (channel, message): (i64, i64), change: Change) -> Command {
    Command::Change(MessageChange {
        tenant: TenantId::from(TENANT),
        channel: ChannelId::from(channel),
        user: UserId::from(user),
        message: MessageId::from(message),
        change,
        correlation_id: None,
        traceparent: None,
    })
}

fn edit(user: i64, message: i64, text: &str) -> Command {
    let content = Content::parse(text.to_owned()).unwrap();
    let window = TimeDelta::hours(24);
    let mentions = Mentions {
        people: vec![UserId::from(2), UserId::from(50)],
        everyone: None,
    };
    let edit = Change::Edit {
        content,
        mentions,
        window,
    };
    asked(user, (OPEN, message), edit)
}

fn delete(user: i64, message: i64) -> Command {
    asked(user, (OPEN, message), Change::Delete)
}

fn react(user: i64, emoji: &str) -> Command {
    let emoji = Emoji::parse(emoji).unwrap();
    asked(user, (OPEN, ROOT), Change::React(emoji))
}

fn unreact(user: i64, emoji: &str) -> Command {
    let emoji = Emoji::parse(emoji).unwrap();
    asked(user, (OPEN, ROOT), Change::Unreact(emoji))
}

fn say(user: i64, text: &str) -> Command {
    Command::Send(send(user, OPEN, text))
}

fn reply(user: i64, parent: i64) -> Command {
    let mut reply = send(user, OPEN, "reply");
    reply.draft.parent_id = Some(MessageId::from(parent));
    Command::Send(reply)
}

/// The group in channels where messages stand.
fn planned(commands: &[Command]) -> Plan<'_> {
    let sends: Vec<Send> = commands.iter().filter_map(copied_send).collect();
    let look = Look {
        messages: there(),
        ..look(&sends)
    };
    let commands = commands.iter().map(Command::borrowed);
    plan(commands, &look, Uuid::from_u128(7), at())
}

/// Only how many sends there are counts for the look.
fn copied_send(command: &Command) -> Option<Send> {
    match command {
        Command::Send(original) => Some(send(original.sender.id.get(), OPEN, "text")),
        Command::Change(_) => None,
    }
}

/// The events by seq, those of the log and those to tell of alike.
fn events(plan: &Plan<'_>) -> Vec<(i64, EventKind, i64)> {
    let told = plan.events.iter();
    let told = told.map(|e| {
        (
            e.seq.get(),
            e.kind,
            e.message.as_ref().map_or(0, |m| m.id.get()),
        )
    });
    let told: Vec<_> = told.collect();
    let sent = plan.group.messages.iter();
    let sent = sent.map(|row| (row.seq.get(), EventKind::MessageCreated, row.id.get()));
    let changed = plan.group.changes.events.iter();
    let changed = changed.map(|event| (event.seq.get(), event.kind, event.message.get()));
    let mut logged: Vec<_> = sent.chain(changed).collect();
    logged.sort_by_key(|(seq, _, _)| *seq);
    assert_eq!(told, logged);
    told
}

fn after<'p>(plan: &'p Plan<'_>, id: i64) -> &'p Message {
    &plan.group.changes.messages[&MessageId::from(id)]
}

fn refusals(plan: &Plan<'_>) -> Vec<Option<Refusal>> {
    let refusal = |answer: &Result<Outcome, Refusal>| answer.as_ref().err().copied();
    plan.answers.iter().map(refusal).collect()
}

#[test]
fn changes_and_sends_take_their_seqs_in_the_order_in_which_they_came() {
    let commands = [
        react(2, "👍"),
        say(1, "a"),
        edit(1, ROOT, "after"),
        reply(3, ROOT),
        unreact(2, "👍"),
    ];
    let plan = planned(&commands);
    assert_eq!(
        events(&plan),
        [
            (2, EventKind::ReactionAdded, ROOT),
            (3, EventKind::MessageCreated, 101),
            (4, EventKind::MessageEdited, ROOT),
            (5, EventKind::MessageCreated, 102),
            (6, EventKind::ThreadUpdated, ROOT),
            (7, EventKind::ReactionRemoved, ROOT),
        ]
    );
    assert_eq!(plan.first, Some((ChannelId::from(OPEN), Seq::from(2))));
    let (counters, newest) = plan.group.channels[&ChannelId::from(OPEN)];
    assert_eq!(counters.last_seq, Seq::from(7));
    assert_eq!(newest, Some(MessageId::from(102)));
    let numbers = (counters.message_count, counters.timeline_count);
    assert_eq!((numbers, counters.unread_count_base), ((2, 1), 1));
    assert!(after(&plan, ROOT).reactions.is_empty());
}

#[test]
fn a_group_of_changes_leaves_the_newest_message_alone() {
    let commands = [react(2, "👍")];
    let plan = planned(&commands);
    let (counters, newest) = plan.group.channels[&ChannelId::from(OPEN)];
    assert_eq!((counters.last_seq, newest), (Seq::from(2), None));
    assert_eq!(counters.message_count, 0);
}

#[test]
fn two_reactions_of_a_group_are_both_there_and_the_same_one_counts_once() {
    let commands = [
        react(2, "👍"),
        react(3, "👍"),
        react(2, "👍"),
        react(2, "🎉"),
    ];
    let plan = planned(&commands);
    let up = Emoji::parse("👍").unwrap();
    assert_eq!(after(&plan, ROOT).reactions.users(&up).len(), 2);
    assert!(matches!(plan.answers[2], Ok(Outcome::Unchanged(_))));
    assert_eq!(plan.events.len(), 3);
    let told = plan.events[0].message.as_ref().unwrap();
    assert_eq!(told.reactions.users(&up).len(), 1, "as it was at its seq");
}

#[test]
fn what_was_deleted_earlier_in_the_group_is_neither_edited_nor_reacted_nor_replied_to() {
    let commands = [
        delete(1, ROOT),
        edit(1, ROOT, "after"),
        react(2, "👍"),
        reply(3, ROOT),
        reply(3, REPLY),
        delete(1, ROOT),
    ];
    let plan = planned(&commands);
    let gone = Some(Refusal::Change(ChangeError::Deleted));
    let no_reply = Some(Refusal::Send(SendError::Reply(ReplyError::Deleted)));
    assert_eq!(
        refusals(&plan),
        [None, gone, gone, no_reply, no_reply, None]
    );
    assert!(matches!(plan.answers[5], Ok(Outcome::Unchanged(_))));
    assert_eq!(events(&plan), [(2, EventKind::MessageDeleted, ROOT)]);
    assert!(plan.group.messages.is_empty());
}

#[test]
fn each_edit_keeps_what_was_said_before_it_and_a_deletion_keeps_nothing() {
    let commands = [edit(1, ROOT, "second"), edit(1, ROOT, "third")];
    let plan = planned(&commands);
    let kept = plan.group.changes.kept.iter();
    let kept: Vec<_> = kept.map(|kept| kept.content.as_str()).collect();
    assert_eq!(kept, ["before", "second"]);
    assert_eq!(after(&plan, ROOT).content.as_deref(), Some("third"));

    let commands = [
        edit(1, ROOT, "second"),
        edit(2, REPLY, "other"),
        delete(1, ROOT),
    ];
    let plan = planned(&commands);
    let kept = &plan.group.changes.kept;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].message, MessageId::from(REPLY));
    assert_eq!(after(&plan, ROOT).content, None);
}

#[test]
fn a_message_of_another_channel_is_not_there() {
    let commands = [
        asked(1, (OPEN, ELSEWHERE), Change::Delete),
        reply(1, ELSEWHERE),
        reply(1, 999),
        asked(1, (ARCHIVED, OLD), Change::Delete),
        asked(50, (OPEN, ROOT), Change::Delete),
    ];
    let plan = planned(&commands);
    let elsewhere = Some(Refusal::Send(SendError::Reply(ReplyError::Elsewhere)));
    let missing = Some(Refusal::Change(ChangeError::NotFound));
    let archived = Some(Refusal::Change(ChangeError::Archived));
    assert_eq!(
        refusals(&plan),
        [missing, elsewhere, elsewhere, archived, missing]
    );
    assert_eq!(plan.first, None);
    assert!(plan.group.changes.messages.is_empty() && plan.events.is_empty());
}
