//! Why a call did not succeed, and whether it may yet.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde::Deserialize;

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestError {
    /// No answer, or none that can be read.
    #[error("no answer")]
    Transport(#[from] reqwest::Error),
    /// The server said no.
    #[error("{status} {symbol}: {message}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// The contract's symbol.
        symbol: String,
        /// The words for people.
        message: String,
        /// When to come back.
        retry_after: Option<Duration>,
    },
}

#[derive(Deserialize, Default)]
struct Failure {
    #[serde(default)]
    error: String,
    #[serde(default)]
    message: String,
}

impl RestError {
    /// Whether the same call may succeed later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Transport(_) => true,
            Self::Refused { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
        }
    }

    /// When the server said to come back.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Transport(_) => None,
            Self::Refused { retry_after, .. } => *retry_after,
        }
    }

    /// Why this answer is no success.
    pub(super) async fn of(answer: Response) -> Self {
        let status = answer.status();
        let seconds = answer
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let Failure { error, message } = answer.json().await.unwrap_or_default();
        Self::Refused {
            status,
            symbol: error,
            message,
            retry_after: seconds.map(Duration::from_secs),
        }
    }
}
