//! A model of the transactions that write the log: ids, locks, seqs, and what a snapshot says.

use std::collections::BTreeMap;

/// Channels of the model.
pub(super) const CHANNELS: usize = 3;

/// What PostgreSQL says of its transactions at a moment.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    /// No id from this one on was given out.
    pub(super) xmax: u64,
    /// Ids below it whose transactions are not over.
    pub(super) under_way: Vec<u64>,
}

/// A transaction that is not over.
#[derive(Debug)]
struct Transaction {
    id: Option<u64>,
    /// The channels whose locks it still wants, in order.
    wants: Vec<usize>,
    /// Channels it holds the locks of, each with the seq it took there.
    holds: Vec<(usize, i64)>,
}

/// The database.
#[derive(Debug, Default)]
pub(super) struct World {
    last_id: u64,
    open: Vec<Transaction>,
    /// The committed rows: by channel and seq, the transaction's id.
    log: BTreeMap<(usize, i64), u64>,
}

impl World {
    /// Every row that is committed: channel, seq, transaction.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, i64, u64)> {
        self.log
            .iter()
            .map(|((channel, seq), id)| (*channel, *seq, *id))
    }

    /// The newest committed seq of a channel.
    pub(super) fn last_seq(&self, channel: usize) -> i64 {
        let rows = self.rows().filter(|(of, _, _)| *of == channel);
        rows.map(|(_, seq, _)| seq).max().unwrap_or(0)
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            xmax: self.last_id + 1,
            under_way: self.open.iter().filter_map(|open| open.id).collect(),
        }
    }

    pub(super) fn begin(&mut self, channels: usize, draws_first: bool) {
        let mut begun = Transaction {
            id: None,
            wants: (0..CHANNELS)
                .filter(|channel| channels >> channel & 1 == 1)
                .collect(),
            holds: Vec::new(),
        };
        if draws_first {
            self.draw(&mut begun);
        }
        self.open.push(begun);
    }

    pub(super) fn advance(&mut self, which: usize) {
        let Some(at) = self.find(which) else { return };
        let Some(channel) = self.open[at].wants.first().copied() else {
            return;
        };
        let is_held = |open: &Transaction| open.holds.iter().any(|(held, _)| *held == channel);
        if self.open.iter().any(is_held) {
            return;
        }
        let seq = self.last_seq(channel) + 1;
        let mut transaction = self.open.remove(at);
        self.draw(&mut transaction);
        transaction.wants.remove(0);
        transaction.holds.push((channel, seq));
        self.open.insert(at, transaction);
    }

    pub(super) fn commit(&mut self, which: usize) {
        let Some(at) = self.find(which) else { return };
        if !self.open[at].wants.is_empty() {
            return;
        }
        let over = self.open.remove(at);
        for row in over.holds {
            self.log.insert(row, over.id.unwrap());
        }
    }

    pub(super) fn roll_back(&mut self, which: usize) {
        if let Some(at) = self.find(which) {
            self.open.remove(at);
        }
    }

    /// Commits are durable; other ids were never written down.
    pub(super) fn crash(&mut self) {
        self.open.clear();
        self.last_id = self.rows().map(|(_, _, id)| id).max().unwrap_or(0);
    }

    /// Sees everything through that is under way; who is first in the order of locks goes on first.
    pub(super) fn finish(&mut self) {
        while !self.open.is_empty() {
            for which in 0..self.open.len() {
                self.advance(which);
            }
            for which in (0..self.open.len()).rev() {
                self.commit(which);
            }
        }
    }

    fn find(&self, which: usize) -> Option<usize> {
        which.checked_rem(self.open.len())
    }

    fn draw(&mut self, transaction: &mut Transaction) {
        if transaction.id.is_none() {
            self.last_id += 1;
            transaction.id = Some(self.last_id);
        }
    }
}
