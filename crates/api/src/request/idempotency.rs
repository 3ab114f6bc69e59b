//! The key under which a request may be repeated.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use crate::error::ApiError;

const HEADER: &str = "Idempotency-Key";
const MAX_CHARS: usize = 255;

/// The `Idempotency-Key` of a request.
#[derive(Debug)]
pub(crate) struct IdempotencyKey(Option<String>);

impl IdempotencyKey {
    /// The key.
    pub(crate) fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get(HEADER) else {
            return ready(Ok(Self(None)));
        };
        ready(match value.to_str() {
            Ok(key) if (1..=MAX_CHARS).contains(&key.len()) => Ok(Self(Some(key.to_owned()))),
            Ok(_) | Err(_) => Err(refusal()),
        })
    }
}

fn refusal() -> ApiError {
    ApiError::invalid(
        HEADER,
        format!("must be plain text of 1 to {MAX_CHARS} characters"),
    )
}
