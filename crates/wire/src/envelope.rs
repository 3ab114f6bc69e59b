//! The envelope around every REST answer.

use serde::Serialize;
use utoipa::ToSchema;

use crate::errors::{ErrorCode, FieldError};

/// A success: `{"status":"success","code":201,"message":"Channel created","data":{…}}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Envelope<T> {
    status: &'static str,
    /// The HTTP status.
    pub code: u16,
    /// What happened, for people.
    pub message: &'static str,
    /// What was asked for.
    pub data: T,
}

impl<T> Envelope<T> {
    /// The envelope of a success.
    pub const fn success(code: u16, message: &'static str, data: T) -> Self {
        Self {
            status: "success",
            code,
            message,
            data,
        }
    }
}

/// A refusal or failure. `error` is the stable symbol, `message` is for people.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorEnvelope {
    status: &'static str,
    /// The HTTP status.
    pub code: u16,
    /// The stable symbol.
    pub error: ErrorCode,
    /// What went wrong, for people.
    pub message: String,
    /// The fields that were wrong.
    pub errors: Vec<FieldError>,
    /// Always null.
    #[schema(value_type = Option<Object>)]
    data: (),
    /// The request's correlation id: what to search the logs for.
    pub trace_id: String,
}

impl ErrorEnvelope {
    /// The envelope of an error without fields.
    #[must_use]
    pub fn new(error: ErrorCode, message: impl Into<String>, trace_id: impl Into<String>) -> Self {
        Self {
            status: "error",
            code: error.status(),
            error,
            message: message.into(),
            errors: Vec::new(),
            data: (),
            trace_id: trace_id.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_success_is_written_as_the_contract_says() {
        let envelope = Envelope::success(201, "Channel created", json!({"id": 7}));
        assert_eq!(
            serde_json::to_value(envelope).unwrap(),
            json!({"status": "success", "code": 201, "message": "Channel created", "data": {"id": 7}})
        );
    }

    #[test]
    fn an_error_is_written_as_the_contract_says() {
        let field = FieldError::new("name", "must not be blank");
        let mut envelope = ErrorEnvelope::new(field.code, field.to_string(), "t-1");
        envelope.errors.push(field);
        assert_eq!(
            serde_json::to_value(envelope).unwrap(),
            json!({
                "status": "error", "code": 400, "error": "VALIDATION_ERROR",
                "message": "name: must not be blank",
                "errors": [{"field": "name", "message": "must not be blank"}],
                "data": null, "traceId": "t-1"
            })
        );
    }
}
