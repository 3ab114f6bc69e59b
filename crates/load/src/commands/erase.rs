//! `erase`: somebody wrote a lot and wants it gone, while others talk in the same channels.

use std::fmt::Display;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::erase::{self, Talk};
use crate::options::Servers;
use crate::people::Tenant;
use crate::rest::Rest;

/// The options of `erase`.
#[derive(Debug, Args)]
pub(super) struct Erase {
    #[command(flatten)]
    servers: Servers,
    /// Messages of the person who is erased.
    #[arg(long, default_value_t = 100_000)]
    messages: u64,
    /// In how many channels.
    #[arg(long, default_value_t = 20)]
    channels: usize,
    /// What the others say in a second meanwhile.
    #[arg(long, default_value_t = 100)]
    rate: u32,
    /// Seconds after which it must be done.
    #[arg(long, default_value_t = 600)]
    within: u64,
    /// A word that is in everything that the person writes.
    #[arg(long)]
    mark: String,
    /// A word that is in everything that the others write.
    #[arg(long)]
    others_mark: String,
}

impl Erase {
    /// Writes, erases, and reads what is left; fails if that is anything, or if something of others is not.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let tenant = Tenant::new(self.servers.tenant_or_random(), self.servers.secret()?);
        let people = tenant.people(erase::PEOPLE)?;
        let rest = Rest::new(self.servers.apis.clone())?;
        let talk =
            Talk::begin(&rest, &people, self.channels, (self.mark, self.others_mark)).await?;
        talk.write(self.messages).await?;
        print("messages of the person", &self.messages);
        let erased = talk
            .erase(self.rate, Duration::from_secs(self.within))
            .await?;
        print("seconds until all was gone", &erased.took.as_secs());
        let sends = erased.sends;
        print("messages of others meanwhile", &sends.count);
        let latencies = [
            ("p50", sends.p50),
            ("p99", sends.p99),
            ("the longest", sends.max),
        ];
        for (name, millis) in latencies {
            print(&format!("their send, ms, {name}"), &format!("{millis:.1}"));
        }
        let left = talk.read_all().await?;
        print("tombstones in the histories", &left.tombstones);
        print("of the person in the histories", &left.readable);
        print("of others in the histories", &left.others);
        print("sends of others that failed", &erased.failed);
        let is_right = erased.failed == 0
            && left.readable == 0
            && left.tombstones == self.messages
            && left.others == talk.others_wrote();
        Ok(ExitCode::from(u8::from(!is_right)))
    }
}

/// Prints a figure.
fn print(name: &str, value: &dyn Display) {
    println!("{name:<40} {value:>10}");
}
