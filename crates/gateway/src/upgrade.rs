//! The upgrade to a WebSocket: where from, who, and how the connection begins.

use std::sync::Arc;

use actix_http::body::BoxBody;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, web};
use discuss_app::identity::{IdentityError, bearer};
use discuss_wire::envelope::ErrorEnvelope;
use discuss_wire::errors::ErrorCode;
use discuss_wire::stomp::Version;
use uuid::Uuid;

use crate::frame_guard::guard;
use crate::gateway::{Gateway, OpenSocket};
use crate::line::parting::Peer;
use crate::outgoing::{Bounds, Dialect, Outgoing, SocketBody};
use crate::pace::Turn;
use crate::socket::stomp::Agreement;
use crate::socket::{Greeting, SaidByHeaders, Socket};

/// The sub-protocol of the JSON dialect.
const PROTOCOL: &str = "discuss.v1";
/// A sub-protocol entry that carries a token, for browsers, which can't set headers.
const BEARER: &str = "bearer.";

/// Why there is no WebSocket.
type Refusal = (ErrorCode, &'static str);

/// Makes a WebSocket of the request.
pub(crate) async fn upgrade(
    request: HttpRequest,
    payload: web::Payload,
    gateway: web::Data<Gateway>,
) -> Result<HttpResponse, actix_web::Error> {
    match admit(&request, gateway.into_inner()).await {
        Ok((opening, greeting)) => begin(&request, payload, opening, greeting).await,
        Err((code, message)) => Ok(refusal(code, message)),
    }
}

/// Who it is, and that there is room for them.
async fn admit(
    request: &HttpRequest,
    gateway: Arc<Gateway>,
) -> Result<(Opening, Greeting), Refusal> {
    require_welcome(request, &gateway)?;
    let address = request.peer_addr().map(|address| address.ip());
    let open = OpenSocket::count(&gateway, address).ok_or((
        ErrorCode::ConnectionThrottled,
        "too many sockets from this address",
    ))?;
    let Asked { token, resumes } = Asked::of(request)?;
    let said = said(request.headers());
    let identity = match said.identify(&gateway.identifier, token.as_deref()).await {
        // The first frame may say it.
        Err(IdentityError::Missing) => None,
        identified => Some(identified),
    };
    let turn = gateway.pace.wait().await.ok_or((
        ErrorCode::ServiceUnavailable,
        "too many come at once; try again",
    ))?;
    let opening = Opening {
        gateway,
        said,
        open,
        turn,
    };
    Ok((opening, Greeting { identity, resumes }))
}

/// Refuses everybody while the instance is drained, and browsers that come from elsewhere.
fn require_welcome(request: &HttpRequest, gateway: &Gateway) -> Result<(), Refusal> {
    if gateway.draining.is_cancelled() {
        let message = "this instance is being drained";
        return Err((ErrorCode::ServiceUnavailable, message));
    }
    let origin = request.headers().get(header::ORIGIN);
    let is_known = |origin: &header::HeaderValue| {
        let mut known = gateway.origins.iter();
        known.any(|known| known.as_bytes() == origin.as_bytes())
    };
    if origin.is_some_and(|origin| !is_known(origin)) {
        return Err((ErrorCode::Forbidden, "this origin is not allowed"));
    }
    Ok(())
}

/// What the request asks for.
struct Asked {
    token: Option<String>,
    resumes: bool,
}

impl Asked {
    fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        let protocols = protocols(request.headers());
        let by_protocol = protocols
            .iter()
            .find_map(|entry| entry.strip_prefix(BEARER));
        if by_protocol.is_some() && !protocols.contains(&PROTOCOL) {
            let message = "bearer.<token> is for discuss.v1";
            return Err((ErrorCode::ValidationError, message));
        }
        let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
        let query = query.map_or_else(|_| Vec::new(), web::Query::into_inner);
        // What is said twice is taken as it is said first.
        let asked = |name| query.iter().find(|(asked, _)| asked == name);
        let asked = |name| asked(name).map(|(_, value)| value.as_str());
        let token = asked("token").or(by_protocol);
        let token = token.or_else(|| text(request.headers(), "authorization").and_then(bearer));
        Ok(Self {
            token: token.map(str::to_owned),
            resumes: asked("resume") == Some("1"),
        })
    }
}

/// What a socket is made of beside its connection.
struct Opening {
    gateway: Arc<Gateway>,
    said: SaidByHeaders,
    open: OpenSocket,
    turn: Turn,
}

async fn begin(
    request: &HttpRequest,
    payload: web::Payload,
    Opening {
        gateway,
        said,
        open,
        turn,
    }: Opening,
    greeting: Greeting,
) -> Result<HttpResponse, actix_web::Error> {
    let limits = gateway.limits;
    let (payload, refused) = guard(request, payload, limits.frames()).await?;
    let (dialect, known) = spoken(request.headers());
    let (response, _unused, stream) = actix_ws::handle_with_protocols(request, payload, &known)?;
    let bounds = Bounds {
        frames: limits.gateway_queue_frames,
        bytes: limits.gateway_queue_bytes,
    };
    let outgoing = Arc::new(Outgoing::new(bounds, dialect));
    let stream = stream
        .max_frame_size(limits.gateway_max_frame_bytes)
        .aggregate_continuations()
        .max_continuation_size(limits.gateway_max_frame_bytes);
    let socket = Box::new(Socket {
        gateway,
        said: said.kept(),
        outgoing: Arc::clone(&outgoing),
        stream,
        _open: open,
        peer: request.peer_addr().map(Peer::from),
        agreement: Agreement::default(),
        turn: Some(turn),
        is_leaving: false,
        refused,
    });
    actix_web::rt::spawn(socket.run(Box::new(greeting)));
    Ok(response.map_body(|_, inner| BoxBody::new(SocketBody::new(outgoing, inner))))
}

/// The dialect that is asked for, and the sub-protocols by which it is known.
fn spoken(headers: &HeaderMap) -> (Dialect, Vec<&'static str>) {
    let offered = protocols(headers);
    let is_stomp = |name: &&str| Version::of_sub_protocol(name).is_some();
    if !offered.contains(&PROTOCOL) && offered.iter().any(is_stomp) {
        let known = Version::ALL.map(Version::sub_protocol);
        (Dialect::stomp(), known.to_vec())
    } else {
        (Dialect::Json, vec![PROTOCOL])
    }
}

fn protocols(headers: &HeaderMap) -> Vec<&str> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect()
}

fn said(headers: &HeaderMap) -> SaidByHeaders {
    let owned = |name| text(headers, name).map(str::to_owned);
    SaidByHeaders {
        user: owned("x-user-id"),
        tenant: owned("x-tenant-id"),
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn refusal(code: ErrorCode, message: &str) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(code.status());
    let mut response =
        HttpResponse::build(status.unwrap_or(actix_web::http::StatusCode::BAD_REQUEST));
    let retry_after = match code {
        ErrorCode::ServiceUnavailable => Some("1"),
        // One of the others must go first.
        ErrorCode::ConnectionThrottled => Some("30"),
        _ => None,
    };
    if let Some(retry_after) = retry_after {
        response.insert_header((header::RETRY_AFTER, retry_after));
    }
    response.json(ErrorEnvelope::new(
        code,
        message,
        Uuid::new_v4().to_string(),
    ))
}
