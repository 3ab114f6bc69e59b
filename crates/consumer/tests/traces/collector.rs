//! A collector of traces, which keeps what it is sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpResponse, HttpServer, web};
use discuss_test_support::until;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs1KeyDer};

/// A certificate of `localhost` that vouches for itself until 2120, and its key.
pub(crate) const CERTIFICATE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../test-support/keys/localhost.pem"
);
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../test-support/keys/one.der");

/// A span, as it was received: whose, its trace, its name, its id, its parent's.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) service: String,
    pub(crate) trace: String,
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) parent: String,
}

impl Seen {
    /// As whoever goes on with its trace is told of it.
    pub(crate) fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.trace, self.id)
    }
}

/// Takes what is exported.
pub(crate) struct Collector {
    address: SocketAddr,
    spans: Arc<Mutex<Vec<Seen>>>,
}

impl Collector {
    /// Starts one, for as long as the test's runtime is there.
    pub(crate) fn start() -> Self {
        let spans = Arc::new(Mutex::new(Vec::new()));
        let taken = web::Data::from(Arc::clone(&spans));
        let app = move || {
            App::new()
                .app_data(taken.clone())
                .route("/v1/traces", web::post().to(take))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        let server = server.bind(("127.0.0.1", 0)).unwrap();
        let address = server.addrs()[0];
        tokio::spawn(server.run());
        Self { address, spans }
    }

    /// Where it takes traces without TLS.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it takes them by TLS, as localhost.
    pub(crate) async fn secure_url(&self) -> String {
        let certificate = CertificateDer::from_pem_file(CERTIFICATE).unwrap();
        let key = PrivatePkcs1KeyDer::from(std::fs::read(KEY).unwrap());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key.into());
        let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(unwrap_tls(listener, acceptor, self.address));
        format!("https://localhost:{port}")
    }

    /// The span of this name once it has come; no other test's spans come here.
    pub(crate) async fn wait_for(&self, name: &str) -> Seen {
        until(&format!("{name} is exported"), async || {
            self.find(name).is_some()
        })
        .await;
        self.find(name).unwrap()
    }

    fn find(&self, name: &str) -> Option<Seen> {
        let spans = self.spans.lock().unwrap();
        spans.iter().find(|span| span.name == name).cloned()
    }
}

/// Hands on what comes by TLS.
async fn unwrap_tls(listener: TcpListener, acceptor: TlsAcceptor, to: SocketAddr) {
    while let Ok((socket, _)) = listener.accept().await {
        let mut plain = TcpStream::connect(to).await.unwrap();
        let mut secure = acceptor.accept(socket).await.unwrap();
        tokio::spawn(async move { tokio::io::copy_bidirectional(&mut secure, &mut plain).await });
    }
}

async fn take(spans: web::Data<Mutex<Vec<Seen>>>, body: web::Bytes) -> HttpResponse {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    for of_service in request.resource_spans {
        let attributes = of_service.resource.unwrap_or_default().attributes;
        let named = attributes.into_iter().find(|one| one.key == "service.name");
        let service = format!("{:?}", named.unwrap().value.unwrap());
        let found = of_service.scope_spans.into_iter().flat_map(|of| of.spans);
        spans.lock().unwrap().extend(found.map(|span| Seen {
            service: service.clone(),
            trace: hex(&span.trace_id),
            name: span.name,
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
        }));
    }
    HttpResponse::Ok().finish()
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
