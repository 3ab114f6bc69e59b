//! Errors as HTTP: what every refusal and failure of this API looks like.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use discuss_app::{AppError, rate_limits::Standing};
use discuss_wire::{
    envelope::ErrorEnvelope,
    errors::{ErrorCode, FieldError},
};

use crate::rate_limits;

/// Seconds after which to try again when something we need is down.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// A refusal or failure on its way to the caller.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    code: ErrorCode,
    message: String,
    fields: Vec<FieldError>,
    header: Option<Box<(HeaderName, HeaderValue)>>,
    trace_id: String,
}

impl ApiError {
    /// An error with a message for people; it must hold no internals.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            fields: Vec::new(),
            header: None,
            trace_id: String::new(),
        }
    }

    /// Something wrong with one field.
    pub(crate) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        FieldError::new(field, message).into()
    }

    /// Who is not known.
    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        let header = (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        Self {
            header: Some(Box::new(header)),
            ..Self::new(ErrorCode::Unauthorized, message)
        }
    }

    /// Another method than the path has; `allowed` are those it has, separated by commas.
    #[must_use]
    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        Self {
            header: HeaderValue::from_str(allowed)
                .ok()
                .map(|allowed| Box::new((header::ALLOW, allowed))),
            ..Self::new(
                ErrorCode::MethodNotAllowed,
                format!("this path takes {allowed}"),
            )
        }
    }

    /// Something that we need is down; why is logged here.
    #[must_use]
    pub(crate) fn unavailable(cause: &dyn std::error::Error) -> Self {
        tracing::warn!(cause = %chain(cause), "a dependency is away");
        Self {
            header: Some(Box::new((header::RETRY_AFTER, RETRY_AFTER_SECONDS))),
            ..Self::new(
                ErrorCode::ServiceUnavailable,
                "something that this needs is not there now; try again, with the same clientMessageId",
            )
        }
    }

    /// One call too many.
    #[must_use]
    pub(crate) fn too_many_calls(standing: Standing) -> Self {
        let seconds = HeaderValue::from(rate_limits::seconds(standing.reset).max(1));
        Self {
            header: Some(Box::new((header::RETRY_AFTER, seconds))),
            ..Self::new(
                ErrorCode::TooManyRequests,
                "too many calls; try again later",
            )
        }
    }

    /// Our own fault; what it was is logged here and nowhere told.
    #[must_use]
    pub(crate) fn internal(cause: &dyn std::error::Error) -> Self {
        tracing::error!(cause = %chain(cause), "a request failed");
        Self::unexplained()
    }

    /// Our own fault, logged elsewhere.
    #[must_use]
    pub(crate) fn unexplained() -> Self {
        Self::new(ErrorCode::InternalError, "something went wrong on our side")
    }

    /// What is to be said of a status that came without an error of ours.
    #[must_use]
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let code = ErrorCode::ALL
            .iter()
            .copied()
            .find(|code| code.status() == status.as_u16());
        match code {
            Some(ErrorCode::InternalError) | None if status.is_server_error() => {
                Self::unexplained()
            }
            Some(code) => Self::new(
                code,
                status
                    .canonical_reason()
                    .unwrap_or("refused")
                    .to_lowercase(),
            ),
            None => Self::new(ErrorCode::ValidationError, "the request can't be read"),
        }
    }

    /// The same, with the request's correlation id to search the logs for.
    #[must_use]
    pub(crate) fn traced(self, trace_id: &str) -> Self {
        Self {
            trace_id: trace_id.to_owned(),
            ..self
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.symbol(), self.message)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut envelope = ErrorEnvelope::new(self.code, &self.message, &self.trace_id);
        envelope.errors.clone_from(&self.fields);
        let mut answer = HttpResponse::build(self.status_code());
        if let Some(header) = &self.header {
            answer.insert_header((**header).clone());
        }
        answer.json(envelope)
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self {
            fields: vec![error.clone()],
            ..Self::new(error.code, error.to_string())
        }
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        match (error.code(), error) {
            (_, AppError::Invalid(field)) => field.into(),
            (_, AppError::Internal) => Self::unexplained(),
            (_, AppError::TooManyCalls(standing)) => Self::too_many_calls(standing),
            (ErrorCode::InternalError, error) => Self::internal(&error),
            (ErrorCode::ServiceUnavailable, error) => Self::unavailable(&error),
            (code, error) => Self::new(code, error.public_message()),
        }
    }
}

/// An error and its sources on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_is_not_ours_still_gets_a_code() {
        for (status, code) in [
            (StatusCode::NOT_FOUND, ErrorCode::NotFound),
            (StatusCode::METHOD_NOT_ALLOWED, ErrorCode::MethodNotAllowed),
            (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::PayloadTooLarge),
            (StatusCode::EXPECTATION_FAILED, ErrorCode::ValidationError),
            (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::InternalError),
            (StatusCode::BAD_GATEWAY, ErrorCode::InternalError),
        ] {
            assert_eq!(ApiError::of_status(status).code, code, "{status}");
        }
    }

    #[test]
    fn what_failed_inside_is_not_told() {
        let cause = std::io::Error::other("relation \"messages\" does not exist");
        assert!(!ApiError::internal(&cause).to_string().contains("messages"));
        let unavailable = ApiError::unavailable(&cause);
        assert!(!unavailable.to_string().contains("relation"));
        assert!(
            unavailable
                .error_response()
                .headers()
                .contains_key(header::RETRY_AFTER)
        );
    }
}
