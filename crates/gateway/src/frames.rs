//! WebSocket frames, encoded once and shared by all sockets that get them.

use actix_http::ws::{CloseCode, CloseReason, OpCode, Parser};
use bytes::{Bytes, BytesMut};
use discuss_wire::errors::ErrorCode;
use discuss_wire::frames::{ErrorPayload, ServerFrame};
use serde::Serialize;

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
/// and 4403: don't come back.
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
        }
    }
}

impl From<Close> for CloseReason {
    fn from(close: Close) -> Self {
        Self {
            code: CloseCode::from(close.code()),
            description: Some(close.word().to_owned()),
        }
    }
}

/// A frame of the gateway's own; none if it can't be encoded, which no payload of ours does.
pub(crate) fn own<P: Serialize>(kind: &str, payload: P, request_id: Option<&str>) -> Bytes {
    let frame = ServerFrame::new(kind, payload, now_millis()).answering(request_id);
    match frame.encode() {
        Ok(json) => text(&json),
        Err(error) => {
            tracing::error!(%error, kind, "a frame can't be encoded");
            text(b"{}")
        }
    }
}

/// An `ERROR`.
pub(crate) fn error(code: ErrorCode, message: &str, request_id: Option<&str>) -> Bytes {
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
) -> Bytes {
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
        let frame = close(Close::Slow.into());
        assert_eq!(frame[..4], [0x88, 6, 0x0f, 0xa8]);
    }
}
