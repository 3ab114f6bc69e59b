//! How far a connection has come in one channel.

use std::collections::HashSet;

/// What one connection saw of one channel.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The channel.
    pub(crate) channel: u64,
    /// The seq after which it began to watch.
    pub(crate) first: u64,
    /// The last seq it has had.
    pub(crate) last: u64,
    /// Ranges that were passed over and have not come since.
    pub(crate) holes: Vec<(u64, u64)>,
    /// Ranges the server told to reload.
    pub(crate) gaps: Vec<(u64, u64)>,
    /// The seqs of messages found by reloading.
    pub(crate) reloaded: HashSet<u64>,
}

impl Cursor {
    /// Takes `seq` out of the holes, if it is in one.
    pub(crate) fn fill_hole(&mut self, seq: u64) -> bool {
        let Some(index) = self
            .holes
            .iter()
            .position(|(from, to)| (*from..=*to).contains(&seq))
        else {
            return false;
        };
        let (from, to) = self.holes.swap_remove(index);
        if from < seq {
            self.holes.push((from, seq - 1));
        }
        if seq < to {
            self.holes.push((seq + 1, to));
        }
        true
    }
}
