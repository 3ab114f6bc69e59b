//! The TCP connection beneath a socket, as it is tuned before the HTTP server has it.

use std::any::Any;
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use socket2::SockRef;

/// A connection whose peer takes nothing of what waits for it for so long is cut by the system, however alive its
/// machine; a close frame would not reach it. Whoever was only unreachable comes back and resumes.
const STUCK: Duration = Duration::from_secs(10);
/// Bytes that the system holds for a peer that reads slowly; what waits beyond them counts against the queue.
const SEND_BUFFER: usize = 64 * 1024;

/// The same of what it sends: the server reads all that is there at once, and frames are small.
const RECEIVE_BUFFER: usize = 8 * 1024;

/// Frames go out at once, little waits in the system, and who takes nothing is cut.
pub(crate) fn tune(connection: &dyn Any, _: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else {
        return;
    };
    let socket = SockRef::from(stream);
    let tuned = socket
        .set_tcp_nodelay(true)
        .and_then(|()| socket.set_tcp_user_timeout(Some(STUCK)))
        .and_then(|()| socket.set_send_buffer_size(SEND_BUFFER))
        .and_then(|()| socket.set_recv_buffer_size(RECEIVE_BUFFER));
    if let Err(error) = tuned {
        tracing::debug!(%error, "a socket is gone already");
    }
}
