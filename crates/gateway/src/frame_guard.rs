//! What a client sends, looked at before it is buffered: a frame that declares too much, and frames that
//! come too fast, end the reading at their header.
//!
//! actix-ws waits for a whole frame before it compares its length with the limit, and takes all that the
//! connection has meanwhile. This stands between the two.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use actix_http::error::PayloadError;
use actix_http::{BoxedPayloadStream, Payload};
use actix_web::{FromRequest as _, HttpRequest, dev, web};
use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::oneshot;

/// Bytes that are handed on before others have their turn.
const TURN_BYTES: usize = 64 * 1024;
/// What is still taken of a refused client, and thrown away, so that it hears why.
const THROWN_AWAY_BYTES: usize = 4 * 1024 * 1024;

/// What clients may send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameLimits {
    /// Longest payload of a frame, in bytes.
    pub(crate) bytes: usize,
    /// Frames, parts of messages and control frames included, in a time.
    pub(crate) frames: u32,
    /// That time.
    pub(crate) within: Duration,
}

/// Why nothing more is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A frame declares more than it may have.
    TooLarge,
    /// Too many frames in too short a time; welcome again after this.
    TooMany(Duration),
}

/// Puts a guard before what the client of `request` sends: the payload to read instead, and what says that
/// it was refused.
pub(crate) async fn guard(
    request: &HttpRequest,
    payload: web::Payload,
    limits: FrameLimits,
) -> Result<(web::Payload, oneshot::Receiver<Refused>), actix_web::Error> {
    let (tell, refused) = oneshot::channel();
    let guarded: BoxedPayloadStream = Box::pin(Guarded {
        payload,
        headers: Headers::new(limits, Instant::now()),
        tell: Some(tell),
        turn: 0,
        thrown_away: 0,
    });
    let mut guarded: dev::Payload = Payload::Stream { payload: guarded };
    let payload = web::Payload::from_request(request, &mut guarded).await?;
    Ok((payload, refused))
}

struct Guarded {
    payload: web::Payload,
    headers: Headers,
    /// Until it is refused.
    tell: Option<oneshot::Sender<Refused>>,
    /// Handed on in this turn.
    turn: usize,
    thrown_away: usize,
}

impl Stream for Guarded {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.turn >= TURN_BYTES {
            this.turn = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let read = ready!(Pin::new(&mut this.payload).poll_next(context));
        let Some(Ok(bytes)) = read else {
            return Poll::Ready(read);
        };
        this.turn = this.turn.saturating_add(bytes.len());
        if this.tell.is_some()
            && let Err(refused) = this.headers.look_at(&bytes, Instant::now())
            && let Some(tell) = this.tell.take()
            && tell.send(refused).is_err()
        {
            tracing::debug!("a client was refused that is gone");
        }
        if this.tell.is_some() {
            // A copy: these bytes lie in the connection's whole buffer, and would keep it.
            return Poll::Ready(Some(Ok(Bytes::copy_from_slice(&bytes))));
        }
        this.thrown_away = this.thrown_away.saturating_add(bytes.len());
        if this.thrown_away > THROWN_AWAY_BYTES {
            return Poll::Ready(None);
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// How many frames came, in which time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameCount {
    frames: u32,
    since: Instant,
}

impl FrameCount {
    /// None yet.
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            frames: 0,
            since: now,
        }
    }

    /// One more; refused if those are more than there may be.
    pub(crate) fn count(&mut self, limits: FrameLimits, now: Instant) -> Result<(), Refused> {
        let passed = now.duration_since(self.since);
        if passed >= limits.within {
            *self = Self::new(now);
        }
        self.frames = self.frames.saturating_add(1);
        if self.frames > limits.frames {
            return Err(Refused::TooMany(limits.within.saturating_sub(passed)));
        }
        Ok(())
    }
}

/// Follows a stream of frames by their headers.
struct Headers {
    limits: FrameLimits,
    /// The header that is being read.
    header: [u8; Self::LONGEST],
    read: usize,
    /// Of the payload that follows, what has not come yet.
    rest: u64,
    count: FrameCount,
}

impl Headers {
    /// Two bytes, eight of a long length, four of the mask.
    const LONGEST: usize = 14;

    const fn new(limits: FrameLimits, now: Instant) -> Self {
        Self {
            limits,
            header: [0; Self::LONGEST],
            read: 0,
            rest: 0,
            count: FrameCount::new(now),
        }
    }

    /// Takes the next bytes of the stream.
    fn look_at(&mut self, mut bytes: &[u8], now: Instant) -> Result<(), Refused> {
        while !bytes.is_empty() {
            if self.rest > 0 {
                let skipped =
                    usize::try_from(self.rest).map_or(bytes.len(), |rest| rest.min(bytes.len()));
                bytes = bytes.get(skipped..).unwrap_or_default();
                self.rest = self
                    .rest
                    .saturating_sub(u64::try_from(skipped).unwrap_or(u64::MAX));
                continue;
            }
            let Some((first, others)) = bytes.split_first() else {
                return Ok(());
            };
            bytes = others;
            if let Some(place) = self.header.get_mut(self.read) {
                *place = *first;
            }
            self.read = self.read.saturating_add(1);
            if self.read == self.needed() {
                self.rest = self.length();
                self.read = 0;
                self.judge(now)?;
            }
        }
        Ok(())
    }

    /// How long the header is, by what has come of it.
    const fn needed(&self) -> usize {
        if self.read < 2 {
            return 2;
        }
        let mask = if self.header[1] & 0x80 == 0 { 0 } else { 4 };
        mask + match self.header[1] & 0x7f {
            126 => 4,
            127 => 10,
            _ => 2,
        }
    }

    /// The length that a whole header declares.
    fn length(&self) -> u64 {
        let h = &self.header;
        match h[1] & 0x7f {
            126 => u16::from_be_bytes([h[2], h[3]]).into(),
            127 => u64::from_be_bytes([h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9]]),
            short => short.into(),
        }
    }

    /// Counts a frame whose header is whole.
    fn judge(&mut self, now: Instant) -> Result<(), Refused> {
        if self.rest > u64::try_from(self.limits.bytes).unwrap_or(u64::MAX) {
            return Err(Refused::TooLarge);
        }
        self.count.count(self.limits, now)
    }
}

#[cfg(test)]
mod tests;
