//! JSON bodies.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header::{self, HeaderMap},
    web::BytesMut,
};
use discuss_wire::{errors::ErrorCode, json};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;

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

const NOT_JSON: &str = "the body must be of content type application/json";

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
            Ok(Self(json::parse("body", &body?)?))
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

/// Refuses what is not JSON, not UTF-8, or packed.
fn require_json(request: &HttpRequest) -> Result<(), ApiError> {
    let refuse = |message| Err(ApiError::new(ErrorCode::UnsupportedMediaType, message));
    let Ok(Some(mime)) = request.mime_type() else {
        return refuse(NOT_JSON);
    };
    if mime.essence_str() != "application/json"
        && mime.suffix().is_none_or(|suffix| suffix != "json")
    {
        return refuse(NOT_JSON);
    }
    if mime
        .get_param("charset")
        .is_some_and(|charset| charset != "utf-8")
    {
        return refuse("the body must be in UTF-8");
    }
    let mut codings = request.headers().get_all(header::CONTENT_ENCODING);
    if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return refuse("the body must not be packed");
    }
    Ok(())
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
