//! WebSocket frames, encoded once and shared by all sockets that get them.

use std::time::Duration;

use actix_http::ws::{CloseCode, CloseReason, OpCode, Parser};
use bytes::{Bytes, BytesMut};
use discuss_wire::errors::ErrorCode;
use discuss_wire::frames::{ErrorPayload, ServerFrame};
use serde::Serialize;

use crate::event_frame::Frame;
use crate::outgoing::Dialect;

/// A JSON text as a WebSocket frame.
#[must_use]
pub(crate) fn text(json: &[u8]) -> Bytes {
    encode(json, OpCode::Text)
}

/// The server's question whether anybody is there.
#[must_use]
pub(crate) fn ping() -> Bytes {
    encode(&[], OpCode::Ping)
}

/// The answer to a client's ping.
#[must_use]
pub(crate) fn pong(payload: &[u8]) -> Bytes {
    encode(payload, OpCode::Pong)
}

/// The last frame of a socket.
#[must_use]
pub(crate) fn close(reason: CloseReason) -> Bytes {
    let mut frame = BytesMut::new();
    Parser::write_close(&mut frame, Some(reason), false);
    frame.freeze()
}

fn encode(payload: &[u8], code: OpCode) -> Bytes {
    // A server's frame has at most 10 bytes before its payload.
    let mut frame = BytesMut::with_capacity(payload.len().saturating_add(10));
    Parser::write_message(&mut frame, payload, code, true, false);
    frame.freeze()
}

/// Why the server closes a socket. 4000–4099: come back and resume; 4401: bring a new token; 4400
/// and 4403: don't come back; 4429: come back later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Close {
    /// The client closed it.
    Normal,
    /// This instance is being drained.
    Drain,
    /// Nothing was heard of the client for too long.
    Silent,
    /// Something that the gateway needs is away.
    Unavailable,
    /// The client did not take its frames fast enough.
    Slow,
    /// A frame that can't be read, or is too large.
    Invalid,
    /// No token, a bad one, or one whose time is over.
    Unauthorized,
    /// A token that names no tenant.
    Forbidden,
    /// Too many frames, or too many sockets.
    Throttled,
}

impl Close {
    /// The close code.
    #[must_use]
    pub(crate) const fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::Drain => 4001,
            Self::Silent => 4002,
            Self::Unavailable => 4003,
            Self::Slow => 4008,
            Self::Invalid => 4400,
            Self::Unauthorized => 4401,
            Self::Forbidden => 4403,
            Self::Throttled => 4429,
        }
    }

    /// The word for it, in metrics and close frames.
    #[must_use]
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Drain => "drain",
            Self::Silent => "silent",
            Self::Unavailable => "unavailable",
            Self::Slow => "slow",
            Self::Invalid => "invalid frame",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Throttled => "throttled",
        }
    }
}

impl Close {
    /// What the close frame says in a dialect: clients of STOMP know a drain as a restart of the service.
    pub(crate) fn reason_in(self, dialect: &Dialect) -> CloseReason {
        let code = match (self, dialect) {
            (Self::Drain, Dialect::Stomp(_)) => CloseCode::Restart,
            _ => CloseCode::from(self.code()),
        };
        CloseReason {
            code,
            description: Some(self.word().to_owned()),
        }
    }
}

/// A frame of the gateway's own; none if it can't be encoded, which no payload of ours does.
pub(crate) fn own<P: Serialize>(kind: &str, payload: P, request_id: Option<&str>) -> Frame {
    let frame = ServerFrame::new(kind, payload, now_millis()).answering(request_id);
    match frame.encode() {
        Ok(json) => Frame::answer(&json),
        Err(error) => {
            tracing::error!(%error, kind, "a frame can't be encoded");
            Frame::answer(b"{}")
        }
    }
}

/// An `ERROR`.
pub(crate) fn error(code: ErrorCode, message: &str, request_id: Option<&str>) -> Frame {
    own(
        "ERROR",
        ErrorPayload {
            code,
            message,
            details: None,
        },
        request_id,
    )
}

/// An `ERROR` about something in particular.
pub(crate) fn error_about(
    code: ErrorCode,
    message: &str,
    details: serde_json::Value,
    request_id: Option<&str>,
) -> Frame {
    own(
        "ERROR",
        ErrorPayload {
            code,
            message,
            details: Some(details),
        },
        request_id,
    )
}

/// An `ERROR` for whoever does too much, and may come back after a time.
pub(crate) fn throttled(message: &str, retry_after: Duration) -> Frame {
    let millis = u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX);
    let details = serde_json::json!({ "retryAfterMs": millis });
    error_about(ErrorCode::ConnectionThrottled, message, details, None)
}

/// The time, as frames say it.
pub(crate) fn now_millis() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_carries_its_text_unmasked() {
        assert_eq!(text(b"{}").as_ref(), [0x81, 2, b'{', b'}']);
        assert_eq!(text(&[b'x'; 300])[..4], [0x81, 126, 1, 44]);
        assert_eq!(pong(b"a").as_ref(), [0x8a, 1, b'a']);
    }

    #[test]
    fn a_close_frame_carries_its_code() {
        let frame = close(Close::Slow.reason_in(&Dialect::Json));
        assert_eq!(frame[..4], [0x88, 6, 0x0f, 0xa8]);
    }
}
