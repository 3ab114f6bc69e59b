//! The OpenAPI document: what the handlers say of themselves, under one title.

use actix_web::{App, HttpResponse, web};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_actix_web::AppExt as _;

use crate::routes;

/// Where the document is served.
pub(crate) const PATH: &str = "/discuss/openapi.json";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Discuss",
        description = "The communication service of the SERP ERP system: channels, members, messages.\n\n\
            Every answer is an envelope. Ids are numbers below 2^53, or strings of digits; times are epoch milliseconds.",
        license(name = "MIT", identifier = "MIT"),
        contact()
    ),
    servers((url = "/", description = "This server")),
    security(("bearer" = []), ("gatewayUser" = [], "gatewayTenant" = [])),
    tags(
        (name = "channels", description = "Where people talk"),
        (name = "members", description = "Who is in a channel"),
        (name = "messages", description = "What they say, and how far they have read"),
    ),
    modifiers(&Security)
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer()));
        components.add_security_scheme("gatewayUser", header("X-User-ID"));
        components.add_security_scheme("gatewayTenant", header("X-Tenant-ID"));
    }
}

fn bearer() -> Http {
    let mut scheme = Http::new(HttpAuthScheme::Bearer);
    scheme.bearer_format = Some("JWT".to_owned());
    scheme.description = Some("Claims: uid, tid, name, email, exp".to_owned());
    scheme
}

fn header(name: &str) -> SecurityScheme {
    let description = "Only where AUTH_TRUST_GATEWAY_HEADERS is true";
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
        name,
        description,
    )))
}

/// What the document says before any handler has spoken.
pub(crate) fn skeleton() -> openapi::OpenApi {
    Document::openapi()
}

/// The whole document.
#[must_use]
pub fn document() -> openapi::OpenApi {
    App::new()
        .into_utoipa_app()
        .openapi(skeleton())
        .configure(routes::configure)
        .split_for_parts()
        .1
}

/// The document as it is checked in.
pub fn document_as_json() -> Result<String, serde_json::Error> {
    document().to_pretty_json().map(|json| format!("{json}\n"))
}

/// Serves the document.
pub(crate) fn configure(
    document: &openapi::OpenApi,
) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let json = web::Bytes::from(document.to_json().unwrap_or_default());
    move |app| {
        app.route(PATH, web::get().to(move || answer(json.clone())));
    }
}

async fn answer(json: web::Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(json)
}
