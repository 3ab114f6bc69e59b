//! What `--print-config` shows.

use std::{ffi::OsString, fmt::Write as _};

use clap::{Args, Command};

use super::{ConfigError, Variable, variables};
use crate::redact;

/// Every variable of a configuration with what it is for and what it is, secrets redacted.
pub fn describe<C: Args>(lookup: impl Fn(&str) -> Option<OsString>) -> Result<String, ConfigError> {
    let mut text = String::new();
    for variable in variables(&C::augment_args(Command::new("environment"))) {
        let value = variable
            .read(&lookup)?
            .unwrap_or_else(|| variable.default.clone());
        if !variable.help.is_empty() {
            writeln!(text, "# {}", variable.help.replace('\n', " ")).unwrap_or_default();
        }
        writeln!(text, "{}={}", variable.name, shown(&variable, &value)).unwrap_or_default();
    }
    Ok(text)
}

fn shown(variable: &Variable, value: &str) -> String {
    if !variable.is_secret || value.is_empty() {
        return value.to_owned();
    }
    if value.contains("://") {
        redact::url(value)
    } else {
        redact::HIDDEN.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AuthConfig, DatabaseConfig};

    #[derive(Debug, Args)]
    struct Sample {
        #[command(flatten)]
        database: DatabaseConfig,
        #[command(flatten)]
        auth: AuthConfig,
    }

    #[test]
    fn every_variable_is_shown_and_no_secret() {
        let text = describe::<Sample>(|name| match name {
            "DATABASE_URL" => Some("postgres://serp:hunter2@db/chat".into()),
            "DB_PASSWORD" | "JWT_SECRET" => Some("hunter2".into()),
            _ => None,
        })
        .unwrap();

        assert!(!text.contains("hunter2"), "{text}");
        assert!(
            text.contains("DATABASE_URL=postgres://serp:***@db/chat\n"),
            "{text}"
        );
        assert!(text.contains("JWT_SECRET=***\n"), "{text}");
        assert!(text.contains("DB_PORT=5432\n"), "{text}");
        assert!(text.contains("JWT_ISSUER=\n"), "{text}");
    }
}
