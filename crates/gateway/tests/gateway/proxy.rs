//! A way to a server that can be cut and mended.

use discuss_test_support::until;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Forwards to a server; while it is cut, every connection ends at once.
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) address: String,
    whole: watch::Sender<bool>,
}

impl Proxy {
    /// Forwards to `server`, a host and port.
    pub(crate) async fn start(server: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let whole = watch::Sender::new(true);
        tokio::spawn(accept(listener, server.to_owned(), whole.clone()));
        Self { address, whole }
    }

    /// Ends every connection, and every new one.
    pub(crate) async fn cut(&self) {
        self.whole.send_replace(false);
        let are_ended = async || self.whole.receiver_count() == 0;
        until("the connections must end", are_ended).await;
    }

    /// Forwards again.
    pub(crate) fn mend(&self) {
        self.whole.send_replace(true);
    }
}

async fn accept(listener: TcpListener, server: String, whole: watch::Sender<bool>) {
    loop {
        let (mut inside, _) = listener.accept().await.unwrap();
        let (server, mut whole) = (server.clone(), whole.subscribe());
        tokio::spawn(async move {
            let forwarded = async {
                if let Ok(mut outside) = TcpStream::connect(server).await {
                    copy_bidirectional(&mut inside, &mut outside).await.ok();
                }
            };
            tokio::select! {
                () = forwarded => {}
                cut = whole.wait_for(|whole| !whole) => drop(cut),
            }
        });
    }
}
