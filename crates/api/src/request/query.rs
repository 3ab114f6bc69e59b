//! Query strings.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use discuss_wire::json::NULL_CHARACTER;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// The query string; parameters that nobody knows are ignored.
#[derive(Debug, Clone)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Self))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    // Only the escape %00 brings U+0000: actix refuses the byte itself.
    if query.contains("%00") {
        return Err(ApiError::invalid("query", NULL_CHARACTER));
    }
    serde_urlencoded::from_str(query).map_err(|error| explain(&error.to_string()))
}

/// `serde_urlencoded` says ``duplicate field `limit` ``; other errors have no field.
fn explain(said: &str) -> ApiError {
    match said
        .strip_prefix("duplicate field `")
        .and_then(|rest| rest.strip_suffix('`'))
    {
        Some(field) => ApiError::invalid(field, "must be given once"),
        None => ApiError::invalid("query", said),
    }
}

#[cfg(test)]
mod tests {
    use discuss_wire::paging::CursorQuery;

    use super::*;

    #[test]
    fn parameters_are_read_and_unknown_ones_ignored() {
        let query: CursorQuery = parse("beforeId=7&other=1&limit=").unwrap();
        assert_eq!(query.before_id.as_deref(), Some("7"));
    }

    #[test]
    fn a_parameter_given_twice_is_named() {
        let refusal = parse::<CursorQuery>("limit=1&limit=2")
            .unwrap_err()
            .to_string();
        assert_eq!(refusal, "VALIDATION_ERROR: limit: must be given once");
        let refusal = parse::<CursorQuery>("x=%00").unwrap_err().to_string();
        assert!(refusal.contains("U+0000"), "{refusal}");
    }
}
