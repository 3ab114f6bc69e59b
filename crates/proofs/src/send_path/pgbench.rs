//! pgbench: a transaction a message, 32 clients.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::servers::Servers;

/// What each client does, over and over.
const SCRIPT: &str = include_str!("single.pgbench");
/// The plans that the writer asks for too: by the indexes, however small the tables are.
const SETTINGS: &str = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off";

/// The program, and where it is to work.
pub(super) struct Pgbench {
    program: PathBuf,
    variables: Vec<(&'static str, String)>,
}

impl Pgbench {
    pub(super) fn new(servers: &Servers, program: PathBuf) -> anyhow::Result<Self> {
        let config: Config = servers.database_url.parse()?;
        let host = config.get_hosts().first().context("DATABASE_URL: a host")?;
        let host = match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let password = config.get_password().unwrap_or_default();
        let variables = vec![
            ("PGHOST", host),
            ("PGPORT", port.to_string()),
            ("PGUSER", config.get_user().unwrap_or_default().to_owned()),
            ("PGPASSWORD", String::from_utf8(password.to_vec())?),
            (
                "PGDATABASE",
                config.get_dbname().unwrap_or_default().to_owned(),
            ),
            ("PGOPTIONS", SETTINGS.to_owned()),
        ];
        Ok(Self { program, variables })
    }

    /// Transactions a second.
    pub(super) async fn run(&self, time: Duration) -> anyhow::Result<f64> {
        let mut command = Command::new(&self.program);
        command
            .args(["-n", "-M", "prepared", "-c", "32", "-j", "2", "-f", "-"])
            .args(["-T", &time.as_secs().to_string()])
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        tokio::task::spawn_blocking(move || measure(command)).await?
    }
}

fn measure(mut command: Command) -> anyhow::Result<f64> {
    let mut pgbench = command.spawn().context("starting pgbench")?;
    let mut script = pgbench.stdin.take().context("pgbench's input")?;
    script.write_all(SCRIPT.as_bytes())?;
    drop(script);
    let output = pgbench.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let found = said.lines().find_map(|line| line.strip_prefix("tps = "));
    let is_whole = said.contains("number of failed transactions: 0 ");
    let complaint = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(
        output.status.success() && is_whole,
        "pgbench failed:\n{said}{complaint}"
    );
    let found = found.and_then(|line| line.split(' ').next());
    found.context("pgbench's tps")?.parse().context("tps")
}
