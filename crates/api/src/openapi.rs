//! The OpenAPI document: what the handlers say of themselves, under one title.

use std::future::ready;

use actix_web::{App, HttpResponse, web};
use discuss_wire::envelope::ErrorEnvelope;
use utoipa::{
    IntoResponses, Modify, OpenApi,
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
            Every answer is an envelope. Ids are numbers below 2^53, or strings of digits; times are epoch milliseconds.\n\n\
            Where calls are limited, answers say in X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset (seconds) what is left.",
        license(name = "MIT", identifier = "MIT"),
        contact()
    ),
    servers((url = "/", description = "This server")),
    security(("bearer" = []), ("gatewayUser" = [], "gatewayTenant" = [])),
    tags(
        (name = "channels", description = "Where people talk"),
        (name = "members", description = "Who is in a channel"),
        (name = "users", description = "People of the tenant"),
        (name = "messages", description = "What they say, and how far they have read"),
        (name = "presence", description = "Who is there, and who is typing"),
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
pub(crate) fn document() -> openapi::OpenApi {
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
        app.route(PATH, web::get().to(move || ready(answer(json.clone()))));
    }
}

fn answer(json: web::Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(json)
}

/// What any authenticated route may refuse with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) enum Refusals {
    /// `VALIDATION_ERROR` with the fields that are wrong, or `TENANT_ID_REQUIRED`.
    #[response(status = 400)]
    Invalid(ErrorEnvelope),
    /// `UNAUTHORIZED`: no token, or a bad one.
    #[response(status = 401)]
    Unauthorized(ErrorEnvelope),
    /// `TOO_MANY_REQUESTS`: the caller, or their tenant, has called too often; see Retry-After.
    #[response(status = 429)]
    TooMany(ErrorEnvelope),
    /// `INTERNAL_ERROR`: our own fault.
    #[response(status = 500)]
    Internal(ErrorEnvelope),
    /// `SERVICE_UNAVAILABLE`: something that this needs is down; see Retry-After.
    #[response(status = 503)]
    Unavailable(ErrorEnvelope),
}

/// What a route with a body may refuse with, beside [`Refusals`].
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) enum BodyRefusals {
    /// `PAYLOAD_TOO_LARGE`: more than 256 KiB.
    #[response(status = 413)]
    TooLarge(ErrorEnvelope),
    /// `UNSUPPORTED_MEDIA_TYPE`: not application/json.
    #[response(status = 415)]
    NotJson(ErrorEnvelope),
}

/// What a route about one channel or message may refuse with, beside [`Refusals`].
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) enum AccessRefusals {
    /// `FORBIDDEN`, `NOT_CHANNEL_MEMBER`, `CANNOT_SEND_MESSAGES` or `ENTITY_ACCESS_DENIED`: the caller may not do this.
    #[response(status = 403)]
    Forbidden(ErrorEnvelope),
    /// `CHANNEL_NOT_FOUND`, `MESSAGE_NOT_FOUND`, `MEMBER_NOT_FOUND` or `USER_NOT_FOUND`: there is none that the caller may know of.
    #[response(status = 404)]
    NotFound(ErrorEnvelope),
}
