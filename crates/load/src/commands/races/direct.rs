//! Both people of a direct channel ask for it, many times at once: there is one.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::Race;
use crate::people::{Person, Tenant};
use crate::rest::{Rest, RestError};

/// So many callers at once ask for a channel, so often.
pub(super) async fn race(
    rest: &Rest,
    tenant: &Tenant,
    (callers, rounds): (usize, u64),
) -> anyhow::Result<Race> {
    let people = tenant.people(2 * rounds)?;
    let (mut several, mut failed) = (0, 0);
    for pair in people.chunks_exact(2) {
        let [one, other] = pair else { continue };
        let asked = ask(rest, (one, other), callers).await;
        several += u64::from(asked.channels.len() != 1);
        failed += asked.failures;
    }
    let figures = vec![
        ("direct channels asked for", rounds),
        ("callers of each at once", u64::try_from(callers)?),
        ("not just one channel", several),
        ("calls not answered well", failed),
    ];
    Ok(Race {
        figures,
        faults: several + failed,
    })
}

/// Both people ask for their channel, half of the callers each.
async fn ask(rest: &Rest, (one, other): (&Person, &Person), callers: usize) -> Asked {
    let asking = (0..callers).map(|number| {
        let (caller, whom) = if number % 2 == 0 {
            (one, other)
        } else {
            (other, one)
        };
        rest.direct(caller, whom.user)
    });
    Asked::of(join_all(asking).await)
}

/// What the callers were answered.
#[derive(Debug, Default)]
struct Asked {
    channels: BTreeSet<u64>,
    failures: u64,
}

impl Asked {
    fn of(answers: Vec<Result<u64, RestError>>) -> Self {
        let mut asked = Self::default();
        for answer in answers {
            match answer {
                Ok(channel) => {
                    asked.channels.insert(channel);
                }
                Err(error) => {
                    eprintln!("{error}");
                    asked.failures += 1;
                }
            }
        }
        asked
    }
}
