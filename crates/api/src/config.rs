//! What the API is told by its environment.

use std::num::NonZeroUsize;

use discuss_runtime::config::{
    AccountConfig, AuthConfig, DatabaseConfig, KeycloakConfig, ListenConfig, LogConfig,
    RecordServicesConfig, RedisConfig, ShutdownConfig,
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
    #[arg(long, env)]
    pub api_workers: Option<NonZeroUsize>,
    /// PostgreSQL.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// Redis.
    #[command(flatten)]
    pub redis: RedisConfig,
    /// Identity.
    #[command(flatten)]
    pub auth: AuthConfig,
    /// The account service.
    #[command(flatten)]
    pub account: AccountConfig,
    /// Keycloak.
    #[command(flatten)]
    pub keycloak: KeycloakConfig,
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

#[cfg(test)]
mod tests {
    use discuss_runtime::config::from_lookup;

    use super::*;

    #[test]
    fn the_ports_are_those_that_are_agreed_on() {
        let config: Config = from_lookup(|_| None).unwrap();
        assert_eq!((config.server_port, config.api_admin_port), (8092, 9192));
    }
}
