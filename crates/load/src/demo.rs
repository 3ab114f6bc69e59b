//! A small company at work: the story, told step by step, and what must be seen of it.

mod letters;
mod onlooker;
mod records;
mod sights;
mod story;

use std::fmt;
use std::time::Duration;

use discuss_bus::Settings;

use crate::options::Servers;

pub(crate) use self::story::play_with;

/// What is waited for, in words, and how long it took; nothing if it did not come.
#[derive(Debug)]
pub(crate) struct Sighting {
    who: String,
    what: String,
    after: Option<Duration>,
}

/// What everybody saw.
#[derive(Debug, Default)]
pub(crate) struct Report {
    sightings: Vec<Sighting>,
}

/// Plays the story against running servers.
pub(crate) async fn play(servers: &Servers, kafka: Settings) -> anyhow::Result<Report> {
    let mut report = Report::default();
    play_with(servers, kafka, &mut report).await?;
    Ok(report)
}

impl Report {
    /// Notes what somebody saw, or did not.
    pub(crate) fn note(&mut self, who: &str, what: impl Into<String>, after: Option<Duration>) {
        self.sightings.push(Sighting {
            who: who.to_owned(),
            what: what.into(),
            after,
        });
    }

    /// Everything that should be seen was seen.
    pub(crate) fn is_complete(&self) -> bool {
        self.sightings
            .iter()
            .all(|sighting| sighting.after.is_some())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nWho saw what, and how long after it happened:")?;
        for Sighting { who, what, after } in &self.sightings {
            match after {
                Some(after) => writeln!(f, "  {who:<12} {:>7} ms  {what}", after.as_millis())?,
                None => writeln!(f, "  {who:<12}  MISSING    {what}")?,
            }
        }
        let missing = self
            .sightings
            .iter()
            .filter(|sighting| sighting.after.is_none());
        writeln!(
            f,
            "{} seen, {} missing",
            self.sightings.len(),
            missing.count()
        )
    }
}
