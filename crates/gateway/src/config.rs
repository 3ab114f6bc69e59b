//! What the gateway is told by its environment.

use std::time::Duration;

use crate::frame_guard::FrameLimits;
use discuss_app::presence::Terms;
use discuss_runtime::config::{
    AuthConfig, ConfigError, CorsConfig, DatabaseConfig, ListenConfig, LogConfig, MessagesConfig,
    RateLimitConfig, RecordServicesConfig, RedisConfig, ShutdownConfig, WORKERS,
};

/// The time in which frames are counted.
const FRAMES_WITHIN: Duration = Duration::from_secs(10);

/// What the gateway is told by its environment.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Where to listen.
    #[command(flatten)]
    pub listen: ListenConfig,
    /// Port of the WebSockets; 0 is any that is free.
    #[arg(long, env, default_value_t = 8094)]
    pub gateway_port: u16,
    /// Port of health and metrics; 0 is any that is free.
    #[arg(long, env, default_value_t = 9194)]
    pub gateway_admin_port: u16,
    /// Threads that serve sockets; one a core when unset.
    #[arg(long, env, value_parser = clap::value_parser!(u16).range(WORKERS))]
    pub gateway_workers: Option<u16>,
    /// Browsers.
    #[command(flatten)]
    pub cors: CorsConfig,
    /// How often people may send.
    #[command(flatten)]
    pub rate_limits: RateLimitConfig,
    /// What a socket may take.
    #[command(flatten)]
    pub sockets: SocketConfig,
    /// What may be done with messages.
    #[command(flatten)]
    pub messages: MessagesConfig,
    /// PostgreSQL.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// Redis.
    #[command(flatten)]
    pub redis: RedisConfig,
    /// How people prove who they are.
    #[command(flatten)]
    pub auth: AuthConfig,
    /// The services of business records.
    #[command(flatten)]
    pub records: RecordServicesConfig,
    /// What is logged.
    #[command(flatten)]
    pub log: LogConfig,
    /// How it ends.
    #[command(flatten)]
    pub shutdown: ShutdownConfig,
}

/// The longest time between pings, in milliseconds: an open socket ends with its token within it.
const MOST_PING_MS: u64 = 60_000;

/// What a socket may take.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct SocketConfig {
    /// Frames that may wait for a slow client before it is closed.
    #[arg(long, env, default_value_t = 1_000)]
    pub gateway_queue_frames: usize,
    /// Bytes that may wait for a slow client before it is closed.
    #[arg(long, env, default_value_t = 1_048_576)]
    pub gateway_queue_bytes: usize,
    /// Largest frame that a client may send, in bytes.
    #[arg(long, env, default_value_t = 131_072)]
    pub gateway_max_frame_bytes: usize,
    /// Frames that a client may send in 10 seconds, parts of messages and control frames included; 0 is
    /// any number.
    #[arg(long, env, default_value_t = 120)]
    pub rate_limit_frames: u32,
    /// Milliseconds that a new socket has for its AUTH, and one with `?resume=1` for its RESUME.
    #[arg(long, env, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    pub gateway_first_frame_ms: u64,
    /// Milliseconds between the server's pings.
    #[arg(long, env, default_value_t = 25_000, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    pub gateway_ping_ms: u64,
    /// Milliseconds without a sign of life after which a client counts as gone.
    #[arg(long, env, default_value_t = 60_000, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    pub gateway_silence_ms: u64,
    /// Milliseconds after which somebody who does nothing is seen as away.
    #[arg(long, env, default_value_t = 300_000, value_parser = clap::value_parser!(u64).range(1..=86_400_000))]
    pub gateway_away_ms: u64,
    /// Milliseconds for which a connection counts after its gateway was last heard of.
    #[arg(long, env, default_value_t = 30_000, value_parser = clap::value_parser!(u64).range(1_000..=3_600_000))]
    pub gateway_lease_ms: u64,
    /// Milliseconds for which whoever is gone may come back before others are told.
    #[arg(long, env, default_value_t = 15_000, value_parser = clap::value_parser!(u64).range(0..=3_600_000))]
    pub gateway_grace_ms: u64,
    /// Sockets that one person may have, in all gateways together; 0 is any number.
    #[arg(long, env, default_value_t = 10)]
    pub gateway_sockets_per_user: usize,
    /// Sockets that may come from one address, in each gateway; 0 is any number, as behind a proxy all
    /// may come from it.
    #[arg(long, env, default_value_t = 0)]
    pub gateway_sockets_per_address: usize,
    /// Sockets that are taken in a second when very many come at once: the others wait up to five seconds, or
    /// come back; 0 is any number.
    #[arg(long, env, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub gateway_accepts_per_second: u32,
    /// Bytes that those who have missed much are sent in a second, all together; 0 is any number.
    #[arg(long, env, default_value_t = 16_777_216)]
    pub gateway_replay_bytes_per_second: usize,
    /// Milliseconds within which the clients of a drained instance come back elsewhere.
    #[arg(long, env, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(0..=3_600_000))]
    pub gateway_reconnect_ms: u64,
}

