//! The hub's promise, proved against a model: whatever order, loss and delay, each session sees each
//! seq of its membership once, in order, without a hole that it was not told of.

mod access;
mod client;
mod happenings;
mod log;
mod scenarios;
mod sessions;
mod settle;
mod world;

use proptest::collection::vec;
use proptest::prelude::*;

use world::World;

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
    /// The head of a channel is read and reaches the hub.
    Compare(usize),
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
    /// The log of a channel goes back: so many of its newest events never were.
    GoBack(usize, usize),
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
