//! A small Keycloak: its realm's keys, and tokens signed with them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::sync::watch;

const KEYS: &str = "/realms/serp/protocol/openid-connect/certs";

/// A key of the realm; both were made for tests and sign nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RealmKey {
    /// The first.
    One,
    /// The one that follows it.
    Two,
}

/// A small Keycloak, of the realm `serp`.
pub struct Issuer {
    url: String,
    realm: Arc<Realm>,
}

struct Realm {
    document: Mutex<(u16, String)>,
    looks: AtomicUsize,
    is_open: watch::Sender<bool>,
}

impl RealmKey {
    /// Its id, `kid`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Two => "two",
        }
    }

    fn private(self) -> EncodingKey {
        EncodingKey::from_rsa_der(match self {
            Self::One => include_bytes!("../keys/one.der"),
            Self::Two => include_bytes!("../keys/two.der"),
        })
    }

    /// Its public half, as a JWKS has it, for this use.
    #[must_use]
    pub fn public(self, usage: PublicKeyUse) -> Jwk {
        let jwk = Jwk::from_encoding_key(&self.private(), Algorithm::RS256);
        let mut jwk = jwk.expect("a test's key must be read");
        jwk.common.key_id = Some(self.id().to_owned());
        jwk.common.public_key_use = Some(usage);
        jwk
    }

    /// A token that it signs, with these claims as they are.
    #[must_use]
    pub fn sign(self, claims: &Value) -> String {
        self.sign_as(self.id(), claims)
    }

    /// The same, under another id.
    #[must_use]
    pub fn sign_as(self, id: &str, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(id.to_owned());
        encode(&header, claims, &self.private()).expect("a token must be signed")
    }
}

impl Issuer {
    /// Starts one whose realm has the first key.
    #[must_use]
    pub fn start() -> Self {
        let realm = Arc::new(Realm {
            document: Mutex::default(),
            looks: AtomicUsize::new(0),
            is_open: watch::Sender::new(true),
        });
        let address = serve(&realm);
        let issuer = Self {
            url: format!("http://{address}"),
            realm,
        };
        issuer.publish(&[RealmKey::One.public(PublicKeyUse::Signature)]);
        issuer
    }

    /// `KEYCLOAK_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where its keys are.
    #[must_use]
    pub fn keys_url(&self) -> String {
        format!("{}{KEYS}", self.url)
    }

    /// What its tokens call it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/realms/serp", self.url)
    }

    /// From now on the realm has these keys.
    pub fn publish(&self, keys: &[Jwk]) {
        self.answer(200, json!({ "keys": keys }).to_string());
    }

    /// From now on it answers this.
    pub fn answer(&self, status: u16, body: String) {
        let mut document = self
            .realm
            .document
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *document = (status, body);
    }

    /// From now on who asks for its keys waits.
    pub fn hold(&self) {
        self.realm.is_open.send_replace(false);
    }

    /// From now on they are answered, and those who wait.
    pub fn release(&self) {
        self.realm.is_open.send_replace(true);
    }

    /// How often its keys were asked for.
    #[must_use]
    pub fn looks(&self) -> usize {
        self.realm.looks.load(Ordering::SeqCst)
    }

    /// Claims of somebody that hold until the end of the century.
    #[must_use]
    pub fn claims(&self, tenant: i64, user: i64) -> Value {
        json!({
            "iss": self.name(), "exp": 4_102_444_800_i64, "uid": user, "tid": tenant,
            "name": format!("Person {user}"), "email": format!("person{user}@example.com"),
        })
    }
}

fn serve(realm: &Arc<Realm>) -> SocketAddr {
    let realm = web::Data::from(Arc::clone(realm));
    let server = HttpServer::new(move || {
        let app = App::new().app_data(realm.clone());
        app.route(KEYS, web::get().to(keys))
    });
    let server = server.workers(1).disable_signals();
    let server = server.bind(("127.0.0.1", 0)).expect("a port must be free");
    let address = server.addrs().first().copied();
    tokio::spawn(server.run());
    address.expect("the issuer must have an address")
}

async fn keys(realm: web::Data<Realm>) -> HttpResponse {
    realm.looks.fetch_add(1, Ordering::SeqCst);
    let mut opening = realm.is_open.subscribe();
    if opening.wait_for(|is_open| *is_open).await.is_err() {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let document = realm
        .document
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let (status, body) = document.clone();
    drop(document);
    let status = StatusCode::from_u16(status).expect("a test must answer a status");
    HttpResponse::build(status)
        .content_type("application/json")
        .body(body)
}