impl SocketConfig {
    /// What a client may send.
    #[must_use]
    pub(crate) const fn frames(&self) -> FrameLimits {
        FrameLimits {
            bytes: self.gateway_max_frame_bytes,
            frames: match self.rate_limit_frames {
                0 => u32::MAX,
                frames => frames,
            },
            within: FRAMES_WITHIN,
        }
    }

    /// How long a socket may wait for its first AUTH or RESUME.
    #[must_use]
    pub const fn first_frame(&self) -> Duration {
        Duration::from_millis(self.gateway_first_frame_ms)
    }

    /// How long somebody may do nothing before they are away.
    #[must_use]
    pub const fn away(&self) -> Duration {
        Duration::from_millis(self.gateway_away_ms)
    }

    /// Checks that these fit each other.
    fn check(&self) -> Result<(), ConfigError> {
        if self.gateway_ping_ms > MOST_PING_MS {
            let reason = format!("must be at most {MOST_PING_MS}: tokens are looked at as often");
            return Err(ConfigError::new("GATEWAY_PING_MS", reason));
        }
        if self.gateway_ping_ms >= self.gateway_silence_ms {
            let reason = "must be less than GATEWAY_SILENCE_MS, or whoever only listens is closed";
            return Err(ConfigError::new("GATEWAY_PING_MS", reason));
        }
        Ok(())
    }

    /// How long connections count as presence.
    pub(crate) const fn presence_terms(&self) -> Terms {
        Terms {
            lease: Duration::from_millis(self.gateway_lease_ms),
            grace: Duration::from_millis(self.gateway_grace_ms),
        }
    }

    /// The time between pings.
    #[must_use]
    pub const fn ping(&self) -> Duration {
        Duration::from_millis(self.gateway_ping_ms)
    }

    /// How long a client may be silent.
    #[must_use]
    pub const fn silence(&self) -> Duration {
        Duration::from_millis(self.gateway_silence_ms)
    }
}

impl Config {
    /// Checks what no single variable can know.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.auth.check()?;
        self.cors.check()?;
        self.sockets.check()
    }
}

#[cfg(test)]
mod tests {
    use discuss_runtime::config::from_lookup;

    use super::*;

    #[test]
    fn a_number_that_could_only_be_a_slip_is_named() {
        for (variable, value) in [
            ("GATEWAY_WORKERS", "0"),
            ("GATEWAY_WORKERS", "513"),
            ("GATEWAY_PING_MS", "0"),
            ("GATEWAY_FIRST_FRAME_MS", "0"),
            ("GATEWAY_SILENCE_MS", "18446744073709551615"),
            ("DB_PORT", "0"),
        ] {
            let read = from_lookup::<Config>(|name| (name == variable).then(|| value.into()));
            assert_eq!(read.unwrap_err().variable, variable, "{value}");
        }
    }

    #[test]
    fn a_gateway_that_can_identify_nobody_or_lets_any_browser_connect_is_refused() {
        let refused = |set: &[(&str, &str)]| {
            let config: Config = from_lookup(|name| {
                let given = set.iter().find(|(variable, _)| *variable == name);
                given.map(|(_, value)| value.into())
            })
            .unwrap();
            config.check().map_err(|error| error.variable)
        };
        assert_eq!(refused(&[]), Err("JWT_SECRET".to_owned()));
        let open = [("JWT_SECRET", "s"), ("CORS_ALLOWED_ORIGINS", "*")];
        assert_eq!(refused(&open), Err("CORS_ALLOWED_ORIGINS".to_owned()));
        assert_eq!(refused(&[("JWT_SECRET", "s")]), Ok(()));
        for pings in ["60000", "60001"] {
            let contradicting = [("JWT_SECRET", "s"), ("GATEWAY_PING_MS", pings)];
            assert_eq!(refused(&contradicting), Err("GATEWAY_PING_MS".to_owned()));
        }
    }
}
