//! The id that follows a request through logs, answers and events.

use std::{convert::Infallible, fmt, future::Ready, future::ready, rc::Rc};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    http::header::{HeaderMap, HeaderName},
};
use uuid::Uuid;

/// The header that brings the id and takes it back.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-correlation-id");

const MAX_CHARS: usize = 128;

/// The id of a request: the caller's, or one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CorrelationId(Rc<str>);

impl CorrelationId {
    /// The caller's id if it is short and plain, so that it can't spoil a log; else a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(&HEADER).and_then(|value| value.to_str().ok());
        match given.filter(|id| is_plain(id)) {
            Some(id) => Self(id.into()),
            None => Self(Uuid::new_v4().to_string().into()),
        }
    }

    /// The id.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_plain(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@|,;#".contains(&byte);
    (1..=MAX_CHARS).contains(&id.len()) && id.bytes().all(is_plain)
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromRequest for CorrelationId {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().cloned();
        ready(Ok(known.unwrap_or_else(|| Self::of(request.headers()))))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn of(value: &'static str) -> CorrelationId {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_static(value));
        CorrelationId::of(&headers)
    }

    #[test]
    fn a_plain_id_is_kept_and_another_is_replaced() {
        assert_eq!(of("order-7/a.b").as_str(), "order-7/a.b");
        for bad in ["", "two words", "quote\"", "<script>"] {
            assert!(Uuid::parse_str(of(bad).as_str()).is_ok(), "{bad}");
        }
        assert!(!is_plain(&"x".repeat(129)));
        assert_ne!(
            CorrelationId::of(&HeaderMap::new()),
            CorrelationId::of(&HeaderMap::new())
        );
    }
}
