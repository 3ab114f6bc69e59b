//! `reads`: how long GETs take, one after the other by one person, or by as many as are asked for.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use futures_util::future::try_join_all;

use crate::latency::Recorder;
use crate::options::Servers;
use crate::people::{Person, Tenant};
use crate::rest::Rest;

/// The options of `reads`.
#[derive(Debug, Args)]
pub(super) struct Reads {
    #[command(flatten)]
    servers: Servers,
    /// Who reads.
    #[arg(long, default_value_t = 1)]
    user: u64,
    /// How often each path is read; the paths take turns.
    #[arg(long, default_value_t = 200)]
    times: u64,
    /// How many read at once, as often each.
    #[arg(long, default_value_t = 1)]
    readers: usize,
    /// What is read: NAME=PATH, with a path as /channels?size=100.
    #[arg(required = true, value_name = "NAME=PATH")]
    paths: Vec<String>,
}

impl Reads {
    /// Reads and prints the latencies of each path, in milliseconds, as JSON.
    pub(super) async fn measure(&self) -> anyhow::Result<()> {
        let tenant = Tenant::new(self.servers.tenant_or_random(), self.servers.secret()?);
        let reader = tenant.person(self.user, &format!("Person {}", self.user))?;
        let rest = Rest::new(self.servers.apis.clone())?;
        let mut recorders = Vec::new();
        for path in &self.paths {
            let (name, path) = path.split_once('=').context("a path must be NAME=PATH")?;
            recorders.push((name, path, Recorder::new()?));
        }
        let at_once = (0..self.readers).map(|_| self.read(&rest, &reader, &recorders));
        try_join_all(at_once).await?;
        let figures: BTreeMap<_, _> = recorders
            .iter()
            .map(|(name, _, recorder)| (name, recorder.summary()))
            .collect();
        println!("{}", serde_json::to_string_pretty(&figures)?);
        Ok(())
    }

    async fn read(
        &self,
        rest: &Rest,
        reader: &Person,
        recorders: &[(&str, &str, Recorder)],
    ) -> anyhow::Result<()> {
        for _ in 0..self.times {
            for (_, path, recorder) in recorders {
                let started = Instant::now();
                rest.read(reader, path).await?;
                recorder.record(0, started.elapsed());
            }
        }
        Ok(())
    }
}
