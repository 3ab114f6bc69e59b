//! How long a process may take to end.

use std::time::Duration;

use clap::Args;

/// How long a process may take to end.
#[derive(Debug, Clone, Args)]
pub struct ShutdownConfig {
    /// Seconds that running work gets after SIGTERM before it is cut off.
    #[arg(long, env, default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=3600))]
    pub shutdown_grace_seconds: u16,
}

impl ShutdownConfig {
    /// That time.
    #[must_use]
    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.shutdown_grace_seconds.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_lookup;

    #[test]
    fn the_grace_is_in_seconds_and_bounded() {
        assert_eq!(
            from_lookup::<ShutdownConfig>(|_| Some("3".into()))
                .unwrap()
                .grace(),
            Duration::from_secs(3)
        );
        let error = from_lookup::<ShutdownConfig>(|_| Some("4000".into()))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("SHUTDOWN_GRACE_SECONDS: ") && error.contains("3600"),
            "{error}"
        );
    }
}
