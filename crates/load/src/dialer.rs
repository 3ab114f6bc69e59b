//! Opens WebSockets to the gateways in turn, from the given source addresses in turn.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// A WebSocket of ours.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// How long an attempt may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Per connection; the library's default of 128 KiB would cost more than all else together.
const BUFFER: usize = 4 * 1024;

/// Where sockets go, and from where.
pub(crate) struct Dialer {
    gateways: Vec<String>,
    /// Those, and the ones for who is refused.
    all: Vec<String>,
    sources: Vec<IpAddr>,
}

impl Dialer {
    /// A dialer for the gateways' URLs (`ws://host:port/path`), and for the `spares` where one of these
    /// refuses; without sources the system chooses.
    pub(crate) fn new(
        gateways: Vec<String>,
        spares: &[String],
        sources: Vec<IpAddr>,
    ) -> anyhow::Result<Self> {
        anyhow::ensure!(!gateways.is_empty(), "no gateway to talk to");
        let all = gateways.iter().chain(spares).cloned().collect();
        Ok(Self {
            gateways,
            all,
            sources,
        })
    }

    /// Tries with growing pauses until a socket is open.
    pub(crate) async fn open_patiently(&self, slot: usize, query: &str) -> Socket {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(50))
            .with_max_delay(Duration::from_secs(1))
            .with_jitter()
            .without_max_times()
            .build();
        for (turn, pause) in pauses.enumerate() {
            match self.open(slot, turn, query).await {
                Ok(socket) => return socket,
                Err(_) => sleep(pause).await,
            }
        }
        std::future::pending().await
    }

    /// Opens the socket `slot` at its `turn`-th attempt; after a failure it is another gateway's turn.
    pub(crate) async fn open(
        &self,
        slot: usize,
        turn: usize,
        query: &str,
    ) -> anyhow::Result<Socket> {
        let gateways = if turn == 0 { &self.gateways } else { &self.all };
        let gateway = pick(gateways, slot + turn).context("no gateway")?;
        let request = format!("{gateway}?{query}").into_client_request()?;
        let stream = timeout(PATIENCE, self.dial(slot, request.uri()))
            .await
            .context("connecting took too long")??;
        let handshake = client_async_with_config(request, stream, Some(small_buffers()));
        let (socket, _) = timeout(PATIENCE, handshake)
            .await
            .context("the handshake took too long")??;
        Ok(socket)
    }

    async fn dial(&self, slot: usize, uri: &Uri) -> anyhow::Result<TcpStream> {
        let host = uri.host().context("a gateway URL without a host")?;
        let port = uri.port_u16().unwrap_or(80);
        let source = pick(&self.sources, slot);
        let address = lookup_host((host, port))
            .await?
            .next()
            .context("the gateway's host has no address")?;
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        if let Some(source) = source {
            socket.bind(SocketAddr::new(*source, 0))?;
        }
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

fn small_buffers() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
}

fn pick<T>(choices: &[T], turn: usize) -> Option<&T> {
    choices.get(turn.checked_rem(choices.len())?)
}
