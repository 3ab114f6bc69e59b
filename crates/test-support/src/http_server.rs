//! Somebody else's HTTP server, which says what the test wants it to say.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a server does with a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answers with this status and body.
    Json(u16, Value),
    /// Answers with a redirect to this address.
    Redirect(String),
    /// Answers with this status and begins a body that never ends.
    Half(u16),
    /// Takes the request and never answers.
    Silence,
}

impl Reply {
    /// This status and nothing to say.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::Json(status, Value::Null)
    }
}

type Says = dyn Fn(&str) -> Reply + Send + Sync;

/// Somebody else's HTTP server; it ends when this goes out of scope.
pub struct HttpServer {
    address: SocketAddr,
    says: Arc<Mutex<Arc<Says>>>,
    requests: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl HttpServer {
    /// Starts one that does with each request, its head and its body, what `says` says.
    pub async fn start(says: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a port must be free");
        let address = listener.local_addr().expect("the port must be known");
        let says: Arc<Mutex<Arc<Says>>> = Arc::new(Mutex::new(Arc::new(says)));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let serving = serve(listener, Arc::clone(&says), Arc::clone(&requests));
        Self {
            address,
            says,
            requests,
            serving: tokio::spawn(serving),
        }
    }

    /// From now on it says something else.
    pub fn say(&self, says: impl Fn(&str) -> Reply + Send + Sync + 'static) {
        *self.says.lock().expect("nobody panics here") = Arc::new(says);
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request that it had, in small letters.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("nobody panics here").clone()
    }

    /// Where nobody listens.
    pub async fn nowhere() -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a port must be free");
        let address = listener.local_addr().expect("the port must be known");
        format!("http://{address}")
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(
    listener: TcpListener,
    says: Arc<Mutex<Arc<Says>>>,
    requests: Arc<Mutex<Vec<String>>>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (says, requests) = (Arc::clone(&says), Arc::clone(&requests));
        tokio::spawn(async move {
            let mut stream = stream;
            let Some(request) = read(&mut stream).await else {
                return;
            };
            let known = request.to_lowercase();
            requests.lock().expect("nobody panics here").push(known);
            let says = Arc::clone(&says.lock().expect("nobody panics here"));
            answer(&mut stream, says(&request)).await;
        });
    }
}

/// A request's head and body.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let length = stream
            .read(&mut chunk)
            .await
            .ok()
            .filter(|length| *length > 0)?;
        request.extend_from_slice(chunk.get(..length)?);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let lines = head.lines().map(str::to_lowercase);
        let mut lengths = lines.filter_map(|line| {
            let length = line.strip_prefix("content-length:")?;
            length.trim().parse::<usize>().ok()
        });
        if body.len() >= lengths.next().unwrap_or_default() {
            return Some(text.into_owned());
        }
    }
}

async fn answer(stream: &mut TcpStream, reply: Reply) {
    let (head, body) = match reply {
        Reply::Json(status, body) => (status.to_string(), body.to_string()),
        Reply::Redirect(to) => (format!("302 Found\r\nlocation: {to}"), String::new()),
        Reply::Half(status) => {
            let head = format!("HTTP/1.1 {status} -\r\ncontent-length: 100\r\n\r\n{{");
            let begun = stream.write_all(head.as_bytes()).await;
            begun.expect("an answer must be begun");
            return std::future::pending().await;
        }
        Reply::Silence => return std::future::pending().await,
    };
    let head = if head.contains(' ') {
        head
    } else {
        format!("{head} -")
    };
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    // Who asked may be gone by now.
    if stream.write_all(text.as_bytes()).await.is_ok() {
        stream.shutdown().await.unwrap_or_default();
    }
}
