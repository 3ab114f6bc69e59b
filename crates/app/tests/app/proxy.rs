//! A way to PostgreSQL that can be cut at the worst moment.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Where the way is cut, once, when a request contains some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before the request reaches the server.
    Request(&'static str),
    /// After the server has done it, before its answer, known by these bytes, reaches the client.
    Answer(&'static str, &'static str),
    /// Before the request reaches the server. It does all the same, and is answered by these bytes,
    /// between the question what became of it and the second try.
    Late(&'static str, &'static str),
}

/// What every connection of the writer prepares. After a cut the first asks what became of the request,
/// the second tries again.
const PREPARED: &str = "AND group_id = $3";

/// A request that is still on its way.
struct Late {
    server: TcpStream,
    request: Vec<u8>,
    end: &'static str,
    /// It arrives before the last of so many connections prepares.
    connections: u8,
}

/// What all connections share.
#[derive(Default)]
struct Way {
    cut: Mutex<Option<Cut>>,
    late: Mutex<Option<Late>>,
}

/// Passes everything on until it is told to cut.
pub(crate) struct Proxy {
    url: String,
    way: Arc<Way>,
}

impl Proxy {
    /// Stands before the server of `url`.
    pub(crate) async fn start(url: &str) -> Self {
        let address = url.split('@').nth(1).unwrap().split('/').next().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().to_string();
        let way = Arc::new(Way::default());
        let (shared, server) = (Arc::clone(&way), address.to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, Arc::clone(&shared)));
            }
        });
        Self {
            url: url.replace(address, &own),
            way,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Cuts at the next request that fits.
    pub(crate) fn cut(&self, cut: Cut) {
        *self.way.cut.lock().unwrap() = Some(cut);
    }

    /// It was cut.
    pub(crate) fn was_cut(&self) -> bool {
        self.way.cut.lock().unwrap().is_none()
    }

    /// Nothing is late any more.
    pub(crate) fn has_arrived(&self) -> bool {
        self.way.late.lock().unwrap().is_none()
    }
}

fn contains(bytes: &[u8], part: &str) -> bool {
    bytes
        .windows(part.len())
        .any(|window| window == part.as_bytes())
}

/// Passes bytes between the two until one of them ends, or the way is cut.
async fn pass(mut client: TcpStream, mut server: TcpStream, way: Arc<Way>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(many @ 1..) = read else { return };
                let request = &asked[..many];
                let cut = fitting(&way.cut, request);
                if matches!(cut, Some(Cut::Request(_))) {
                    return;
                }
                if let Some(Cut::Late(_, end)) = cut {
                    let request = request.to_vec();
                    let late = Late { server, request, end, connections: 2 };
                    *way.late.lock().unwrap() = Some(late);
                    return;
                }
                if contains(request, PREPARED) && let Some(late) = due(&way.late) {
                    arrive(late).await;
                }
                if server.write_all(request).await.is_err() {
                    return;
                }
                if let Some(Cut::Answer(_, end)) = cut {
                    swallow(&mut server, end).await;
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(many @ 1..) = read else { return };
                if client.write_all(&answered[..many]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The cut that this request is meant for; it is made only once.
fn fitting(armed: &Mutex<Option<Cut>>, request: &[u8]) -> Option<Cut> {
    let mut armed = armed.lock().unwrap();
    let fits = match armed.as_ref()? {
        Cut::Request(part) | Cut::Answer(part, _) | Cut::Late(part, _) => contains(request, part),
    };
    if fits { armed.take() } else { None }
}

/// Reads the server's answers until one contains `end`.
async fn swallow(server: &mut TcpStream, end: &str) {
    let mut bytes = Vec::new();
    while !contains(&bytes, end) {
        if !matches!(server.read_buf(&mut bytes).await, Ok(1..)) {
            return;
        }
    }
}

/// The late request, if it is to arrive before this connection prepares.
fn due(late: &Mutex<Option<Late>>) -> Option<Late> {
    let mut waiting = late.lock().unwrap();
    let late = waiting.as_mut()?;
    late.connections -= 1;
    if late.connections == 0 {
        waiting.take()
    } else {
        None
    }
}

/// The server does it.
async fn arrive(mut late: Late) {
    late.server.write_all(&late.request).await.unwrap();
    swallow(&mut late.server, late.end).await;
}
