//! `counts`: people send, reply, edit, delete, react, read, come and go in the same channels at once; what the
//! API then says of the channels and their messages is written to files, to be compared with what is stored.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::counts::{self, Bustle};
use crate::options::Servers;
use crate::people::Tenant;
use crate::rest::Rest;

/// The options of `counts`.
#[derive(Debug, Args)]
pub(super) struct Counts {
    #[command(flatten)]
    servers: Servers,
    /// How many do something at once.
    #[arg(long, default_value_t = 50)]
    tasks: usize,
    /// How many people they are, in turn.
    #[arg(long, default_value_t = 40)]
    people: u64,
    /// In how many channels.
    #[arg(long, default_value_t = 8)]
    channels: usize,
    /// For how many seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Where to write what the API says afterwards to each member: `channels.jsonl` has lines of
    /// `{"person","channel"}`, `messages.jsonl` of `{"person","message"}`.
    #[arg(long, value_name = "FOLDER")]
    told: PathBuf,
}

impl Counts {
    /// Lets them, and writes what is told; fails when anything was answered by an error of the server.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let tenant = Tenant::new(self.servers.tenant_or_random(), self.servers.secret()?);
        let people = tenant.people(self.people)?;
        let rest = Arc::new(Rest::new(self.servers.apis.clone())?);
        let bustle = Bustle {
            tasks: self.tasks,
            channels: self.channels,
            time: Duration::from_secs(self.seconds),
        };
        let (done, told) = counts::run(rest, &people, bustle).await?;
        std::fs::create_dir_all(&self.told)?;
        std::fs::write(self.told.join("channels.jsonl"), told.channels)?;
        std::fs::write(self.told.join("messages.jsonl"), told.messages)?;
        for (deed, times) in &done.accepted {
            println!("{:<25} {times:>10}", format!("{deed:?}").to_lowercase());
        }
        println!("refused                   {:>10}", done.refused);
        println!("failed                    {:>10}", done.failed);
        Ok(ExitCode::from(u8::from(!done.is_whole())))
    }
}
