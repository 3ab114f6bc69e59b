//! The reader's promise, proved against a small model of PostgreSQL's transactions: each event once, in
//! order, and nothing that was committed before a pass is missed by it. The same runs show that two
//! other readers, which seem to do as well, do not keep it.

mod reader;
mod world;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use reader::{Reader, Rule};
use world::{CHANNELS, World};

/// One thing that happens; numbers choose among what there is.
#[derive(Debug, Clone, Copy)]
enum Op {
    /// A transaction begins that will append to these channels (bits); it may draw its id at once,
    /// before it waits for a lock. Without a channel it only holds its id.
    Begin(usize, bool),
    /// A transaction goes on: takes the next lock, if it can be had, and a seq under it.
    Advance(usize),
    /// A transaction commits, if it has all its locks.
    Commit(usize),
    /// A transaction is rolled back, with the seqs it took.
    RollBack(usize),
    /// The reader makes its pass: finds out where to look.
    Find,
    /// The reader reads there, perhaps much later.
    Read,
    /// The server crashes: what was under way is gone, and ids that no commit wrote down are given out
    /// again.
    Crash,
}

fn any_op() -> impl Strategy<Value = Op> {
    let which = || 0..8_usize;
    prop_oneof![
        4 => (0..1_usize << CHANNELS, any::<bool>())
            .prop_map(|(channels, draws_first)| Op::Begin(channels, draws_first)),
        9 => which().prop_map(Op::Advance),
        4 => which().prop_map(Op::Commit),
        1 => which().prop_map(Op::RollBack),
        3 => Just(Op::Find),
        3 => Just(Op::Read),
        1 => Just(Op::Crash),
    ]
}

fn any_ops() -> impl Strategy<Value = Vec<Op>> {
    vec(any_op(), 1..120)
}

/// Lets things happen, then everything end, then the reader pass once more; says what it did wrong.
fn follow(rule: Rule, ops: &[Op]) -> Result<(), String> {
    let mut world = World::default();
    let mut reader = Reader::new(rule);
    for op in ops {
        match *op {
            Op::Begin(channels, draws_first) => world.begin(channels, draws_first),
            Op::Advance(which) => world.advance(which),
            Op::Commit(which) => world.commit(which),
            Op::RollBack(which) => world.roll_back(which),
            Op::Find => reader.find(&world),
            Op::Read => reader.read(&world)?,
            Op::Crash => {
                world.crash();
                reader.disconnect();
            }
        }
    }
    world.finish();
    reader.find(&world);
    reader.read(&world)
}

/// The first sequence of things found on which a reader of this rule does wrong.
fn find_fault(rule: Rule) -> Option<String> {
    let config = Config {
        cases: 1_000,
        failure_persistence: None,
        ..Config::default()
    };
    let run = TestRunner::new(config).run(&any_ops(), |ops| {
        follow(rule, &ops).map_err(TestCaseError::fail)
    });
    run.err().map(|error| error.to_string())
}

proptest! {
    #![proptest_config(Config { cases: 1_000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_reader_by_snapshots_is_told_each_seq_once_in_order_and_by_the_first_pass_after_its_commit(
        ops in any_ops(),
    ) {
        prop_assert_eq!(follow(Rule::Snapshots, &ops), Ok(()));
    }
}

#[test]
fn a_reader_ordered_by_txid_misses_events() {
    assert!(find_fault(Rule::Txids).is_some());
}

#[test]
fn a_reader_that_keeps_its_snapshot_over_a_crash_misses_events() {
    assert!(find_fault(Rule::SnapshotsOverCrashes).is_some());
}

/// The case itself, so that it can be read: an id drawn before the lock is waited for.
#[test]
fn a_lower_txid_that_commits_a_higher_seq_is_skipped_by_txid_and_not_by_snapshots() {
    let ops = [
        Op::Begin(1, true),
        Op::Begin(1, true),
        Op::Advance(1),
        Op::Commit(1),
        Op::Find,
        Op::Read,
        Op::Advance(0),
        Op::Commit(0),
    ];
    assert_eq!(follow(Rule::Snapshots, &ops), Ok(()));
    assert!(follow(Rule::Txids, &ops).is_err());
}
