//! Which origins browsers may call from (CORS).

use actix_cors::Cors;
use actix_web::http::{
    Method,
    header::{self, HeaderMap, HeaderName},
};

use crate::{rate_limits, request::CORRELATION_HEADER};

/// Seconds for which a browser need not ask again.
const MAX_AGE: usize = 600;
/// The name of `Idempotency-Key`.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// What of an answer says whether a browser may show it.
const OWN_HEADERS: [&str; 3] = [
    "access-control-allow-origin",
    "access-control-expose-headers",
    "vary",
];

/// The middleware: browsers at these origins may call, no others.
pub(crate) fn allow(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
        ])
        .allowed_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            IDEMPOTENCY_KEY,
            CORRELATION_HEADER,
        ])
        .expose_headers([
            CORRELATION_HEADER,
            rate_limits::LIMIT,
            rate_limits::REMAINING,
            rate_limits::RESET,
            header::RETRY_AFTER,
        ])
        .max_age(MAX_AGE);
    origins
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// Keeps what the middleware said of an answer when another one is made of it: an error, too, must be shown.
pub(crate) fn keep(said: &HeaderMap, answer: &mut HeaderMap) {
    let own = said
        .iter()
        .filter(|(name, _)| OWN_HEADERS.contains(&name.as_str()));
    for (name, value) in own {
        answer.append(name.clone(), value.clone());
    }
}
