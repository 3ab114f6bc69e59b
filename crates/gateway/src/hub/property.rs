//! The hub's promise, proved against a model: whatever order, loss and delay, each session sees each
//! seq of its membership once, in order, without a hole that it was not told of.

mod access;
mod client;
mod happenings;
mod log;
mod sessions;
mod settle;
mod world;

use discuss_domain::ChannelId;
use proptest::collection::vec;
use proptest::prelude::*;

use world::World;

use super::SessionId;

/// One thing that happens; numbers choose among what there is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Op {
    /// A message is committed in a channel.
    Post(usize),
    /// A user is added to a channel.
    Add(usize, usize),
    /// A user is removed from a channel.
    Remove(usize, usize),
    /// A published event arrives; any may be the next.
    Publish(usize),
    /// A published event arrives, and will arrive again.
    Double(usize),
    /// A published event is lost.
    Lose(usize),
    /// A user opens a session.
    Open(usize),
    /// The channels of a session's user are looked up.
    Load(usize),
    /// A session starts; with a number, it resumes its first channel so far back.
    Start(usize, Option<i64>),
    /// A session starts, and may not hear its first channel.
    StartNarrowed(usize),
    /// A session asks for a channel again, from so far back.
    Resume(usize, usize, i64),
    /// It is looked up, for a session that wants to hear a channel, how far the log has come.
    Look(usize, usize),
    /// What was looked up for a session reaches the hub.
    Hear(usize),
    /// A session wants nothing more of a channel.
    Leave(usize, usize),
    /// A session closes.
    Close(usize),
    /// Redis confirms a subscription; the head of the log is read.
    Subscribe(usize),
    /// A head that was read reaches the hub.
    Head(usize),
    /// A session's page is read.
    Read(usize),
    /// A page that was read reaches its session.
    Answer(usize),
    /// A page that was read reaches its session, which may not hear the channel any more.
    Silence(usize),
    /// It is answered for a session that it may hear a channel, or not.
    AnswerAbout(usize, usize, bool),
    /// What was answered for a session is carried out.
    Enact(usize),
    /// A fetch of the hub is read.
    Fetch(usize),
    /// A fetch that was read reaches the hub.
    Fetched(usize),
    /// A fetch fails.
    FetchFails(usize),
    /// The log of a channel is pruned, up to so many of its newest events.
    Prune(usize, usize),
    /// The reader of the news makes a pass.
    News,
    /// Something that the reader found reaches the hub.
    Told(usize),
    /// Time passes, in milliseconds.
    Tick(u64),
}

fn any_index() -> impl Strategy<Value = usize> {
    0..16_usize
}

fn log_op() -> impl Strategy<Value = Op> {
    let channel = || 0..world::CHANNELS;
    let user = || 0..world::USERS;
    prop_oneof![
        6 => channel().prop_map(Op::Post),
        2 => (channel(), user()).prop_map(|(channel, user)| Op::Add(channel, user)),
        2 => (channel(), user()).prop_map(|(channel, user)| Op::Remove(channel, user)),
        1 => (channel(), 1..6_usize).prop_map(|(channel, keep)| Op::Prune(channel, keep)),
    ]
}

fn session_op() -> impl Strategy<Value = Op> {
    let back = || 0..5_i64;
    prop_oneof![
        2 => (0..world::USERS).prop_map(Op::Open),
        3 => any_index().prop_map(Op::Load),
        3 => (any_index(), proptest::option::of(back())).prop_map(|(at, back)| Op::Start(at, back)),
        1 => any_index().prop_map(Op::StartNarrowed),
        2 => (any_index(), 0..world::CHANNELS, back())
            .prop_map(|(at, channel, back)| Op::Resume(at, channel, back)),
        2 => (any_index(), 0..world::CHANNELS).prop_map(|(at, channel)| Op::Look(at, channel)),
        2 => any_index().prop_map(Op::Hear),
        2 => (any_index(), 0..world::CHANNELS).prop_map(|(at, channel)| Op::Leave(at, channel)),
        1 => any_index().prop_map(Op::Close),
        4 => any_index().prop_map(Op::Read),
        4 => any_index().prop_map(Op::Answer),
        1 => any_index().prop_map(Op::Silence),
        3 => (any_index(), 0..world::CHANNELS, any::<bool>())
            .prop_map(|(at, channel, may_hear)| Op::AnswerAbout(at, channel, may_hear)),
        3 => any_index().prop_map(Op::Enact),
    ]
}

fn carrier_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => any_index().prop_map(Op::Publish),
        1 => any_index().prop_map(Op::Double),
        1 => any_index().prop_map(Op::Lose),
        2 => any_index().prop_map(Op::Subscribe),
        2 => any_index().prop_map(Op::Head),
        2 => any_index().prop_map(Op::Fetch),
        2 => any_index().prop_map(Op::Fetched),
        1 => any_index().prop_map(Op::FetchFails),
        1 => Just(Op::News),
        2 => any_index().prop_map(Op::Told),
        3 => (0..60_u64).prop_map(Op::Tick),
    ]
}

/// Everything happens, then everybody must have everything.
fn run(ops: impl IntoIterator<Item = Op>, lose_the_rest: bool) {
    let mut world = World::new();
    for op in ops {
        world.apply(op);
    }
    world.settle(lose_the_rest);
    world.check_that_nobody_misses_anything();
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn each_session_sees_each_seq_of_its_membership_once_and_in_order(
        ops in vec(prop_oneof![log_op(), session_op(), carrier_op()], 1..160),
        lose_the_rest in any::<bool>(),
    ) {
        run(ops, lose_the_rest);
    }
}

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
