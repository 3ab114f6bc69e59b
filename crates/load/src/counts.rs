//! People who do everything in the same channels at once; afterwards, what the API says of the channels
//! and of their messages.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::people::Person;
use crate::rest::Rest;

mod deeds;
mod told;

use deeds::{Deed, Place};
pub(crate) use told::Told;

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bustle {
    /// How many do something at once.
    pub(crate) tasks: usize,
    /// In how many channels.
    pub(crate) channels: usize,
    /// For how long.
    pub(crate) time: Duration,
}

/// What became of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Done {
    /// What was done, by its kind.
    pub(crate) accepted: Vec<(Deed, u64)>,
    /// What was refused, rightly: who is not in a channel does not leave it.
    pub(crate) refused: u64,
    /// What should have been done or refused and was neither.
    pub(crate) failed: u64,
}

impl Done {
    fn count(&mut self, deed: Deed, times: u64) {
        match self.accepted.iter_mut().find(|(known, _)| *known == deed) {
            Some((_, count)) => *count += times,
            None => self.accepted.push((deed, times)),
        }
    }

    fn add(&mut self, other: Self) {
        for (deed, times) in other.accepted {
            self.count(deed, times);
        }
        self.refused += other.refused;
        self.failed += other.failed;
    }

    /// Everything that can be done was done at least once, and nothing failed.
    pub(crate) fn is_whole(&self) -> bool {
        let is_done = |deed: &Deed| self.accepted.iter().any(|(done, _)| done == deed);
        self.failed == 0 && Deed::OFTEN.iter().all(is_done)
    }
}

/// Lets these people do everything at once, then asks each of them of each channel that they are in.
pub(crate) async fn run(
    rest: Arc<Rest>,
    people: &[Person],
    bustle: Bustle,
) -> anyhow::Result<(Done, Told)> {
    let mut places = Vec::new();
    for owner in people.iter().cycle().take(bustle.channels) {
        places.push(Place::make(Arc::clone(&rest), owner).await?);
    }
    let end = Instant::now() + bustle.time;
    let tasks = (0..bustle.tasks).map(|_| bustle_about(&places, people, end));
    let mut done = Done::default();
    for one in futures_util::future::join_all(tasks).await {
        done.add(one);
    }
    Ok((done, told::ask(&places, people).await?))
}

/// Does one thing after the other until the time is over.
async fn bustle_about(places: &[Place], people: &[Person], end: Instant) -> Done {
    let mut done = Done::default();
    while Instant::now() < end {
        let (Some(place), Some(who), Some(deed)) = (
            fastrand::choice(places),
            fastrand::choice(people),
            fastrand::choice(Deed::OFTEN),
        ) else {
            break;
        };
        match deed.is_done(place, who).await {
            Ok(true) => done.count(deed, 1),
            Ok(false) => {}
            Err(error) if error.may_pass() => {
                eprintln!("{deed:?}: {error}");
                done.failed += 1;
            }
            Err(_) => done.refused += 1,
        }
    }
    done
}
