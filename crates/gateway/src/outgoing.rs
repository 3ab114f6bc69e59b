//! What waits for a socket: a bounded queue of shared frames, and the HTTP body that drains it.
//!
//! actix asks the body for more as long as its write buffer has room, so that frames which wait
//! together go out in one write; while the socket is stuck nothing is asked for, and the queue fills.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use actix_http::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use tokio::sync::Notify;

use crate::frames::{self, Close};

/// The bounds of a socket's queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Frames that may wait.
    pub(crate) frames: usize,
    /// Bytes that may wait.
    pub(crate) bytes: usize,
}

/// A replay goes on when no more than this waits.
const LOW_MARK: usize = 16 * 1024;

/// The queue of one socket.
pub(crate) struct Outgoing {
    bounds: Bounds,
    state: Mutex<State>,
    drained: Notify,
    closed: Notify,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Queued>,
    /// Of all that waits.
    bytes: usize,
    /// Of what counts against the bounds.
    bounded_frames: usize,
    bounded_bytes: usize,
    waker: Option<Waker>,
    closed: Option<Close>,
    /// The socket may be cut when the last frame is out.
    finished: bool,
}

struct Queued {
    frame: Bytes,
    /// A replay is not bound by the queue; what is live and answers are.
    bounded: bool,
}

impl Outgoing {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            state: Mutex::default(),
            drained: Notify::new(),
            closed: Notify::new(),
        }
    }

    /// Queues a frame; when too much waits already, the socket is closed instead.
    pub(crate) fn push(&self, frame: Bytes) {
        let mut state = self.lock();
        if state.closed.is_some() {
            return;
        }
        let bytes = state.bounded_bytes.saturating_add(frame.len());
        if state.bounded_frames >= self.bounds.frames || bytes > self.bounds.bytes {
            self.cut(state);
            return;
        }
        state.bounded_frames = state.bounded_frames.saturating_add(1);
        state.bounded_bytes = bytes;
        Self::enqueue(
            state,
            Queued {
                frame,
                bounded: true,
            },
        );
    }

    /// Queues a frame of a replay, however much waits: whoever replays waits for
    /// [`Outgoing::drained`] before the next page.
    pub(crate) fn push_replayed(&self, frame: Bytes) {
        let state = self.lock();
        if state.closed.is_none() {
            Self::enqueue(
                state,
                Queued {
                    frame,
                    bounded: false,
                },
            );
        }
    }

    fn enqueue(mut state: MutexGuard<'_, State>, queued: Queued) {
        state.bytes = state.bytes.saturating_add(queued.frame.len());
        state.frames.push_back(queued);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The client is too slow: what waits is dropped, resuming brings it back.
    fn cut(&self, mut state: MutexGuard<'_, State>) {
        metrics::counter!("discuss_gateway_slow_closes_total").increment(1);
        state.frames.clear();
        state.bytes = 0;
        self.close_locked(state, Close::Slow);
    }

    /// Queues the close frame; nothing can be queued after it. Only the first reason counts.
    pub(crate) fn close(&self, close: Close) {
        let state = self.lock();
        if state.closed.is_none() {
            self.close_locked(state, close);
        }
    }

    fn close_locked(&self, mut state: MutexGuard<'_, State>, close: Close) {
        state.closed = Some(close);
        Self::enqueue(
            state,
            Queued {
                frame: frames::close(close.into()),
                bounded: false,
            },
        );
        self.closed.notify_waiters();
        self.drained.notify_waiters();
    }

    /// Lets the socket be cut as soon as what waits is out.
    pub(crate) fn finish(&self) {
        let mut state = self.lock();
        state.finished = true;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Why it is closed, once it is.
    pub(crate) fn close_reason(&self) -> Option<Close> {
        self.lock().closed
    }

    /// Waits until it is closed, by whomever.
    pub(crate) async fn closed(&self) -> Close {
        loop {
            let closed = self.closed.notified();
            if let Some(close) = self.close_reason() {
                return close;
            }
            closed.await;
        }
    }

    /// Waits until little waits, or it is closed.
    pub(crate) async fn drained(&self) {
        loop {
            let drained = self.drained.notified();
            {
                let state = self.lock();
                if state.bytes <= LOW_MARK || state.closed.is_some() {
                    return;
                }
            }
            drained.await;
        }
    }

    fn poll_frame(&self, context: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.lock();
        let Some(Queued { frame, bounded }) = state.frames.pop_front() else {
            if state.finished {
                return Poll::Ready(None);
            }
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        let before = state.bytes;
        state.bytes = state.bytes.saturating_sub(frame.len());
        if bounded {
            state.bounded_frames = state.bounded_frames.saturating_sub(1);
            state.bounded_bytes = state.bounded_bytes.saturating_sub(frame.len());
        }
        let fell = before > LOW_MARK && state.bytes <= LOW_MARK;
        if state.frames.is_empty() && state.frames.capacity() > 64 {
            // A burst leaves no memory behind.
            state.frames.shrink_to(8);
        }
        drop(state);
        if fell {
            self.drained.notify_waiters();
        }
        Poll::Ready(Some(frame))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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

#[cfg(test)]
mod tests;
