//! Where PostgreSQL is.

use std::fmt;

use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::redact;

/// Where PostgreSQL is: one URL, or its parts.
#[derive(Clone, Args)]
pub struct DatabaseConfig {
    /// PostgreSQL as a URL; wins over the `DB_` variables.
    #[arg(long, env, hide_env_values = true)]
    pub database_url: Option<String>,
    /// Host of PostgreSQL.
    #[arg(long, env, default_value = "localhost")]
    pub db_host: String,
    /// Port of PostgreSQL.
    #[arg(long, env, default_value_t = 5432, value_parser = clap::value_parser!(u16).range(1..))]
    pub db_port: u16,
    /// User of PostgreSQL.
    #[arg(long, env, default_value = "serp")]
    pub db_user: String,
    /// Password of that user.
    #[arg(long, env, hide_env_values = true)]
    pub db_password: Option<String>,
    /// Name of the database.
    #[arg(long, env, default_value = "discuss_service")]
    pub db_name: String,
    /// Whether to ask for TLS, which is not built yet: `prefer` goes without, `require` fails.
    #[arg(long, env, default_value = "disable", value_parser = ["disable", "prefer", "require"])]
    pub db_ssl_mode: String,
    /// Most connections of the process's pool.
    #[arg(long, env, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_pool_size: u32,
}

impl DatabaseConfig {
    /// The database as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.database_url
            .clone()
            .unwrap_or_else(|| self.url_of_parts())
    }

    fn url_of_parts(&self) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let password = self
            .db_password
            .as_deref()
            .map(|password| format!(":{}", encoded(password)));
        let host = if self.db_host.contains(':') {
            format!("[{}]", self.db_host)
        } else {
            self.db_host.clone()
        };
        format!(
            "postgres://{}{}@{host}:{}/{}?sslmode={}",
            encoded(&self.db_user),
            password.unwrap_or_default(),
            self.db_port,
            encoded(&self.db_name),
            self.db_ssl_mode,
        )
    }
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "DatabaseConfig({}, pool of {})",
            redact::url(&self.url()),
            self.database_pool_size
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_lookup;

    fn read(set: &[(&str, &str)]) -> DatabaseConfig {
        from_lookup(|name| {
            set.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.into())
        })
        .unwrap()
    }

    #[test]
    fn the_parts_make_a_url_with_odd_characters_encoded() {
        let config = read(&[
            ("DB_HOST", "db"),
            ("DB_USER", "a b"),
            ("DB_PASSWORD", "p@/:ss"),
            ("DB_NAME", "chat"),
        ]);
        assert_eq!(
            config.url(),
            "postgres://a%20b:p%40%2F%3Ass@db:5432/chat?sslmode=disable"
        );
        assert!(read(&[("DB_HOST", "::1")]).url().contains("@[::1]:5432/"));
    }

    #[test]
    fn the_url_wins_over_the_parts() {
        let config = read(&[
            ("DATABASE_URL", "postgres://u:p@h/d"),
            ("DB_HOST", "elsewhere"),
        ]);
        assert_eq!(config.url(), "postgres://u:p@h/d");
    }

    #[test]
    fn debug_output_has_no_password() {
        let config = read(&[("DB_PASSWORD", "hunter2")]);
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn an_unknown_tls_mode_is_refused() {
        let error =
            from_lookup::<DatabaseConfig>(|name| (name == "DB_SSL_MODE").then(|| "maybe".into()))
                .unwrap_err();
        assert_eq!(
            error.to_string(),
            "DB_SSL_MODE: must be one of disable, prefer, require (it is `maybe`)"
        );
    }
}
