//! What the API is told by its environment.

use discuss_runtime::config::{
    AccountConfig, AuthConfig, ConfigError, CorsConfig, DatabaseConfig, ListenConfig, LogConfig,
    MessagesConfig, RateLimitConfig, RecordServicesConfig, RedisConfig, ShutdownConfig, WORKERS,
};

/// The configuration of the API.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Address to listen on.
    #[command(flatten)]
    pub listen: ListenConfig,
    /// Port of the REST API; 0 takes any that is free.
    #[arg(long, env, default_value_t = 8092)]
    pub server_port: u16,
    /// Port for health and metrics; 0 takes any that is free.
    #[arg(long, env, default_value_t = 9192)]
    pub api_admin_port: u16,
    /// Threads that serve HTTP; one a processor when unset.
    #[arg(long, env, value_parser = clap::value_parser!(u16).range(WORKERS))]
    pub api_workers: Option<u16>,
    /// What may be done with messages.
    #[command(flatten)]
    pub messages: MessagesConfig,
    /// PostgreSQL.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// Redis.
    #[command(flatten)]
    pub redis: RedisConfig,
    /// Identity.
    #[command(flatten)]
    pub auth: AuthConfig,
    /// Browsers.
    #[command(flatten)]
    pub cors: CorsConfig,
    /// How often callers may call.
    #[command(flatten)]
    pub rate_limits: RateLimitConfig,
    /// The account service.
    #[command(flatten)]
    pub account: AccountConfig,
    /// The services of business records.
    #[command(flatten)]
    pub records: RecordServicesConfig,
    /// The log.
    #[command(flatten)]
    pub log: LogConfig,
    /// The end.
    #[command(flatten)]
    pub shutdown: ShutdownConfig,
}

impl Config {
    /// Checks what no single variable can know.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.auth.check()?;
        self.cors.check()
    }
}

#[cfg(test)]
mod tests {
    use discuss_runtime::config::from_lookup;

    use super::*;

    #[test]
    fn the_ports_are_those_that_are_agreed_on() {
        let config: Config = from_lookup(|_| None).unwrap();
        assert_eq!((config.server_port, config.api_admin_port), (8092, 9192));
    }

    #[test]
    fn a_number_of_threads_that_could_only_be_a_slip_is_named() {
        for value in ["0", "513", "many"] {
            let read = from_lookup::<Config>(|name| (name == "API_WORKERS").then(|| value.into()));
            assert_eq!(read.unwrap_err().variable, "API_WORKERS", "{value}");
        }
    }

    #[test]
    fn an_api_that_can_identify_nobody_or_lets_any_browser_call_is_refused() {
        let refused = |set: &[(&str, &str)]| {
            let config: Config = from_lookup(|name| {
                let given = set.iter().find(|(variable, _)| *variable == name);
                given.map(|(_, value)| value.into())
            })
            .unwrap();
            config.check().map_err(|error| error.variable)
        };
        let secret = ("JWT_SECRET", "s");
        assert_eq!(refused(&[]), Err("JWT_SECRET".to_owned()));
        let open = [secret, ("CORS_ALLOWED_ORIGINS", "*")];
        assert_eq!(refused(&open), Err("CORS_ALLOWED_ORIGINS".to_owned()));
        assert_eq!(refused(&[secret]), Ok(()));
    }
}
