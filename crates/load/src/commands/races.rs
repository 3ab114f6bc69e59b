//! `races`: many ask at once for what there may be only one of.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use futures_util::future::join_all;

use crate::options::Servers;
use crate::people::{Person, Tenant};
use crate::rest::{Rest, RestError};

/// The options of `races`.
#[derive(Debug, Args)]
pub(super) struct Races {
    #[command(flatten)]
    servers: Servers,
    /// How many ask at once for the same.
    #[arg(long, default_value_t = 100)]
    callers: usize,
    /// How often, each time for another.
    #[arg(long, default_value_t = 20)]
    rounds: u64,
}

impl Races {
    /// Races, and prints what came of it; fails when there was anything but one.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let tenant = Tenant::new(self.servers.tenant_or_random(), self.servers.secret()?);
        let people = tenant.people(2 * self.rounds)?;
        let rest = Rest::new(self.servers.apis.clone())?;
        let (mut several, mut failed) = (0_u64, 0_u64);
        for pair in people.chunks_exact(2) {
            let [one, other] = pair else { continue };
            let outcome = self.direct(&rest, one, other).await;
            several += u64::from(outcome.channels.len() != 1);
            failed += outcome.failures;
        }
        println!("direct channels asked for {:>10}", self.rounds);
        println!("callers of each at once   {:>10}", self.callers);
        println!("not just one channel      {several:>10}");
        println!("calls not answered well   {failed:>10}");
        Ok(ExitCode::from(u8::from(several + failed > 0)))
    }

    /// Both people ask for their channel, half of the callers each.
    async fn direct(&self, rest: &Rest, one: &Person, other: &Person) -> Outcome {
        let asking = (0..self.callers).map(|number| {
            let (caller, whom) = if number % 2 == 0 {
                (one, other)
            } else {
                (other, one)
            };
            rest.direct(caller, whom.user)
        });
        Outcome::of(join_all(asking).await)
    }
}

/// What the callers were answered.
#[derive(Debug, Default)]
struct Outcome {
    channels: BTreeSet<u64>,
    failures: u64,
}

impl Outcome {
    fn of(answers: Vec<Result<u64, RestError>>) -> Self {
        let mut outcome = Self::default();
        for answer in answers {
            match answer {
                Ok(channel) => {
                    outcome.channels.insert(channel);
                }
                Err(error) => {
                    eprintln!("{error}");
                    outcome.failures += 1;
                }
            }
        }
        outcome
    }
}
