//! Where Redis is.

use std::fmt;

use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::redact;

/// Where Redis is: one URL, or its parts.
#[derive(Clone, Args)]
pub struct RedisConfig {
    /// Redis as a URL; wins over `REDIS_HOST`, `REDIS_PASSWORD` and `REDIS_DB`.
    #[arg(long, env, hide_env_values = true)]
    pub redis_url: Option<String>,
    /// Host and port of Redis.
    #[arg(long, env, default_value = "localhost:6379")]
    pub redis_host: String,
    /// Password of Redis.
    #[arg(long, env, hide_env_values = true)]
    pub redis_password: Option<String>,
    /// Number of the database in Redis.
    #[arg(long, env, default_value_t = 0)]
    pub redis_db: u16,
    /// First part of every key and channel in Redis.
    #[arg(long, env, default_value = "discuss")]
    pub redis_prefix: String,
}

impl RedisConfig {
    /// Redis as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.redis_url
            .clone()
            .unwrap_or_else(|| self.url_of_parts())
    }

    fn url_of_parts(&self) -> String {
        let password = self.redis_password.as_deref().unwrap_or_default();
        let login = if password.is_empty() {
            String::new()
        } else {
            format!(":{}@", utf8_percent_encode(password, NON_ALPHANUMERIC))
        };
        format!("redis://{login}{}/{}", self.redis_host, self.redis_db)
    }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "RedisConfig({}, prefix {})",
            redact::url(&self.url()),
            self.redis_prefix
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_lookup;

    fn read(set: &[(&str, &str)]) -> RedisConfig {
        from_lookup(|name| {
            set.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.into())
        })
        .unwrap()
    }

    #[test]
    fn the_parts_make_a_url() {
        assert_eq!(read(&[]).url(), "redis://localhost:6379/0");
        let config = read(&[
            ("REDIS_HOST", "cache:7000"),
            ("REDIS_PASSWORD", "p@ss"),
            ("REDIS_DB", "3"),
        ]);
        assert_eq!(config.url(), "redis://:p%40ss@cache:7000/3");
        assert!(!format!("{config:?}").contains("p%40ss"));
    }

    #[test]
    fn the_url_wins_over_the_parts_and_keys_have_a_prefix() {
        let config = read(&[
            ("REDIS_URL", "redis://r:1/2"),
            ("REDIS_HOST", "elsewhere:1"),
        ]);
        assert_eq!(
            (config.url().as_str(), config.redis_prefix.as_str()),
            ("redis://r:1/2", "discuss")
        );
    }
}
