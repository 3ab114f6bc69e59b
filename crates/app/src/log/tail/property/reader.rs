//! The readers of the model, and the judge of what they are told.

use discuss_domain::{ChannelId, Seq};

use super::world::{CHANNELS, Snapshot, World};
use crate::log::tail::Tail;

/// How a reader finds out what is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Ours: where to look comes from the last pass's snapshot, order from seq.
    Snapshots,
    /// The same, but it does not compare heads after its connection was lost.
    SnapshotsOverCrashes,
    /// Rows with a higher transaction id than the last one told, in the order of ids.
    Txids,
}

/// A reader, what it was told, and what it must have been told after its next read.
pub(super) struct Reader {
    rule: Rule,
    last: Option<Snapshot>,
    tail: Tail,
    last_txid: u64,
    told: [Vec<i64>; CHANNELS],
    committed: [i64; CHANNELS],
}

impl Reader {
    pub(super) fn new(rule: Rule) -> Self {
        Self {
            rule,
            last: None,
            tail: Tail::default(),
            last_txid: 0,
            told: Default::default(),
            committed: [0; CHANNELS],
        }
    }

    /// The server is gone, and with it the connection.
    pub(super) fn disconnect(&mut self) {
        if self.rule != Rule::SnapshotsOverCrashes {
            self.last = None;
        }
    }

    /// The first half of a pass: one statement that says where to look.
    pub(super) fn find(&mut self, world: &World) {
        self.committed = std::array::from_fn(|channel| world.last_seq(channel));
        let snapshot = world.snapshot();
        match &self.last {
            None => {
                for channel in 0..CHANNELS {
                    self.learn(channel, world.last_seq(channel));
                }
            }
            Some(last) => {
                let news = world.rows().filter(|(_, _, id)| {
                    (*id >= last.xmax && *id < snapshot.xmax) || last.under_way.contains(id)
                });
                for (channel, seq, _) in news.collect::<Vec<_>>() {
                    self.learn(channel, seq);
                }
            }
        }
        self.last = Some(snapshot);
    }

    /// The second half: the rows, as they are by now; then the judge.
    pub(super) fn read(&mut self, world: &World) -> Result<(), String> {
        if self.rule == Rule::Txids {
            self.read_by_txid(world);
        } else {
            self.read_by_seq(world)?;
        }
        self.judge()
    }

    fn learn(&mut self, channel: usize, seq: i64) {
        self.tail.learn(id_of(channel), Seq::from(seq));
    }

    fn read_by_seq(&mut self, world: &World) -> Result<(), String> {
        for channel in 0..CHANNELS {
            let id = id_of(channel);
            let Some((_, head)) = self.tail.behind().find(|(behind, _)| *behind == id) else {
                continue;
            };
            let rows = world.rows().filter(|(of, _, _)| *of == channel);
            let page: Vec<Seq> = rows
                .map(|(_, seq, _)| Seq::from(seq))
                .filter(|seq| *seq > head)
                .collect();
            self.tail.take(id, &page).map_err(|hole| hole.to_string())?;
            self.told[channel].extend(page.iter().map(|seq| seq.get()));
        }
        Ok(())
    }

    fn read_by_txid(&mut self, world: &World) {
        let mut rows: Vec<_> = world
            .rows()
            .filter(|(_, _, id)| *id > self.last_txid)
            .collect();
        rows.sort_by_key(|(channel, seq, id)| (*id, *channel, *seq));
        for (channel, seq, id) in rows {
            self.told[channel].push(seq);
            self.last_txid = id;
        }
    }

    /// Every channel: 1, 2, 3 …, and all that was committed when the pass began.
    fn judge(&self) -> Result<(), String> {
        for (channel, told) in self.told.iter().enumerate() {
            if told.iter().zip(1..).any(|(told, seq)| *told != seq) {
                return Err(format!("channel {channel} was told {told:?}"));
            }
            let head = told.last().copied().unwrap_or(0);
            if head < self.committed[channel] {
                return Err(format!(
                    "channel {channel} has {} and was told only {head}",
                    self.committed[channel]
                ));
            }
        }
        Ok(())
    }
}

fn id_of(channel: usize) -> ChannelId {
    ChannelId::from(i64::try_from(channel).unwrap())
}
