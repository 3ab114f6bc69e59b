//! People who do everything in the same channels at once; afterwards, what the API says of the channels.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::Instant;
use uuid::Uuid;

use crate::people::Person;
use crate::rest::{Rest, RestError};

/// What people do, in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Send,
    Read,
    Add,
    Remove,
    Join,
    Leave,
}

/// Each as often as it stands here.
const DEEDS: [Deed; 10] = [
    Deed::Send,
    Deed::Send,
    Deed::Send,
    Deed::Read,
    Deed::Read,
    Deed::Add,
    Deed::Add,
    Deed::Remove,
    Deed::Join,
    Deed::Leave,
];

impl Deed {
    /// Somebody does it; owners add and remove somebody else.
    async fn is_done(self, place: &Place, who: &Person) -> Result<(), RestError> {
        let (rest, owner, channel) = (&place.rest, &place.owner, place.channel);
        match self {
            Self::Send => {
                let message = ("what is counted", Uuid::new_v4());
                rest.send(who, channel, message).await.map(drop)
            }
            Self::Read => rest.read_newest(who, channel).await,
            Self::Add => rest.add_member(owner, channel, who.user).await,
            Self::Remove => rest.remove_member(owner, channel, who.user).await,
            Self::Join => rest.join(who, channel).await,
            Self::Leave => rest.leave(who, channel).await,
        }
    }
}

/// A channel in which it happens.
struct Place {
    rest: Arc<Rest>,
    channel: u64,
    owner: Person,
}

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
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Done {
    /// What was done.
    pub(crate) accepted: u64,
    /// What was refused, rightly: who is not in a channel does not leave it.
    pub(crate) refused: u64,
    /// What should have been done or refused and was neither.
    pub(crate) failed: u64,
}

/// Lets these people do everything at once, then asks each of them of each channel that they are in:
/// lines of channel, person, what they have unread, members, messages.
pub(crate) async fn run(
    rest: Arc<Rest>,
    people: &[Person],
    bustle: Bustle,
) -> anyhow::Result<(Done, String)> {
    let mut places = Vec::new();
    for owner in people.iter().cycle().take(bustle.channels) {
        let channel = rest.create_public_group(owner, "Counted").await?;
        let (rest, owner) = (Arc::clone(&rest), owner.clone());
        places.push(Place {
            rest,
            channel,
            owner,
        });
    }
    let end = Instant::now() + bustle.time;
    let tasks = (0..bustle.tasks).map(|_| bustle_about(&places, people, end));
    let mut done = Done::default();
    for one in futures_util::future::join_all(tasks).await {
        done.accepted += one.accepted;
        done.refused += one.refused;
        done.failed += one.failed;
    }
    Ok((done, what_is_told(&places, people).await?))
}

/// Does one thing after the other until the time is over.
async fn bustle_about(places: &[Place], people: &[Person], end: Instant) -> Done {
    let mut done = Done::default();
    while Instant::now() < end {
        let (Some(place), Some(who), Some(deed)) = (
            fastrand::choice(places),
            fastrand::choice(people),
            fastrand::choice(DEEDS),
        ) else {
            break;
        };
        match deed.is_done(place, who).await {
            Ok(()) => done.accepted += 1,
            Err(error) if error.may_pass() => {
                eprintln!("{deed:?}: {error}");
                done.failed += 1;
            }
            Err(_) => done.refused += 1,
        }
    }
    done
}

async fn what_is_told(places: &[Place], people: &[Person]) -> anyhow::Result<String> {
    let mut lines = String::new();
    for place in places {
        let asked = people
            .iter()
            .map(|who| place.rest.channel(who, place.channel));
        for (who, told) in people.iter().zip(try_join_all(asked).await?) {
            if told.is_member {
                writeln!(
                    lines,
                    "{}\t{}\t{}\t{}\t{}",
                    place.channel,
                    who.user,
                    told.unread_count,
                    told.member_count,
                    told.message_count
                )?;
            }
        }
    }
    Ok(lines)
}
