//! Why a request was not carried out, and the `ERROR` that says so.

use discuss_app::AppError;
use discuss_wire::errors::{ErrorCode, FieldError};
use serde_json::json;

use crate::event_frame::Frame;
use crate::frames::{self, Close};

/// Why a request was not carried out.
pub(super) enum Refusal {
    /// The client is told, and goes on.
    Told(ErrorCode, String, Option<serde_json::Value>),
    /// The socket is closed.
    Closed(Close),
}

impl Refusal {
    /// A refusal that is about nothing in particular.
    pub(super) fn told(code: ErrorCode, message: &str) -> Self {
        Self::Told(code, message.to_owned(), None)
    }

    /// The `ERROR` for the client that goes on, or why it does not.
    pub(super) fn into_frame(self, request_id: Option<&str>) -> Result<Frame, Close> {
        match self {
            Self::Closed(close) => Err(close),
            Self::Told(code, message, None) => Ok(frames::error(code, &message, request_id)),
            Self::Told(code, message, Some(details)) => {
                Ok(frames::error_about(code, &message, details, request_id))
            }
        }
    }
}

impl From<FieldError> for Refusal {
    fn from(error: FieldError) -> Self {
        let details = json!({ "field": error.field });
        Self::Told(error.code, error.to_string(), Some(details))
    }
}

impl From<AppError> for Refusal {
    fn from(error: AppError) -> Self {
        let code = error.code();
        let details = retry_after_ms(&error).map(|millis| json!({ "retryAfterMs": millis }));
        if code == ErrorCode::InternalError {
            tracing::error!(%error, "a request failed");
        }
        Self::Told(code, error.public_message(), details)
    }
}

/// When the client may try again, where that helps.
fn retry_after_ms(error: &AppError) -> Option<u64> {
    match error {
        AppError::TooManyCalls(standing) => standing.reset.as_millis().try_into().ok(),
        error if error.code() == ErrorCode::ServiceUnavailable => Some(1_000),
        _ => None,
    }
}
