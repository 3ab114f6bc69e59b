//! The TCP connection beneath a socket: how it is tuned, and how it is cut when its peer takes nothing more.

use std::any::Any;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use socket2::{SockRef, Socket};

/// A connection whose peer takes nothing for so long is cut by the system.
const STUCK: Duration = Duration::from_secs(30);
/// Bytes that the system holds for a peer that reads slowly; what waits beyond them counts against the queue.
const SEND_BUFFER: usize = 64 * 1024;

/// A second handle of a connection, whose first one is deep inside of the HTTP server. The connection ends when
/// both are gone.
pub(crate) struct Line(Socket);

impl Line {
    /// Ends the connection, whatever waits for the peer.
    pub(crate) fn cut(&self) {
        if let Err(error) = self.0.shutdown(Shutdown::Both) {
            tracing::debug!(%error, "a socket is gone already");
        }
    }
}

/// Frames go out at once, little waits in the system, and a peer that takes nothing for long is cut, however alive
/// its machine.
pub(crate) fn tune(connection: &dyn Any, data: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else {
        return;
    };
    let socket = SockRef::from(stream);
    let tuned = socket
        .set_tcp_nodelay(true)
        .and_then(|()| socket.set_tcp_user_timeout(Some(STUCK)))
        .and_then(|()| socket.set_send_buffer_size(SEND_BUFFER))
        .and_then(|()| socket.try_clone());
    match tuned {
        Ok(line) => drop(data.insert(Arc::new(Line(line)))),
        Err(error) => tracing::debug!(%error, "a socket is gone already"),
    }
}
