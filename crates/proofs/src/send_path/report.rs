//! What came out, and whether it holds.

use super::Counted;
use super::lone::Lone;
use crate::figures::{median, percentile, print, spread};

/// The writer's sends to those of pgbench, at least.
const RATIO: f64 = 1.5;
/// Statements a message with 64 senders, at most.
const STATEMENTS_64: f64 = 0.6;
/// Statements a message with 512 senders, at most.
const STATEMENTS_512: f64 = 0.15;
/// A lone send to a bare commit of one row, at most.
const LONE: f64 = 2.0;

/// What came out.
#[derive(Default)]
pub(super) struct Report {
    /// The writer's turns, with 64 senders.
    pub(super) ours: Vec<Counted>,
    /// pgbench's turns: transactions a second.
    pub(super) theirs: Vec<f64>,
    /// The writer with 512 senders.
    pub(super) many: Option<Counted>,
    /// Two processes with 32 senders each: sends a second.
    pub(super) two_processes: f64,
    /// One sender.
    pub(super) lone: Lone,
    /// Milliseconds of each flush, before and after.
    pub(super) flushes: Vec<Vec<f64>>,
}

impl Report {
    /// Prints the table.
    pub(super) fn print(&self) {
        let rates = self.of(|turn| turn.rate);
        print("64 senders, 200 channels: sends/s", spread(&rates, 0));
        print(
            "  p50 of a send, ms",
            spread(&self.of(|turn| turn.p50_ms), 2),
        );
        print(
            "  messages per BEGIN",
            spread(&self.of(|turn| turn.messages_per_begin), 1),
        );
        print(
            "  statements per message, BEGIN and COMMIT counted",
            spread(&self.of(|turn| turn.statements_per_message), 3),
        );
        print(
            "pgbench -M prepared -c 32: transactions/s",
            spread(&self.theirs, 0),
        );
        print("sends to transactions, by turn", spread(&self.ratios(), 2));
        if let Some(many) = &self.many {
            print("512 senders: sends/s", format!("{:.0}", many.rate));
            print("  p50 of a send, ms", format!("{:.2}", many.p50_ms));
            let statements = format!("{:.3}", many.statements_per_message);
            print("  statements per message", statements);
        }
        print(
            "two processes of 32 senders: sends/s",
            format!("{:.0}", self.two_processes),
        );
        self.print_lone();
        print("sends refused", self.refused());
    }

    fn print_lone(&self) {
        let two = |values: &[f64]| {
            let (p50, p95) = (median(values), percentile(values, 95));
            format!("{p50:.3} / {p95:.3}")
        };
        print("a lone send, p50 / p95 ms", two(&self.lone.sends));
        print(
            "  the first to its channel since the start",
            two(&self.lone.first_sends),
        );
        print(
            "a bare commit of one row, p50 / p95 ms",
            two(&self.lone.bare),
        );
        for (name, flushes) in ["before", "after"].iter().zip(&self.flushes) {
            print(
                &format!("fdatasync of 8 KiB {name}, p50 / p95 ms"),
                two(flushes),
            );
        }
    }

    /// Prints the verdict; true if all holds.
    pub(super) fn verdict(&self) -> bool {
        let ratio = median(&self.ratios());
        let statements_64 = median(&self.of(|turn| turn.statements_per_message));
        let many = self.many.as_ref();
        let statements_512 = many.map_or(f64::INFINITY, |many| many.statements_per_message);
        let lone = median(&self.lone.sends) / median(&self.lone.bare);
        println!(
            "{ratio:.2} × pgbench (at least {RATIO}); statements per message {statements_64:.3} with 64 senders \
             (at most {STATEMENTS_64}), {statements_512:.3} with 512 (at most {STATEMENTS_512}); \
             a lone send {lone:.2} × a bare commit (at most {LONE}); {} refused",
            self.refused()
        );
        ratio >= RATIO
            && statements_64 <= STATEMENTS_64
            && statements_512 <= STATEMENTS_512
            && lone <= LONE
            && self.refused() == 0
    }

    fn of(&self, figure: impl Fn(&Counted) -> f64) -> Vec<f64> {
        self.ours.iter().map(figure).collect()
    }

    fn ratios(&self) -> Vec<f64> {
        let pairs = self.ours.iter().zip(&self.theirs);
        pairs.map(|(ours, theirs)| ours.rate / theirs).collect()
    }

    fn refused(&self) -> u64 {
        self.ours
            .iter()
            .chain(&self.many)
            .map(|turn| turn.refused)
            .sum()
    }
}
