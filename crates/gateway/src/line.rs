//! The TCP connection beneath a socket: tuned, read a little at a time, and cut when its time is over.

use std::cell::RefCell;
use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio::time::timeout;

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
    /// Until it is cut, or nobody is left who could.
    cut: Option<oneshot::Receiver<()>>,
    cutter: HeldCutter,
}

/// Where a request finds what cuts its connection.
pub(crate) type HeldCutter = Rc<RefCell<Option<Cutter>>>;

/// Cuts a connection. actix keeps one whose client takes what waits, however little of it at a time.
#[derive(Debug)]
pub(crate) struct Cutter(oneshot::Sender<()>);

impl Cutter {
    /// Waits until the connection is gone, and cuts it if that takes longer than `patience`.
    pub(crate) async fn cut_after(mut self, patience: Duration) {
        if timeout(patience, self.0.closed()).await.is_err() && self.0.send(()).is_err() {
            tracing::debug!("a connection was gone when it was to be cut");
        }
    }
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
        let (cutter, cut) = oneshot::channel();
        Self {
            stream,
            read: 0,
            cut: Some(cut),
            cutter: Rc::new(RefCell::new(Some(Cutter(cutter)))),
        }
    }

    /// Where what cuts it is to be found.
    pub(crate) fn cutter(&self) -> HeldCutter {
        Rc::clone(&self.cutter)
    }

    /// Fails once it is cut: what the system still holds for the client is dropped with it.
    fn require_whole(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let Some(cut) = &mut self.cut else {
            return Ok(());
        };
        let Poll::Ready(is_cut) = Pin::new(cut).poll(context) else {
            return Ok(());
        };
        if is_cut.is_err() {
            self.cut = None;
            return Ok(());
        }
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))?;
        Err(io::ErrorKind::ConnectionAborted.into())
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
