//! The TCP connection beneath a socket: tuned, read a little at a time, and cut when its time is over.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(crate) mod parting;

use parting::Peer;

/// A connection whose peer takes nothing of what waits for it for so long is cut by the system, however alive its
/// machine; a close frame would not reach it. Whoever was only unreachable comes back and resumes.
const STUCK: Duration = Duration::from_secs(10);
/// Bytes that the system holds for a peer that reads slowly; what waits beyond them counts against the queue.
const SEND_BUFFER: usize = 64 * 1024;
/// The same of what it sends: frames are small.
const RECEIVE_BUFFER: usize = 8 * 1024;
/// Bytes that are read before others have their turn. actix-http reads up to 128 KiB before it hands anything on,
/// and a hundred who flood would have it hold as much for each.
const READ_TOGETHER: usize = 8 * 1024;

/// A connection that is read a little at a time.
#[derive(Debug)]
pub(crate) struct Line {
    stream: TcpStream,
    /// Bytes read in this turn.
    read: usize,
    /// With whom.
    peer: Option<Peer>,
}

impl Line {
    /// Frames go out at once, little waits in the system, and who takes nothing is cut.
    pub(crate) fn tuned(stream: TcpStream) -> Self {
        let socket = SockRef::from(&stream);
        let tuned = socket
            .set_tcp_nodelay(true)
            .and_then(|()| socket.set_tcp_user_timeout(Some(STUCK)))
            .and_then(|()| socket.set_send_buffer_size(SEND_BUFFER))
            .and_then(|()| socket.set_recv_buffer_size(RECEIVE_BUFFER));
        if let Err(error) = tuned {
            tracing::debug!(%error, "a socket is gone already");
        }
        let peer = stream.peer_addr().ok().map(Peer::from);
        peer.into_iter().for_each(parting::open);
        Self {
            stream,
            read: 0,
            peer,
        }
    }

    /// Fails once it is cut: what the system still holds for the client is dropped with it.
    fn require_whole(&self, context: &Context<'_>) -> io::Result<()> {
        if self.peer.is_none_or(|peer| !parting::is_cut(peer, context)) {
            return Ok(());
        }
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))?;
        Err(io::ErrorKind::ConnectionAborted.into())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.peer.into_iter().for_each(parting::close);
    }
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.require_whole(context)?;
        if this.read >= READ_TOGETHER {
            this.read = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(context, buffer) else {
            this.read = 0;
            return Poll::Pending;
        };
        let more = buffer.filled().len().saturating_sub(before);
        this.read = this.read.saturating_add(more);
        Poll::Ready(read)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.require_whole(context)?;
        Pin::new(&mut this.stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
