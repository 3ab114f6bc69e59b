//! What is sent in a run, to whom and when: the plan that a command makes and the run carries out.

use std::time::Duration;

use crate::corpus;
use crate::courier::{Letter, Repeats};
use crate::topics::Post;

/// Everything a command decides about its run.
pub(crate) struct Plan {
    /// The command's name.
    pub(crate) command: &'static str,
    /// How many people there are.
    pub(crate) people: u64,
    /// How many of them, from the first, are connected.
    pub(crate) sockets: usize,
    /// The members of each channel, as indices into the people.
    pub(crate) channels: Vec<Vec<usize>>,
    /// What is said.
    pub(crate) traffic: Traffic,
    /// When.
    pub(crate) pace: Pace,
    /// Whether each message is sent several times.
    pub(crate) repeats: Repeats,
    /// What is done to the sockets meanwhile.
    pub(crate) storm: Option<Storm>,
    /// Whether some cease to read for a while.
    pub(crate) deaf: Option<Deaf>,
    /// How many of the connected come and go in channels that they are not in.
    pub(crate) visitors: usize,
    /// What the reader should know about the plan.
    pub(crate) remarks: Vec<String>,
}

/// What is said.
pub(crate) enum Traffic {
    /// The posts of a corpus, in order.
    Corpus(Vec<Post>),
    /// Made-up texts, in all channels in turn, by all their members in turn.
    MadeUp,
    /// The same, but of three messages two go to the first channels, and are made long.
    Loud {
        /// How many channels these are.
        channels: usize,
        /// How long their messages are.
        bytes: usize,
    },
}

/// When messages are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Each at its time, whatever the server does.
    Open(Vec<Duration>),
    /// So many senders, each sending its next message when the last one is acknowledged.
    Closed {
        /// How many at once.
        senders: usize,
        /// How many messages in all.
        messages: u64,
        /// After which time to stop, if not all are sent.
        limit: Option<Duration>,
    },
}

/// People who cease to read what they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deaf {
    /// How many: every second of the first.
    pub(crate) people: usize,
    /// From when on.
    pub(crate) after: Duration,
    /// For how long; they read on if it is no time, and are only counted apart.
    pub(crate) lasts: Duration,
}

impl Deaf {
    /// Whether the person of this index is one of them.
    pub(crate) fn includes(&self, index: usize) -> bool {
        index.is_multiple_of(2) && index / 2 < self.people
    }
}

/// Blows against the sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Storm {
    /// How often all sockets are cut.
    pub(crate) cuts: u32,
    /// The time between.
    pub(crate) every: Duration,
    /// How long the sockets stay away.
    pub(crate) away: Duration,
    /// Whether live sockets also ask again for what they have had, half way between the cuts.
    pub(crate) rewind: bool,
}

impl Plan {
    /// The letter `number`, its channel among `ids`.
    pub(crate) fn letter(&self, number: u64, ids: &[u64]) -> Option<(Letter, usize)> {
        let (channel, sender, content) = match &self.traffic {
            Traffic::Corpus(posts) => {
                let post = posts.get(usize::try_from(number).ok()?)?;
                (post.channel, post.sender, post.content.clone())
            }
            Traffic::MadeUp => self.make_up(number, (number, 0, self.channels.len()))?,
            Traffic::Loud { channels, bytes } => self.make_loud(number, (*channels, *bytes))?,
        };
        let id = *ids.get(channel)?;
        Some((
            Letter {
                number,
                sender,
                channel: id,
                content,
            },
            channel,
        ))
    }

    /// How many sockets must be shown what is sent to each channel.
    pub(crate) fn fan_outs(&self) -> Vec<u64> {
        let connected = |members: &Vec<usize>| {
            members
                .iter()
                .filter(|person| **person < self.sockets)
                .count()
        };
        self.channels
            .iter()
            .map(|members| u64::try_from(connected(members)).unwrap_or(u64::MAX))
            .collect()
    }

    /// The text of a message that is the `turn`-th one in so many channels from `first` on, which go round.
    fn make_up(
        &self,
        number: u64,
        (turn, first, channels): (u64, usize, usize),
    ) -> Option<(usize, usize, String)> {
        let turn = usize::try_from(turn).ok()?;
        let channel = first + turn.checked_rem(channels)?;
        let members = self.channels.get(channel)?;
        let sender = *members.get((turn / channels).checked_rem(members.len())?)?;
        Some((
            channel,
            sender,
            corpus::sentence(&mut fastrand::Rng::with_seed(number)),
        ))
    }

    fn make_loud(
        &self,
        number: u64,
        (loud, bytes): (usize, usize),
    ) -> Option<(usize, usize, String)> {
        let (round, rest) = (number / 3, number % 3);
        if rest == 2 {
            let quiet = self.channels.len().checked_sub(loud)?;
            return self.make_up(number, (round, loud, quiet));
        }
        let (channel, sender, mut text) = self.make_up(number, (round * 2 + rest, 0, loud))?;
        let missing = bytes.saturating_sub(text.len());
        text.push_str(&"z".repeat(missing));
        Some((channel, sender, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_of_the_first_ceases_to_read() {
        let deaf = Deaf {
            people: 2,
            after: Duration::ZERO,
            lasts: Duration::ZERO,
        };
        let included: Vec<usize> = (0..10).filter(|index| deaf.includes(*index)).collect();
        assert_eq!(included, [0, 2]);
    }

    #[test]
    fn made_up_messages_go_round_all_channels_and_are_said_by_their_members() {
        let plan = Plan {
            command: "test",
            people: 5,
            sockets: 3,
            channels: vec![vec![0, 1, 4], vec![2, 3]],
            traffic: Traffic::MadeUp,
            pace: Pace::Open(Vec::new()),
            repeats: Repeats::Never,
            storm: None,
            deaf: None,
            visitors: 0,
            remarks: Vec::new(),
        };
        let said: Vec<_> = (0..6)
            .filter_map(|number| plan.letter(number, &[70, 80]))
            .collect();
        let places: Vec<_> = said
            .iter()
            .map(|(letter, index)| (letter.channel, *index, letter.sender))
            .collect();
        assert_eq!(
            places,
            [
                (70, 0, 0),
                (80, 1, 2),
                (70, 0, 1),
                (80, 1, 3),
                (70, 0, 4),
                (80, 1, 2)
            ]
        );
        assert_ne!(said[0].0.content, said[1].0.content);
        assert_eq!(plan.fan_outs(), [2, 1]);

        let plan = Plan {
            traffic: Traffic::Loud {
                channels: 1,
                bytes: 500,
            },
            ..plan
        };
        let said: Vec<_> = (0..6)
            .filter_map(|number| plan.letter(number, &[70, 80]))
            .map(|(letter, _)| (letter.channel, letter.sender, letter.content.len() >= 500))
            .collect();
        let (loud, quiet) = (70, 80);
        assert_eq!(
            said,
            [
                (loud, 0, true),
                (loud, 1, true),
                (quiet, 2, false),
                (loud, 4, true),
                (loud, 0, true),
                (quiet, 3, false)
            ]
        );
    }
}
