//! What may be done with messages.

use std::time::Duration;

use clap::Args;

/// What may be done with messages.
#[derive(Debug, Clone, Copy, Args)]
pub struct MessagesConfig {
    /// Seconds after it was sent within which a message may be edited.
    #[arg(long, env, default_value_t = 86_400, value_parser = clap::value_parser!(u32).range(0..=3_153_600_000))]
    pub edit_window: u32,
}

impl MessagesConfig {
    /// How long after it was sent a message may be edited.
    #[must_use]
    pub fn window(&self) -> Duration {
        Duration::from_secs(self.edit_window.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_lookup;

    #[test]
    fn the_edit_window_is_a_day_unless_it_is_said_in_seconds() {
        let day: MessagesConfig = from_lookup(|_| None).unwrap();
        assert_eq!(day.window(), Duration::from_hours(24));
        let hour: MessagesConfig = from_lookup(|_| Some("3600".into())).unwrap();
        assert_eq!(hour.window(), Duration::from_hours(1));
        let error = from_lookup::<MessagesConfig>(|_| Some("24h".into())).unwrap_err();
        assert_eq!(error.variable, "EDIT_WINDOW");
    }
}
