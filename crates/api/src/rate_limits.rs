//! How often callers may call: which class each route is in, and the headers that say what is left.

use std::time::Duration;

use actix_web::http::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use discuss_app::rate_limits::{CallClass, Standing};

use crate::routes::BASE;

/// Calls in a minute.
pub(crate) const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
/// Those that are left.
pub(crate) const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
/// Seconds until all of them are there again.
pub(crate) const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The class of a call; `path` is decoded, as that by which its handler is found. Of the routes that fit it
/// alike the one that says more counts: `replies` is no message's id.
pub(crate) fn class_of(method: &Method, path: &str) -> CallClass {
    let path = path.strip_prefix(BASE).unwrap_or(path);
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match (method, segments.as_slice()) {
        // An edit says something as well, and what was said before is kept.
        (&Method::POST, ["channels", _, "messages"] | ["channels", _, "messages", "replies"])
        | (&Method::PATCH, ["messages", _])
        | (&Method::PUT, ["channels", _, "messages", _]) => CallClass::Send,
        (
            &Method::POST,
            ["channels", _, "messages", "with-files"] | ["attachments", "upload" | "presign"],
        ) => CallClass::Upload,
        (
            &Method::GET,
            ["search", "messages" | "channels"] | ["channels", _, "messages", "search"],
        ) => CallClass::Search,
        _ => CallClass::Read,
    }
}

/// Says how the caller stands.
pub(crate) fn tell(headers: &mut HeaderMap, standing: Standing) {
    headers.insert(LIMIT, HeaderValue::from(standing.limit));
    headers.insert(REMAINING, HeaderValue::from(standing.remaining));
    headers.insert(RESET, HeaderValue::from(seconds(standing.reset)));
}

/// Whole seconds, rounded up: who waits for so long has waited long enough.
pub(crate) fn seconds(time: Duration) -> u64 {
    time.as_millis()
        .div_ceil(1_000)
        .try_into()
        .unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_its_class() {
        use CallClass::{Read, Search, Send, Upload};
        for (method, path, class) in [
            (Method::POST, "/channels/{channelId}/messages", Send),
            (Method::POST, "/channels/{channelId}/messages/replies", Send),
            (Method::PATCH, "/messages/{messageId}", Send),
            (
                Method::PUT,
                "/channels/{channelId}/messages/{messageId}",
                Send,
            ),
            (Method::DELETE, "/messages/{messageId}", Read),
            (Method::PUT, "/messages/{messageId}/follow", Read),
            (
                Method::POST,
                "/channels/{channelId}/messages/with-files",
                Upload,
            ),
            (Method::POST, "/attachments/upload", Upload),
            (Method::POST, "/attachments/presign", Upload),
            (Method::GET, "/search/messages", Search),
            (Method::GET, "/search/channels", Search),
            (Method::GET, "/channels/{channelId}/messages/search", Search),
            (Method::GET, "/search/history", Read),
            (Method::GET, "/channels/{channelId}/messages", Read),
            (Method::POST, "/channels", Read),
            (Method::POST, "/messages/{messageId}/read", Read),
            (Method::GET, "/attachments/{attachmentId}", Read),
        ] {
            let pattern = format!("{BASE}{path}");
            assert_eq!(class_of(&method, &pattern), class, "{method} {path}");
        }
    }

    #[test]
    fn a_second_that_has_begun_counts() {
        assert_eq!(seconds(Duration::ZERO), 0);
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::from_mins(1)), 60);
    }
}
