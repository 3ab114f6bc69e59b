//! What waits for a socket: a bounded queue of shared frames, and the HTTP body that drains it.
//!
//! actix asks the body for more as long as its write buffer has room, so that frames which wait
//! together go out in one write; while the socket is stuck nothing is asked for, and the queue fills.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use discuss_domain::{ChannelId, Seq};
use tokio::sync::Notify;

use crate::event_frame::Frame;
use crate::frames::{self, Close};

mod batch;
mod body;
mod dialect;

pub(crate) use body::SocketBody;
pub(crate) use dialect::Dialect;
use dialect::Encoded;

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
    pub(crate) dialect: Dialect,
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
    /// How far each channel's log went out, where that is to be known.
    written: BTreeMap<ChannelId, Seq>,
}

struct Queued {
    encoded: Encoded,
    /// A replay is not bound by the queue; what is live and answers are.
    bounded: bool,
}

impl Queued {
    /// What counts against the bounds.
    const fn bounded(encoded: Encoded) -> Self {
        Self {
            encoded,
            bounded: true,
        }
    }

    /// What is queued however much waits.
    const fn beyond_bounds(encoded: Encoded) -> Self {
        Self {
            encoded,
            bounded: false,
        }
    }

    const fn len(&self) -> usize {
        self.encoded.frame.len()
    }
}

impl Outgoing {
    pub(crate) fn new(bounds: Bounds, dialect: Dialect) -> Self {
        Self {
            dialect,
            bounds,
            state: Mutex::default(),
            drained: Notify::new(),
            closed: Notify::new(),
        }
    }

    /// Queues a frame; when too much waits already, the socket is closed instead.
    pub(crate) fn push(&self, frame: &Frame) {
        self.dialect.encode(frame, |encoded| self.queue(encoded));
    }

    /// The same with bytes of the WebSocket itself, or of the dialect.
    pub(crate) fn push_bytes(&self, bytes: Bytes) {
        self.queue(Encoded::bare(bytes));
    }

    fn queue(&self, encoded: Encoded) {
        let mut state = self.lock();
        if state.closed.is_some() {
            return;
        }
        let bytes = state.bounded_bytes.saturating_add(encoded.frame.len());
        if state.bounded_frames >= self.bounds.frames || bytes > self.bounds.bytes {
            self.cut(state);
            return;
        }
        state.bounded_frames = state.bounded_frames.saturating_add(1);
        state.bounded_bytes = bytes;
        Self::enqueue(state, Queued::bounded(encoded));
    }

    /// Queues a frame that may be left out: where half of what may wait does so, it is.
    pub(crate) fn push_spare(&self, frame: &Frame) {
        let is_crowded = {
            let state = self.lock();
            state.bounded_frames.saturating_mul(2) >= self.bounds.frames
                || state.bounded_bytes.saturating_mul(2) >= self.bounds.bytes
        };
        if is_crowded {
            metrics::counter!("discuss_gateway_shed_total").increment(1);
            return;
        }
        self.push(frame);
    }

    /// Queues a frame of a replay, or the first of a socket, however much waits: whoever replays waits for
    /// [`Outgoing::drained`] before the next page.
    pub(crate) fn push_replayed(&self, frame: &Frame) {
        self.dialect.encode(frame, |encoded| {
            let state = self.lock();
            if state.closed.is_none() {
                Self::enqueue(state, Queued::beyond_bounds(encoded));
            }
        });
    }

    /// How far the logs of channels went out since this was asked last, where that is to be known.
    pub(crate) fn take_written(&self) -> BTreeMap<ChannelId, Seq> {
        std::mem::take(&mut self.lock().written)
    }

    fn enqueue(mut state: MutexGuard<'_, State>, queued: Queued) {
        state.bytes = state.bytes.saturating_add(queued.len());
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
        let close = Encoded::bare(frames::close(close.reason_in(&self.dialect)));
        Self::enqueue(state, Queued::beyond_bounds(close));
        self.closed.notify_waiters();
        self.drained.notify_waiters();
    }

    /// Drops what waits before the close frame: the client had its time to take it.
    pub(crate) fn drop_all_but_close(&self) {
        let mut state = self.lock();
        let last = state.frames.pop_back();
        state.bytes = last.as_ref().map_or(0, Queued::len);
        state.frames = VecDeque::from_iter(last);
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
        let before = state.bytes;
        let Some(next) = state.take() else {
            if state.finished {
                return Poll::Ready(None);
            }
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        let frame = if next.is_event && state.frames.len() >= batch::FROM {
            batch::join(&next.frame, || state.take_event())
        } else {
            next.frame
        };
        let fell = before > LOW_MARK && state.bytes <= LOW_MARK;
        if state.frames.is_empty() {
            // Nothing is held for ten thousand sockets at rest.
            state.frames = VecDeque::new();
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

impl State {
    /// Takes the next frame out of the queue.
    fn take(&mut self) -> Option<Encoded> {
        let queued = self.frames.pop_front()?;
        self.bytes = self.bytes.saturating_sub(queued.len());
        if queued.bounded {
            self.bounded_frames = self.bounded_frames.saturating_sub(1);
            self.bounded_bytes = self.bounded_bytes.saturating_sub(queued.len());
        }
        self.written.extend(queued.encoded.place);
        Some(queued.encoded)
    }

    /// Takes the next frame if it is an event's.
    fn take_event(&mut self) -> Option<Bytes> {
        let is_event = self
            .frames
            .front()
            .is_some_and(|next| next.encoded.is_event);
        if is_event {
            Some(self.take()?.frame)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests;
