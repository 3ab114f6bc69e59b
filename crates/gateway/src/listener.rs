//! The port of the sockets: HTTP over connections that are tuned and read as [`Line`] does.

use std::future::ready;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol};
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::{AppConfig, Server};
use actix_web::rt::net::TcpStream;
use actix_web::{App, web};
use socket2::{Domain, Socket, Type};

use crate::gateway::Gateway;
use crate::line::Line;
use crate::upgrade::upgrade;

/// Connections that the system keeps for the moment when they are taken.
const BACKLOG: i32 = 4_096;
/// How long a client may take to ask for its upgrade.
const REQUEST: Duration = Duration::from_secs(5);
/// How long the end of a connection may take.
const END: Duration = Duration::from_secs(1);
/// What waits for a socket goes out as soon as it is so many bytes: what is touched of a connection's buffer stays
/// with it.
const WRITTEN_TOGETHER: usize = 3 * 1024;

/// Binds the port, which may be any (0); the server runs as soon as it is polled. Answers where it is bound.
pub(crate) fn listen(
    address: SocketAddr,
    workers: Option<u16>,
    gateway: &Arc<Gateway>,
) -> io::Result<(SocketAddr, Server)> {
    let listener = bind(address)?;
    let bound = listener.local_addr()?;
    let shared = web::Data::from(Arc::clone(gateway));
    let mut server = Server::build().disable_signals().shutdown_timeout(1);
    if let Some(workers) = workers {
        server = server.workers(usize::from(workers));
    }
    let server = server.listen("sockets", listener, move || {
        let app = App::new()
            .app_data(shared.clone())
            .route("/ws/discuss", web::get().to(upgrade))
            .route("/discuss/ws/discuss", web::get().to(upgrade));
        let app = app.into_factory().map_err(|error| error.error_response());
        let http = HttpService::build()
            .client_request_timeout(REQUEST)
            .client_disconnect_timeout(END)
            .h1_write_buffer_size(WRITTEN_TOGETHER)
            // Who hung up while waiting for their turn waits no more.
            .h1_allow_half_closed(false)
            .local_addr(bound)
            .finish(map_config(app, |()| AppConfig::default()));
        fn_service(|stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            let line = (Line::tuned(stream), Protocol::Http1, peer);
            ready(Ok::<_, DispatchError>(line))
        })
        .and_then(http)
    })?;
    Ok((bound, server.run()))
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
