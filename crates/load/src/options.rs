//! The options that the measuring commands have in common.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::courier::Via;
use crate::processes::Watched;

/// Where the servers are and whose tokens they take.
#[derive(Debug, Clone, Args, Serialize)]
pub(crate) struct Servers {
    /// Base URL of an API process; may be given several times.
    #[arg(
        long = "api",
        value_name = "URL",
        default_value = "http://127.0.0.1:8092/discuss/api/v1"
    )]
    pub(crate) apis: Vec<String>,
    /// WebSocket URL of a gateway process; may be given several times.
    #[arg(
        long = "gateway",
        value_name = "URL",
        default_value = "ws://127.0.0.1:8094/ws/discuss"
    )]
    pub(crate) gateways: Vec<String>,
    /// WebSocket URL of a gateway to which nobody connects unless another refuses them; may be given several
    /// times.
    #[arg(long = "spare-gateway", value_name = "URL")]
    pub(crate) spare_gateways: Vec<String>,
    /// The secret that tokens are signed with (HS256).
    #[arg(long, env = "JWT_SECRET", hide_env_values = true, default_value = "")]
    #[serde(skip)]
    pub(crate) jwt_secret: String,
    /// The tenant; a random high number by default, so that runs don't meet.
    #[arg(long)]
    pub(crate) tenant: Option<u64>,
}

/// How a run sends, watches and reports.
#[derive(Debug, Clone, Args, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct Common {
    #[command(flatten)]
    pub(crate) servers: Servers,
    /// Loopback addresses that sockets come from, in turn, such as 127.0.0.2,127.0.0.3.
    #[arg(long, value_delimiter = ',', value_name = "ADDRESS,…")]
    pub(crate) sources: Vec<IpAddr>,
    /// How messages are sent.
    #[arg(long, value_enum, default_value = "rest")]
    #[serde(skip)]
    pub(crate) via: Via,
    /// Send each message up to five more times at once with the same client message id: the answers
    /// must agree, and another content must be refused.
    #[arg(long)]
    pub(crate) repeat: bool,
    /// Make the channels when the sockets are already open, so that they are joined live.
    #[arg(long)]
    pub(crate) live_channels: bool,
    /// The most sends under way at once in an open loop; what waits longer counts as latency.
    #[arg(long, default_value_t = 1024)]
    pub(crate) in_flight: usize,
    /// How many seconds an unanswered message is tried before it is given up.
    #[arg(long, default_value_t = 120)]
    pub(crate) patience: u64,
    /// How many seconds after the last socket came the first message is sent: by then everybody was told who is there.
    #[arg(long, default_value_t = 0)]
    pub(crate) rest: u64,
    /// How many seconds without a delivery to wait for what is missing.
    #[arg(long, default_value_t = 30)]
    pub(crate) settle: u64,
    /// Processes whose memory and CPU are told, with all their children: name=pid, or name=FILE
    /// when the pid is in a file that may change.
    #[arg(long, value_delimiter = ',', value_name = "NAME=PID,…")]
    #[serde(skip)]
    pub(crate) pids: Vec<Watched>,
    /// Leave out the flush and the bare-socket probe.
    #[arg(long)]
    pub(crate) skip_probes: bool,
    /// The folder on whose disk the flush probe writes.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) flush_folder: Option<PathBuf>,
    /// Fail unless 95 % of the deliveries took less than this many milliseconds.
    #[arg(long, value_name = "MS")]
    pub p95_under: Option<f64>,
    /// Fail unless at least so many sends a second were acknowledged.
    #[arg(long, value_name = "SENDS")]
    pub(crate) sends_over: Option<f64>,
    /// Let the run count even if this program was too late itself: for runs that prove what is
    /// delivered, not when.
    #[arg(long, conflicts_with = "p95_under")]
    pub(crate) any_lateness: bool,
    /// Write the report to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub(crate) json: Option<PathBuf>,
    /// Print the options as they came out, and do nothing.
    #[arg(long)]
    #[serde(skip)]
    pub(crate) print_config: bool,
}

impl Common {
    /// How long a message is tried.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience)
    }

    /// How long the sockets rest before the first message.
    pub(crate) fn rest(&self) -> Duration {
        Duration::from_secs(self.rest)
    }

    /// How long to wait for what is missing.
    pub(crate) fn settle(&self) -> Duration {
        Duration::from_secs(self.settle)
    }
}

impl Servers {
    /// The tenant, drawn now if none was given.
    pub(crate) fn tenant_or_random(&self) -> u64 {
        self.tenant
            .unwrap_or_else(|| fastrand::u64(1_000_000_000..9_000_000_000))
    }

    /// The secret, or what to do about there being none.
    pub(crate) fn secret(&self) -> anyhow::Result<&str> {
        anyhow::ensure!(
            !self.jwt_secret.is_empty(),
            "JWT_SECRET (or --jwt-secret) is needed to sign tokens"
        );
        Ok(&self.jwt_secret)
    }
}
