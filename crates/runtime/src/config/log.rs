//! What is logged.

use clap::Args;
use tracing_subscriber::EnvFilter;

/// What is logged.
#[derive(Debug, Clone, Args)]
pub struct LogConfig {
    /// Filter of the log: a level, or levels per target as in `info,discuss_api=debug`.
    #[arg(long, env, default_value = "info", value_parser = parse_filter)]
    pub log_level: String,
}

/// Refuses at start what the subscriber would refuse later.
fn parse_filter(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("is no filter: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_lookup;

    #[test]
    fn a_filter_is_checked_when_it_is_read() {
        assert_eq!(
            from_lookup::<LogConfig>(|_| None).unwrap().log_level,
            "info"
        );
        assert!(from_lookup::<LogConfig>(|_| Some("warn,discuss_api=debug".into())).is_ok());
        let error = from_lookup::<LogConfig>(|_| Some("a=b=c".into()))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("LOG_LEVEL: is no filter"), "{error}");
    }
}
