//! What the checker holds against the server, counted by kind, with the first few told in words.

use serde::Serialize;

/// How many faults of each kind are told in words.
const TOLD: usize = 5;

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Fault {
    /// An acknowledged message, or a seq below one, that never came.
    Lost,
    /// A message or seq that came again, or was stored twice.
    Doubled,
    /// A seq that came after a later one.
    OutOfOrder,
    /// A content that is not what was sent, or an event that is not what others were told at its place.
    Altered,
    /// Something that had no business to come: an unknown message or channel, an unreadable frame.
    Stray,
    /// An answer that breaks the contract: a send refused, a conflict not seen.
    WrongAnswer,
}

/// Faults counted by kind.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Faults {
    /// Never came.
    pub(crate) lost: u64,
    /// Came again.
    pub(crate) doubled: u64,
    /// Came after a later one.
    pub(crate) out_of_order: u64,
    /// Came changed.
    pub(crate) altered: u64,
    /// Should not have come.
    pub(crate) stray: u64,
    /// Answers against the contract.
    pub(crate) wrong_answers: u64,
    /// The first few in words.
    pub(crate) told: Vec<Told>,
}

/// A fault in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Told {
    /// Its kind.
    pub(crate) kind: Fault,
    /// What happened, to whom.
    pub(crate) words: String,
}

impl Faults {
    /// Counts `times` faults and keeps the words if there is room for them.
    pub(crate) fn note(&mut self, fault: Fault, times: u64, words: impl FnOnce() -> String) {
        let count = match fault {
            Fault::Lost => &mut self.lost,
            Fault::Doubled => &mut self.doubled,
            Fault::OutOfOrder => &mut self.out_of_order,
            Fault::Altered => &mut self.altered,
            Fault::Stray => &mut self.stray,
            Fault::WrongAnswer => &mut self.wrong_answers,
        };
        *count += times;
        if times > 0 && self.has_room_for(fault) {
            self.told.push(Told {
                kind: fault,
                words: words(),
            });
        }
    }

    /// Adds the faults of another.
    pub(crate) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.out_of_order += other.out_of_order;
        self.altered += other.altered;
        self.stray += other.stray;
        self.wrong_answers += other.wrong_answers;
        for told in other.told {
            if self.has_room_for(told.kind) {
                self.told.push(told);
            }
        }
    }

    /// Whether there is nothing to hold against the server.
    pub(crate) fn is_none(&self) -> bool {
        self.total() == 0
    }

    /// All faults together.
    pub(crate) fn total(&self) -> u64 {
        self.lost
            + self.doubled
            + self.out_of_order
            + self.altered
            + self.stray
            + self.wrong_answers
    }

    fn has_room_for(&self, fault: Fault) -> bool {
        self.told.iter().filter(|told| told.kind == fault).count() < TOLD
    }
}
