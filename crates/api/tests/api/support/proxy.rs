//! A way to the database that can be cut.

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Forwards to a server until it is cut; then nobody listens and every connection is closed.
pub(crate) struct Proxy {
    url: String,
    cut: CancellationToken,
}

impl Proxy {
    /// Forwards to the server of `url`.
    pub(crate) async fn start(url: &str) -> Self {
        let (login, rest) = url.rsplit_once('@').unwrap();
        let (server, path) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("{login}@{}/{path}", listener.local_addr().unwrap());
        let cut = CancellationToken::new();
        tokio::spawn(
            cut.clone()
                .run_until_cancelled_owned(forward(listener, server.to_owned())),
        );
        Self { url, cut }
    }

    /// The server's URL through here.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Closes all of it.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }
}

async fn forward(listener: TcpListener, server: String) {
    let mut connections = JoinSet::new();
    loop {
        let (mut inside, _) = listener.accept().await.unwrap();
        let server = server.clone();
        connections.spawn(async move {
            let Ok(mut outside) = TcpStream::connect(server).await else {
                return;
            };
            if let Err(error) = copy_bidirectional(&mut inside, &mut outside).await {
                eprintln!("a connection to the database broke: {error}");
            }
        });
    }
}
