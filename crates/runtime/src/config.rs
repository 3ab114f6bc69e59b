//! Configuration from the environment, and from nothing else.
//!
//! A binary's configuration is a struct of the parts below, each a clap [`Args`] whose fields carry
//! `#[arg(long, env)]`: the variable is the field's name in capitals. Secrets carry
//! `hide_env_values = true`. An empty variable counts as unset.

mod auth;
mod cors;
mod database;
mod kafka;
mod listen;
mod log;
mod messages;
mod print;
mod rate_limits;
mod redis;
mod services;
mod shutdown;

use std::{error::Error as _, ffi::OsString};

use clap::{
    Arg, Args, Command,
    builder::Resettable,
    error::{ContextKind, ContextValue},
};

pub use self::{
    auth::{AuthConfig, Realm},
    cors::CorsConfig,
    database::DatabaseConfig,
    kafka::KafkaConfig,
    listen::ListenConfig,
    log::LogConfig,
    messages::MessagesConfig,
    print::describe,
    rate_limits::RateLimitConfig,
    redis::RedisConfig,
    services::{AccountConfig, RecordServicesConfig},
    shutdown::ShutdownConfig,
};

/// How many threads may serve: more than any machine has processors would only be a slip.
pub const WORKERS: std::ops::RangeInclusive<i64> = 1..=512;

/// A variable that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {reason}")]
pub struct ConfigError {
    /// Its name.
    pub variable: String,
    /// What is wrong with it, on one line, without the value of a secret.
    pub reason: String,
}

impl ConfigError {
    /// An error of `variable`.
    pub fn new(variable: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            variable: variable.into(),
            reason: reason.into(),
        }
    }
}

/// Reads a configuration from this process's environment.
pub fn from_env<C: Args>() -> Result<C, ConfigError> {
    from_lookup(|variable| std::env::var_os(variable))
}

/// Reads a configuration from whatever `lookup` says a variable holds.
pub fn from_lookup<C: Args>(lookup: impl Fn(&str) -> Option<OsString>) -> Result<C, ConfigError> {
    let command = C::augment_args(Command::new("environment").disable_help_flag(true));
    let variables = variables(&command);
    let mut arguments = vec![String::from("environment")];
    for variable in &variables {
        if let Some(value) = variable.read(&lookup)? {
            arguments.push(format!("--{}={value}", variable.long));
        }
    }
    command
        .mut_args(|arg| arg.env(Resettable::Reset))
        .try_get_matches_from(arguments)
        .and_then(|matches| C::from_arg_matches(&matches))
        .map_err(|error| explain(&error, &variables))
}

/// A field of a configuration, as its environment sees it.
struct Variable {
    long: String,
    name: String,
    help: String,
    default: String,
    is_secret: bool,
}

impl Variable {
    fn of(arg: &Arg) -> Option<Self> {
        let name = arg.get_env()?.to_str()?.to_owned();
        let defaults: Vec<_> = arg
            .get_default_values()
            .iter()
            .map(|value| value.to_string_lossy().into_owned())
            .collect();
        Some(Self {
            long: arg.get_long()?.to_owned(),
            name,
            help: arg.get_help().map(ToString::to_string).unwrap_or_default(),
            default: defaults.join(","),
            is_secret: arg.is_hide_env_values_set(),
        })
    }

    /// What it is set to; empty is unset.
    fn read(
        &self,
        lookup: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<String>, ConfigError> {
        let Some(value) = lookup(&self.name).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        match value.into_string() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(ConfigError::new(&self.name, "is not valid UTF-8")),
        }
    }
}

fn variables(command: &Command) -> Vec<Variable> {
    command.get_arguments().filter_map(Variable::of).collect()
}

/// clap speaks of `--server-port <SERVER_PORT>`; people set `SERVER_PORT`.
fn explain(error: &clap::Error, variables: &[Variable]) -> ConfigError {
    let argument = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => argument.as_str(),
        Some(ContextValue::Strings(arguments)) => arguments.first().map_or("", String::as_str),
        _ => "",
    };
    let long = argument
        .trim_start_matches("--")
        .split([' ', '='])
        .next()
        .unwrap_or_default();
    let Some(variable) = variables.iter().find(|variable| variable.long == long) else {
        return ConfigError::new("the environment", one_line(&error.to_string()));
    };
    ConfigError::new(&variable.name, reason(error, variable))
}

fn reason(error: &clap::Error, variable: &Variable) -> String {
    if error.kind() == clap::error::ErrorKind::MissingRequiredArgument {
        return "must be set".to_owned();
    }
    if variable.is_secret {
        return "is not what it must be (its value is not shown)".to_owned();
    }
    let cause = error
        .source()
        .map_or_else(|| allowed(error), |cause| one_line(&cause.to_string()));
    match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) => format!("{cause} (it is `{value}`)"),
        _ => cause,
    }
}

/// What would have been accepted, where that is a short list.
fn allowed(error: &clap::Error) -> String {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) if !values.is_empty() => {
            format!("must be one of {}", values.join(", "))
        }
        _ => "can't be read".to_owned(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Args)]
    struct Sample {
        /// A port.
        #[arg(long, env, default_value_t = 8092)]
        server_port: u16,
        /// A secret of at most 255.
        #[arg(long, env, hide_env_values = true)]
        pin: Option<u8>,
        /// A switch.
        #[arg(long, env, default_value_t = false, action = clap::ArgAction::Set)]
        trusted: bool,
        /// A folder.
        #[arg(long, env)]
        folder: String,
    }

    fn sample(set: &[(&str, &str)]) -> Result<Sample, ConfigError> {
        from_lookup(|name| {
            set.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn variables_win_over_defaults() {
        let read = sample(&[
            ("SERVER_PORT", "1"),
            ("TRUSTED", "true"),
            ("FOLDER", "-a=b c"),
        ])
        .unwrap();
        assert_eq!(
            (read.server_port, read.trusted, read.folder.as_str()),
            (1, true, "-a=b c")
        );
        assert_eq!(read.pin, None);
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let read = sample(&[
            ("SERVER_PORT", ""),
            ("PIN", ""),
            ("TRUSTED", ""),
            ("FOLDER", "x"),
        ])
        .unwrap();
        assert_eq!(
            (read.server_port, read.pin, read.trusted),
            (8092, None, false)
        );
        assert_eq!(
            sample(&[("FOLDER", "")]).unwrap_err().to_string(),
            "FOLDER: must be set"
        );
    }

    #[test]
    fn a_bad_value_is_one_line_that_names_the_variable() {
        let error = sample(&[("SERVER_PORT", "eighty"), ("FOLDER", "x")])
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "SERVER_PORT: invalid digit found in string (it is `eighty`)"
        );
        let error = sample(&[("TRUSTED", "maybe"), ("FOLDER", "x")])
            .unwrap_err()
            .to_string();
        assert_eq!(error, "TRUSTED: must be one of true, false (it is `maybe`)");
    }

    #[test]
    fn the_value_of_a_secret_is_not_in_its_error() {
        let error = sample(&[("PIN", "123456"), ("FOLDER", "x")])
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("PIN: ") && !error.contains("123456"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_refused() {
        use std::os::unix::ffi::OsStringExt as _;
        let error = from_lookup::<Sample>(|_| Some(OsString::from_vec(vec![0xff]))).unwrap_err();
        assert_eq!(error.to_string(), "SERVER_PORT: is not valid UTF-8");
    }
}
