//! JSON bodies.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header::{self, HeaderMap},
    web::BytesMut,
};
use discuss_wire::errors::ErrorCode;
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::ApiError;

/// The largest body: 10,000 characters, each written as an escaped pair, and their metadata.
pub(crate) const MAX_BODY_BYTES: usize = 256 * 1024;

/// A body takes no longer to arrive.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

/// A JSON body, or none at all.
#[derive(Debug)]
pub(crate) struct OptionalBody<T>(pub(crate) Option<T>);

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let checked = require_json(request).and_then(|()| require_fits(request.headers()));
        let payload = payload.take();
        Box::pin(async move {
            checked?;
            let Ok(body) = tokio::time::timeout(READ_LIMIT, read(payload)).await else {
                return Err(ApiError::invalid("body", "took too long to arrive"));
            };
            parse(&body?).map(Self)
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for OptionalBody<T> {
    type Error = ApiError;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !has_body(request.headers()) {
            return Box::pin(async { Ok(Self(None)) });
        }
        let body = Body::<T>::from_request(request, payload);
        Box::pin(async move { Ok(Self(Some(body.await?.0))) })
    }
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}

fn require_json(request: &HttpRequest) -> Result<(), ApiError> {
    match request.mime_type() {
        Ok(Some(mime)) if mime.essence_str() == "application/json" => Ok(()),
        Ok(Some(mime)) if mime.suffix().is_some_and(|suffix| suffix == "json") => Ok(()),
        _ => Err(ApiError::new(
            ErrorCode::UnsupportedMediaType,
            "the body must be of content type application/json",
        )),
    }
}

/// Refuses a body that says that it is too large, before a byte of it is read.
fn require_fits(headers: &HeaderMap) -> Result<(), ApiError> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    match length.and_then(|length| length.parse::<usize>().ok()) {
        Some(length) if length > MAX_BODY_BYTES => Err(too_large()),
        _ => Ok(()),
    }
}

fn too_large() -> ApiError {
    let message = format!("the body must have at most {MAX_BODY_BYTES} bytes");
    ApiError::new(ErrorCode::PayloadTooLarge, message)
}

async fn read(mut payload: Payload) -> Result<BytesMut, ApiError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| unreadable(&error))?;
        if body.len().saturating_add(chunk.len()) > MAX_BODY_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unreadable(error: &PayloadError) -> ApiError {
    tracing::debug!(%error, "a body broke off");
    ApiError::invalid("body", "could not be read to its end")
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    refuse_array(body)?;
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        explain(&path, error.inner())
    })?;
    json.end().map_err(|error| explain(".", &error))?;
    refuse_null_characters(body)?;
    Ok(value)
}

/// serde would take an array for a struct, its members in order.
fn refuse_array(body: &[u8]) -> Result<(), ApiError> {
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(ApiError::invalid("body", "must be an object"));
    }
    Ok(())
}

/// Says what is wrong and where, without the line and column that serde adds.
fn explain(path: &str, error: &serde_json::Error) -> ApiError {
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    let inside = path.trim_end_matches(['.', '?']);
    let missing = said
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'));
    match missing {
        Some(field) if inside.is_empty() => ApiError::invalid(field, "is required"),
        Some(field) => ApiError::invalid(format!("{inside}.{field}"), "is required"),
        None if !inside.is_empty() => ApiError::invalid(inside, said),
        None if error.is_data() => ApiError::invalid("body", said),
        None => ApiError::invalid("body", format!("is no JSON: {said}")),
    }
}

/// Refuses U+0000, which nothing behind this can store, in whatever string it is: also in those that
/// nobody reads. JSON can only write it as an escape, so most bodies are not looked at twice.
fn refuse_null_characters(body: &[u8]) -> Result<(), ApiError> {
    if !body.windows(6).any(|window| window == br"\u0000") {
        return Ok(());
    }
    let value: Value = serde_json::from_slice(body).map_err(|error| explain(".", &error))?;
    match find_null_character(&value, String::new()) {
        Some(path) if path.is_empty() => Err(ApiError::invalid("body", NULL_CHARACTER)),
        Some(path) => Err(ApiError::invalid(path, NULL_CHARACTER)),
        None => Ok(()),
    }
}

pub(super) const NULL_CHARACTER: &str = "must not contain the character U+0000";

/// The path of the first string with U+0000 in it.
fn find_null_character(value: &Value, path: String) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then_some(path),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(place, item)| find_null_character(item, format!("{path}[{place}]"))),
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            if name.contains('\0') {
                return Some(path.clone());
            }
            let dot = if path.is_empty() { "" } else { "." };
            find_null_character(member, format!("{path}{dot}{name}"))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use discuss_wire::messages::SendMessageRequest;

    use super::*;

    fn refusal(body: &str) -> String {
        parse::<SendMessageRequest>(body.as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_wrong_body_names_the_path_at_which_it_is_wrong() {
        for (body, said) in [
            ("", "body: is no JSON: EOF while parsing a value"),
            ("{", "body: is no JSON: EOF while parsing an object"),
            (" []", "body: must be an object"),
            (
                "3",
                "body: invalid type: integer `3`, expected struct SendMessageRequest",
            ),
            ("{}", "content: is required"),
            (
                r#"{"content":"x"} y"#,
                "body: is no JSON: trailing characters",
            ),
            (
                r#"{"content":5}"#,
                "content: invalid type: integer `5`, expected a string",
            ),
            (r#"{"content":"\ud800"}"#, "content: "),
            (r#"{"content":"x","mentions":[1,{}]}"#, "mentions[1]: "),
            (
                r#"{"content":"x","mentions":[99999999999999999999]}"#,
                "mentions[0]: ",
            ),
            (
                r#"{"content":"x","metadata":{"a":1e999}}"#,
                "metadata.a: number out of range",
            ),
            (
                r#"{"content":"a\u0000"}"#,
                "content: must not contain the character U+0000",
            ),
            (
                r#"{"content":"x","other":[{"deep":"\u0000"}]}"#,
                "other[0].deep: must not contain",
            ),
            (r#"{"content":"x","o":{"\u0000":1}}"#, "o: must not contain"),
        ] {
            let refusal = refusal(body);
            assert!(
                refusal.starts_with(&format!("VALIDATION_ERROR: {said}")),
                "{body}: {refusal}"
            );
        }
    }

    #[test]
    fn an_escaped_backslash_before_u0000_is_plain_text() {
        let request: SendMessageRequest = parse(br#"{"content":"C:\\u0000"}"#).unwrap();
        assert_eq!(request.content, r"C:\u0000");
    }

    #[test]
    fn nesting_without_end_is_refused() {
        let body = format!(r#"{{"content":"x","metadata":{}}}"#, "[".repeat(100_000));
        assert!(refusal(&body).contains("recursion limit exceeded"));
    }
}
