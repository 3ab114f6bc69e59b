//! What went wrong once, or seldom happens.

use discuss_domain::ChannelId;

use super::world::World;
use super::{Op, run};
use crate::hub::SessionId;

#[test]
fn who_narrowed_a_channel_is_not_woken_by_a_removal_and_return_that_they_read_already() {
    let (session, user, channel) = (0, 0, 1);
    let ops = [
        Op::Open(user),
        Op::Load(session),
        Op::Start(session, None),
        Op::Add(channel, user),
        Op::Remove(channel, user),
        Op::Add(channel, user),
        // Of these the hub hears the first, and the session resumes from the last.
        Op::Publish(0),
        Op::Resume(session, channel, 0),
        Op::Leave(session, channel),
    ];
    run(ops, false);
}

#[test]
fn who_is_silenced_while_they_read_hears_the_channel_when_they_were_added_again_meanwhile() {
    let (session, user, channel) = (0, 0, 1);
    let ops = [
        Op::Add(channel, user),
        Op::Open(user),
        Op::Load(session),
        Op::Start(session, Some(0)),
        Op::Read(0),
        Op::Remove(channel, user),
        Op::Add(channel, user),
        Op::News,
        Op::Told(0),
        Op::Silence(session),
    ];
    run(ops, true);
}

#[test]
fn what_is_told_of_a_log_while_a_page_is_read_that_shows_a_loss_is_not_forgotten() {
    let (session, user, channel) = (0, 0, 1);
    let ops = [
        Op::Add(channel, user),
        Op::Open(user),
        Op::Load(session),
        Op::Start(session, None),
        Op::Subscribe(0),
        Op::Head(0),
        // The hub misses all of this, and the first two are gone when it reads them.
        Op::Post(channel),
        Op::Post(channel),
        Op::Post(channel),
        Op::News,
        Op::Told(0),
        Op::Prune(channel, 1),
        Op::Tick(60),
        // Both the hub and the session read it before this, which is told before the hub has what it read.
        Op::Fetch(0),
        Op::Resume(session, channel, 3),
        Op::Read(0),
        Op::Post(channel),
    ];
    run(ops, true);
}

#[test]
fn who_may_not_hear_a_channel_does_not_hear_it_either_when_they_are_added_again_but_when_they_may()
{
    let (session, user, channel) = (0, 0, 1);
    let ops = [
        Op::Add(channel, user),
        Op::Open(user),
        Op::Load(session),
        Op::Start(session, None),
        Op::Subscribe(0),
        Op::Head(0),
        Op::AnswerAbout(session, channel, false),
        Op::Enact(session),
        Op::Remove(channel, user),
        Op::Add(channel, user),
        Op::Post(channel),
        Op::News,
        Op::Told(0),
        Op::Fetch(0),
        Op::Fetched(0),
    ];
    run(ops, true);
    run(
        ops.into_iter()
            .chain([Op::AnswerAbout(session, channel, true)]),
        true,
    );
}

#[test]
fn it_is_asked_whether_who_is_added_may_hear_the_channel_however_the_hub_learns_of_it() {
    let (first, user, channel) = (0, 0, 0);
    let opened = [Op::Open(user), Op::Load(first)];
    let by_event = [
        Op::Start(first, None),
        Op::Add(channel, user),
        Op::Publish(0),
    ];
    let by_news = [
        Op::Start(first, None),
        Op::Add(channel, user),
        Op::News,
        Op::Told(0),
    ];
    let before_the_start = [
        Op::Add(channel, user),
        Op::Publish(0),
        Op::Start(first, None),
    ];
    let asked_about = |ops: &[Op]| {
        let mut world = World::new();
        for op in opened.iter().chain(ops) {
            world.apply(*op);
        }
        // Twice is as good as once.
        world.added.dedup();
        world.added
    };
    let of_first = vec![(SessionId::from(1), ChannelId::from(1))];
    assert_eq!(asked_about(&by_event), of_first);
    assert_eq!(asked_about(&by_news), of_first);
    assert_eq!(asked_about(&before_the_start), of_first);
}

#[test]
fn a_log_that_went_back_is_found_out_when_heads_are_compared_or_somebody_joins() {
    let (first, third, channel) = (0, 2, 0);
    let begin = [
        Op::Add(channel, 0),
        Op::Add(channel, 1),
        Op::Open(0),
        Op::Load(first),
        Op::Start(first, None),
        Op::Subscribe(0),
        Op::Head(0),
        Op::Post(channel),
        Op::Post(channel),
        // Of those who were added, then what was said.
        Op::Publish(0),
        Op::Publish(0),
        Op::Publish(0),
        Op::Publish(0),
        // Nobody remembers these any more.
        Op::Tick(200),
        Op::GoBack(channel, 2),
    ];
    let compared = [Op::Compare(channel)];
    // The one between is of the other tenant.
    let joined = [
        Op::Open(1),
        Op::Open(1),
        Op::Load(third),
        Op::Start(third, None),
    ];
    let end = [Op::Fetch(0), Op::Fetched(0), Op::Post(channel)];
    for found_out in [&compared[..], &joined[..]] {
        let ops = begin.iter().chain(found_out).chain(&end);
        run(ops.copied(), false);
    }
}

#[test]
fn who_is_behind_by_few_bytes_gets_them_from_the_hub_and_by_more_reads_the_log() {
    let (session, user, channel) = (0, 0, 0);
    // Frames of four bytes, twelve of which the hub hands out at once.
    for (back, reads) in [(3, false), (4, true)] {
        let mut world = World::new();
        let begin = [
            Op::Add(channel, user),
            Op::Open(user),
            Op::Load(session),
            Op::Start(session, None),
            Op::Subscribe(0),
            Op::Head(0),
            Op::Publish(0),
        ];
        let said = [Op::Post(channel), Op::Publish(0)].repeat(14);
        let ops = begin.into_iter().chain(said);
        ops.chain([Op::Resume(session, channel, back)])
            .for_each(|op| world.apply(op));
        assert_eq!(!world.clients[session].readings.is_empty(), reads);
    }
}
