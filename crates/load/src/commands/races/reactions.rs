//! Many react at once to the same message: with one emoji, and nobody's reaction is lost; with more
//! different ones than a message may have, and as many as it may have are there.

use anyhow::Context as _;
use futures_util::future::join_all;
use serde_json::Value;
use uuid::Uuid;

use super::Race;
use crate::people::{Person, Tenant};
use crate::rest::{Rest, RestError};

/// Different emoji that a message may have.
const MOST_EMOJI: usize = 50;
/// The first of 80 emoji in a row.
const FIRST_EMOJI: u32 = 0x1F600;

/// What the reactors were answered.
#[derive(Debug, Default)]
struct Answers {
    taken: u64,
    refused: u64,
    failed: u64,
}

impl Answers {
    /// Takes note of an answer: a refusal must be one that a client understands.
    fn count(&mut self, answer: &Result<(), RestError>) {
        match answer {
            Ok(()) => self.taken += 1,
            Err(RestError::Refused { status, symbol, .. })
                if status.is_client_error() && symbol == "TOO_MANY_REACTIONS" =>
            {
                self.refused += 1;
            }
            Err(error) => {
                eprintln!("{error}");
                self.failed += 1;
            }
        }
    }
}

/// So many reactors with one emoji, then so many with an emoji each, so often.
pub(super) async fn race(
    rest: &Rest,
    tenant: &Tenant,
    (reactors, emoji, rounds): (usize, usize, u64),
) -> anyhow::Result<Race> {
    let most = u64::try_from(reactors.max(emoji))?;
    let people = tenant.people(most)?;
    let owner = people.first().context("nobody reacts")?;
    let members: Vec<u64> = people.iter().skip(1).map(|person| person.user).collect();
    let channel = rest.create_group(owner, "Reactions", &members).await?;
    let smileys: Vec<String> = (FIRST_EMOJI..)
        .take(emoji)
        .filter_map(|code| char::from_u32(code).map(String::from))
        .collect();
    let (mut alike, mut different, mut lost) = (Answers::default(), Answers::default(), 0);
    for _ in 0..rounds {
        let same = people.iter().take(reactors).map(|person| (person, "👍"));
        lost += react(rest, channel, same, &mut alike).await?;
        let each = people.iter().zip(&smileys);
        let each = each.map(|(person, emoji)| (person, emoji.as_str()));
        lost += react(rest, channel, each, &mut different).await?;
    }
    let room = u64::try_from(emoji.min(MOST_EMOJI))?;
    let wrong = different.taken.abs_diff(room * rounds) + alike.refused;
    let failed = alike.failed + different.failed;
    let figures = vec![
        ("messages reacted to with one emoji", rounds),
        ("reactors of each at once", u64::try_from(reactors)?),
        ("emoji of each of as many other ones", u64::try_from(emoji)?),
        ("reactions taken", alike.taken + different.taken),
        ("refused, for there were 50 emoji", different.refused),
        ("refused or taken wrongly", wrong),
        ("reactions lost or doubled", lost),
        ("reactions not answered well", failed),
    ];
    Ok(Race {
        figures,
        faults: wrong + lost + failed,
    })
}

/// Lets people react to a new message at once; answers how many more or fewer reactions it has than were
/// taken.
async fn react(
    rest: &Rest,
    channel: u64,
    reactions: impl Iterator<Item = (&Person, &str)>,
    answers: &mut Answers,
) -> anyhow::Result<u64> {
    let reactions: Vec<_> = reactions.collect();
    let (sender, _) = reactions.first().context("nobody reacts")?;
    let message = rest.send(sender, channel, ("who likes it?", Uuid::new_v4()));
    let message = message.await?.id;
    let reacting = reactions
        .iter()
        .map(|(person, emoji)| rest.react(person, channel, (message, emoji)));
    let taken = answers.taken;
    for answer in join_all(reacting).await {
        answers.count(&answer);
    }
    let told = rest.read(sender, &format!("/messages/{message}")).await?;
    let told = told.get("reactions").and_then(Value::as_array);
    let counts = told
        .into_iter()
        .flatten()
        .map(|one| one.get("count")?.as_u64());
    let counted: u64 = counts.map(Option::unwrap_or_default).sum();
    Ok(counted.abs_diff(answers.taken - taken))
}
