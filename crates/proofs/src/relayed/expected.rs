//! What the log says must be in Kafka.

use std::collections::{HashMap, HashSet, VecDeque};

use tokio_postgres::Client;

/// The topics of the log's events.
pub(super) const TOPICS: [&str; 3] = [
    "discuss.message.events",
    "discuss.channel.events",
    "discuss.member.events",
];

/// The seqs that are still to come, per topic and channel.
pub(super) struct Expected {
    rest: HashMap<(String, i64), VecDeque<i64>>,
    taken: HashSet<(String, i64, i64)>,
    count: usize,
}

/// What a record's place is.
pub(super) enum Place {
    /// The one that was to come.
    Next,
    /// One that came before.
    Repeat,
    /// Not the one that was to come, which was this.
    Wrong(Option<i64>),
}

impl Expected {
    /// Reads the log.
    pub(super) async fn of(client: &Client) -> anyhow::Result<Self> {
        let sql = "SELECT channel_id, seq, kind FROM channel_events ORDER BY channel_id, seq";
        let mut rest: HashMap<(String, i64), VecDeque<i64>> = HashMap::new();
        let rows = client.query(sql, &[]).await?;
        for row in &rows {
            let (channel, seq, kind): (i64, i64, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let topic = topic(&kind)?;
            rest.entry((topic.to_owned(), channel))
                .or_default()
                .push_back(seq);
        }
        Ok(Self {
            rest,
            taken: HashSet::new(),
            count: rows.len(),
        })
    }

    /// How many are still to come.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Takes a record.
    pub(super) fn take(&mut self, topic: &str, channel: i64, seq: i64) -> Place {
        let place = (topic.to_owned(), channel, seq);
        if self.taken.contains(&place) {
            return Place::Repeat;
        }
        let rest = self.rest.get_mut(&(topic.to_owned(), channel));
        let next = rest.as_ref().and_then(|rest| rest.front().copied());
        if next != Some(seq) {
            return Place::Wrong(next);
        }
        if let Some(rest) = rest {
            rest.pop_front();
        }
        self.taken.insert(place);
        self.count -= 1;
        Place::Next
    }
}

/// The contract's topic of a kind of events.
fn topic(kind: &str) -> anyhow::Result<&'static str> {
    let word = kind.split('_').next().unwrap_or_default();
    let prefix = format!("discuss.{word}.");
    let topic = TOPICS.into_iter().find(|topic| topic.starts_with(&prefix));
    topic.ok_or_else(|| anyhow::anyhow!("no topic is known for {kind}"))
}
