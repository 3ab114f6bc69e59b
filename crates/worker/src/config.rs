//! What the worker is told by its environment.

use std::time::Duration;

use discuss_app::retention::KeepEvents;
use discuss_runtime::config::{
    DatabaseConfig, ListenConfig, LogConfig, RedisConfig, ShutdownConfig,
};

use crate::event_log::Pruning;

const SECONDS_A_DAY: u64 = 86_400;

/// The configuration of the worker.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Address to listen on.
    #[command(flatten)]
    pub listen: ListenConfig,
    /// Port for health and metrics; 0 takes any that is free.
    #[arg(long, env, default_value_t = 9196)]
    pub worker_admin_port: u16,
    /// Days for which every event of the log is kept.
    #[arg(long, env, default_value_t = 7)]
    pub event_log_keep_days: u64,
    /// Newest events of each channel that are kept, however old.
    #[arg(long, env, default_value_t = 1000)]
    pub event_log_keep_newest: u32,
    /// Seconds between two rounds of pruning the log.
    #[arg(long, env, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub event_log_prune_seconds: u64,
    /// Seconds between two looks for people who want all gone that they wrote.
    #[arg(long, env, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub erasure_poll_seconds: u64,
    /// PostgreSQL.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// Redis: who is connected is told of what is erased.
    #[command(flatten)]
    pub redis: RedisConfig,
    /// The log.
    #[command(flatten)]
    pub log: LogConfig,
    /// The end.
    #[command(flatten)]
    pub shutdown: ShutdownConfig,
}

impl Config {
    /// Between two looks for erasures.
    pub(crate) const fn erasure_pause(&self) -> Duration {
        Duration::from_secs(self.erasure_poll_seconds)
    }

    /// What pruning the log is told.
    pub(crate) fn pruning(&self) -> Pruning {
        let age = Duration::from_secs(self.event_log_keep_days.saturating_mul(SECONDS_A_DAY));
        Pruning {
            keep: KeepEvents {
                age,
                newest: self.event_log_keep_newest.into(),
            },
            pause: Duration::from_secs(self.event_log_prune_seconds),
        }
    }
}
