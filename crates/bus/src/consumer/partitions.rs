//! One partition: the order of its keys, what is under way, and how far it may be committed. Pure.

use std::collections::{BTreeMap, HashMap, VecDeque};

/// Records under way at which a partition is full, and at which it is light again.
const MOST_RECORDS: usize = 1_000;
/// The same in bytes.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// What is under way in a partition; `J` is a job.
#[derive(Debug)]
pub(super) struct Partition<J> {
    /// Offsets taken and not done, with their weights in bytes.
    under_way: BTreeMap<i64, usize>,
    /// Jobs that wait behind one of their key. A key with an entry has a job running.
    waiting: HashMap<String, VecDeque<J>>,
    /// The offset after the last one taken.
    next: Option<i64>,
    bytes: usize,
}

impl<J> Default for Partition<J> {
    fn default() -> Self {
        Self {
            under_way: BTreeMap::new(),
            waiting: HashMap::new(),
            next: None,
            bytes: 0,
        }
    }
}

impl<J> Partition<J> {
    /// Takes the record at `offset`. Answers the job if it may start; else it waits for its key.
    pub(super) fn take(&mut self, (offset, bytes): (i64, usize), key: &str, job: J) -> Option<J> {
        self.next = self.next.max(Some(offset.saturating_add(1)));
        if let Some(replaced) = self.under_way.insert(offset, bytes) {
            self.bytes = self.bytes.saturating_sub(replaced);
        }
        self.bytes = self.bytes.saturating_add(bytes);
        if let Some(waiting) = self.waiting.get_mut(key) {
            waiting.push_back(job);
            return None;
        }
        self.waiting.insert(key.to_owned(), VecDeque::new());
        Some(job)
    }

    /// Passes over a record that asks for nothing.
    pub(super) fn pass(&mut self, offset: i64) {
        self.next = self.next.max(Some(offset.saturating_add(1)));
    }

    /// A job is done. Answers the next of its key.
    pub(super) fn done(&mut self, offset: i64, key: &str) -> Option<J> {
        let bytes = self.under_way.remove(&offset).unwrap_or(0);
        self.bytes = self.bytes.saturating_sub(bytes);
        let next = self.waiting.get_mut(key)?.pop_front();
        if next.is_none() {
            self.waiting.remove(key);
        }
        next
    }

    /// The offset to go on at after a restart: all before it are done. Nothing if none was taken yet.
    pub(super) fn committable(&self) -> Option<i64> {
        let first = self.under_way.first_key_value().map(|(offset, _)| *offset);
        first.or(self.next)
    }

    /// It should bring no more for now.
    pub(super) fn is_full(&self) -> bool {
        self.under_way.len() >= MOST_RECORDS || self.bytes >= MOST_BYTES
    }

    /// It may bring more again.
    pub(super) fn is_light(&self) -> bool {
        self.under_way.len() <= MOST_RECORDS / 2 && self.bytes <= MOST_BYTES / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_of_a_key_run_one_after_the_other_and_other_keys_pass_them() {
        let mut partition = Partition::default();
        assert_eq!(partition.take((0, 1), "a", "a0"), Some("a0"));
        assert_eq!(partition.take((1, 1), "a", "a1"), None);
        assert_eq!(partition.take((2, 1), "b", "b2"), Some("b2"));
        assert_eq!(partition.take((3, 1), "a", "a3"), None);
        assert_eq!(partition.done(2, "b"), None);
        assert_eq!(partition.done(0, "a"), Some("a1"));
        assert_eq!(partition.done(1, "a"), Some("a3"));
        assert_eq!(partition.done(3, "a"), None);
        assert_eq!(partition.take((4, 1), "a", "a4"), Some("a4"));
    }

    #[test]
    fn nothing_is_committed_past_what_is_under_way() {
        let mut partition = Partition::default();
        assert_eq!(partition.committable(), None);
        partition.take((10, 1), "a", ());
        partition.take((11, 1), "b", ());
        partition.pass(12);
        assert_eq!(partition.committable(), Some(10));
        partition.done(11, "b");
        assert_eq!(partition.committable(), Some(10));
        partition.done(10, "a");
        assert_eq!(partition.committable(), Some(13));
    }

    #[test]
    fn a_partition_is_full_by_count_and_by_bytes() {
        let mut partition = Partition::default();
        for offset in 0..1_000 {
            assert!(!partition.is_full());
            partition.take((offset, 0), &offset.to_string(), ());
        }
        assert!(partition.is_full() && !partition.is_light());
        for offset in 0..500 {
            partition.done(offset, &offset.to_string());
        }
        assert!(partition.is_light());
        partition.take((2_000, MOST_BYTES), "large", ());
        assert!(partition.is_full());
    }
}
