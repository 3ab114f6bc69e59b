//! What is logged, and where traces go.

use clap::Args;
use tracing_subscriber::EnvFilter;

/// What is logged, and where traces go.
#[derive(Debug, Clone, Args)]
pub struct LogConfig {
    /// Filter of the log: a level, or levels per target as in `info,discuss_api=debug`.
    #[arg(long, env, default_value = "info", value_parser = parse_filter)]
    pub log_level: String,
    /// Base URL of a collector that takes traces by OTLP over HTTP, as in `http://localhost:4318`; none
    /// are exported while this is unset.
    #[arg(long, env, value_parser = parse_endpoint)]
    pub otel_exporter_otlp_endpoint: Option<String>,
}

/// Refuses at start what the subscriber would refuse later.
fn parse_filter(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("is no filter: {error}")),
    }
}

fn parse_endpoint(text: &str) -> Result<String, String> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(text.to_owned());
    }
    Err("must begin with http:// or https://".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigError, from_lookup};

    fn read(variable: &str, value: &str) -> Result<LogConfig, ConfigError> {
        from_lookup(|name| (name == variable).then(|| value.into()))
    }

    #[test]
    fn a_filter_is_checked_when_it_is_read() {
        let unset = from_lookup::<LogConfig>(|_| None).unwrap();
        assert_eq!(unset.log_level, "info");
        assert!(read("LOG_LEVEL", "warn,discuss_api=debug").is_ok());
        let error = read("LOG_LEVEL", "a=b=c").unwrap_err().to_string();
        assert!(error.starts_with("LOG_LEVEL: is no filter"), "{error}");
    }

    #[test]
    fn a_collector_is_a_url() {
        let known = read("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318").unwrap();
        let endpoint = known.otel_exporter_otlp_endpoint;
        assert_eq!(endpoint.as_deref(), Some("http://localhost:4318"));
        assert!(read("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317").is_err());
    }
}
