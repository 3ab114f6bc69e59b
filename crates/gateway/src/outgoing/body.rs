//! The HTTP body that drains a socket's queue.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_http::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;

use super::Outgoing;

/// The body of the response that became a WebSocket.
pub(crate) struct SocketBody {
    outgoing: Arc<Outgoing>,
    /// actix-ws's own body, never read: its end is what tells the reader that the connection is gone.
    _inner: BoxBody,
}

impl SocketBody {
    pub(crate) fn new(outgoing: Arc<Outgoing>, inner: BoxBody) -> Self {
        Self {
            outgoing,
            _inner: inner,
        }
    }
}

impl MessageBody for SocketBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.outgoing.poll_frame(context).map(|frame| frame.map(Ok))
    }
}
