//! `races`: many ask at once for what there may be only one of, or change the same at once.

mod direct;
mod reactions;
mod topics;

use std::process::ExitCode;

use clap::Args;

use crate::options::Servers;
use crate::people::Tenant;
use crate::rest::Rest;

/// The options of `races`.
#[derive(Debug, Args)]
pub(super) struct Races {
    #[command(flatten)]
    servers: Servers,
    /// How many ask at once for the same.
    #[arg(long, default_value_t = 100)]
    callers: usize,
    /// How many react at once to the same message, with the same emoji.
    #[arg(long, default_value_t = 200)]
    reactors: usize,
    /// How many react at once to the same message, each with another emoji, at most 80.
    #[arg(long, default_value_t = 60)]
    emoji: usize,
    /// How often each race is run, each time for another channel or message.
    #[arg(long, default_value_t = 20)]
    rounds: u64,
    /// Port on which to be the CRM that the API asks, which lets everybody see every customer; then channels of
    /// customers are raced for too.
    #[arg(long, value_name = "PORT")]
    crm: Option<u16>,
}

/// What came of a race.
struct Race {
    /// What is printed of it.
    figures: Vec<(&'static str, u64)>,
    /// How often something was not as it must be.
    faults: u64,
}

impl Races {
    /// Races, and prints what came of it; fails when anything was not as it must be.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let tenant = Tenant::new(self.servers.tenant_or_random(), self.servers.secret()?);
        let rest = Rest::new(self.servers.apis.clone())?;
        let mut races = vec![
            direct::race(&rest, &tenant, (self.callers, self.rounds)).await?,
            reactions::race(&rest, &tenant, (self.reactors, self.emoji, self.rounds)).await?,
        ];
        if let Some(port) = self.crm {
            let many = (port, self.callers, self.rounds);
            races.push(topics::race(&rest, &tenant, many).await?);
        }
        for (name, value) in races.iter().flat_map(|race| &race.figures) {
            println!("{name:<38} {value:>8}");
        }
        let faults: u64 = races.iter().map(|race| race.faults).sum();
        Ok(ExitCode::from(u8::from(faults > 0)))
    }
}
