//! Replies and their roots within a group.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::super::tests::{FORMER, GUEST};
use super::*;

#[test]
fn a_reply_to_a_reply_joins_the_root_and_is_numbered_there() {
    let commands = [reply(3, REPLY), reply(1, ROOT)];
    let plan = planned(&commands);
    let root = MessageId::from(ROOT);
    let places: Vec<_> = plan.group.messages.iter().map(|row| row.reply_to).collect();
    assert_eq!(places, [Some((root, 2)), Some((root, 3))]);
    let thread = &after(&plan, ROOT).thread;
    assert_eq!((thread.count, thread.newest_no), (3, 3));
    assert_eq!(thread.participants, [2, 3, 1].map(UserId::from));
    assert_eq!(thread.last_reply_at, Some(at()));
    let repliers = [(root, UserId::from(1)), (root, UserId::from(3))];
    assert_eq!(plan.group.changes.repliers, BTreeSet::from(repliers));
    let Ok(Outcome::Stored(message)) = &plan.answers[0] else {
        panic!("it must be stored")
    };
    assert_eq!(message.parent_id, Some(root));
}

#[test]
fn the_first_reply_makes_the_starter_and_the_mentioned_follow_and_never_the_system() {
    let mut look = Look {
        messages: there(),
        ..look(&[send(2, OPEN, "x")])
    };
    let root = look.messages.get_mut(&MessageId::from(ROOT)).unwrap();
    root.thread = Thread::default();
    root.mentions = vec![UserId::from(GUEST)];
    let mut first = send(2, OPEN, "reply");
    first.draft.parent_id = Some(MessageId::from(ROOT));
    first.draft.mentions = [3, FORMER].map(UserId::from).to_vec();
    let commands = [Command::Send(first)];
    let planned = |look: &Look| {
        let commands = commands.iter().map(Command::borrowed);
        let plan = plan(commands, look, Uuid::from_u128(7), at());
        let others = plan.group.changes.others.iter();
        others.map(|(_, user)| user.get()).collect::<Vec<_>>()
    };
    assert_eq!(planned(&look), [1, 3, GUEST]);
    let root = look.messages.get_mut(&MessageId::from(ROOT)).unwrap();
    root.sender = User::unknown(UserId::SYSTEM);
    assert_eq!(planned(&look), [3, GUEST]);
}

#[test]
fn a_deleted_reply_lowers_the_count_of_its_root() {
    let commands = [delete(2, REPLY), reply(3, ROOT)];
    let plan = planned(&commands);
    assert_eq!(
        events(&plan),
        [
            (2, EventKind::MessageDeleted, REPLY),
            (3, EventKind::ThreadUpdated, ROOT),
            (4, EventKind::MessageCreated, 101),
            (5, EventKind::ThreadUpdated, ROOT),
        ]
    );
    let thread = &after(&plan, ROOT).thread;
    assert_eq!((thread.count, thread.newest_no), (1, 2));
    assert_eq!(thread.participants, [UserId::from(3)]);
}

#[test]
fn a_repeat_of_a_reply_is_no_second_reply() {
    let twice = || {
        let mut reply = send(3, OPEN, "reply");
        reply.draft.parent_id = Some(MessageId::from(ROOT));
        reply.draft.client_message_id = Some(Uuid::from_u128(1).into());
        Command::Send(reply)
    };
    let commands = [twice(), twice()];
    let plan = planned(&commands);
    assert_eq!(plan.answers[1], Ok(Outcome::Known(MessageId::from(101))));
    assert_eq!(after(&plan, ROOT).thread.count, 2);
    assert_eq!(plan.events.len(), 2);
}

/// Any command to the open channel.
fn any_command() -> impl Strategy<Value = Command> {
    let emoji = prop::sample::select(vec!["👍", "🎉"]);
    let message = prop::sample::select(vec![ROOT, REPLY, ELSEWHERE]);
    (0..6_u8, 1..4_i64, message, emoji).prop_map(|(what, user, message, emoji)| match what {
        0 => say(user, "text"),
        1 => reply(user, message),
        2 => edit(user, message, emoji),
        3 => delete(user, message),
        4 => react(user, emoji),
        _ => unreact(user, emoji),
    })
}

proptest! {
    #[test]
    fn whatever_comes_seqs_have_no_hole_and_threads_count_what_is_there(
        commands in proptest::collection::vec(any_command(), 0..40),
    ) {
        let plan = planned(&commands);
        prop_assert_eq!(plan.answers.len(), commands.len());
        let seqs: Vec<i64> = events(&plan).iter().map(|(seq, _, _)| *seq).collect();
        let expected: Vec<i64> = (2..).take(seqs.len()).collect();
        prop_assert_eq!(&seqs, &expected);
        let given = plan.group.channels.get(&ChannelId::from(OPEN));
        let last = given.map(|(counters, _)| counters.last_seq.get());
        prop_assert_eq!(last, seqs.last().copied());
        let replies = plan.group.messages.iter().filter(|row| row.reply_to.is_some()).count();
        let deleted = plan.group.changes.messages.get(&MessageId::from(REPLY));
        let deleted = usize::from(deleted.is_some_and(|reply| reply.deleted.is_some()));
        let look = Look { messages: there(), ..Look::default() };
        let root = plan.find(&look, ChannelId::from(OPEN), MessageId::from(ROOT)).unwrap();
        prop_assert_eq!(root.thread.count, i64::try_from(1 + replies - deleted).unwrap());
        let newest: BTreeMap<i64, _> = plan.group.messages.iter()
            .filter_map(|row| row.reply_to.map(|(_, number)| (number, row.id))).collect();
        prop_assert_eq!(newest.len(), replies);
        prop_assert_eq!(root.thread.newest_no, i64::try_from(1 + replies).unwrap());
    }
}
