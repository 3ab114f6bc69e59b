//! Who a call comes from and whether it is one too many, found out before its handler is chosen: so the
//! answer to whoever was identified says how they stand, whatever else is wrong with the call.

use actix_web::{
    Error, HttpMessage as _, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap},
    middleware::Next,
    web::Data,
};
use discuss_app::{
    Context,
    identity::{self, Credentials, IdentityError},
    rate_limits::Verdict,
    users,
};
use discuss_runtime::traces;
use discuss_wire::errors::ErrorCode;
use tracing::Span;

use crate::{
    error::ApiError, observe::SeenCaller, rate_limits, request::CorrelationId, routes, state::State,
};

/// Somebody who was identified, and what the limits say.
#[derive(Debug)]
pub(crate) struct Admitted {
    /// Who, and the ids of their request.
    pub(crate) context: Context,
    /// Whether it is one call too many.
    pub(crate) verdict: Verdict,
}

/// What was found out about a call to the API; handlers take it by `Caller` and `Sender`.
pub(crate) struct Admission(pub(crate) Result<Admitted, ApiError>);

/// The middleware.
pub(crate) async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    // Decoded, as the path by which the handler is found.
    if request.match_info().as_str().starts_with(routes::BASE) {
        let admitted = find_out(request.request()).await;
        request.extensions_mut().insert(Admission(admitted));
    }
    next.call(request).await
}

async fn find_out(request: &HttpRequest) -> Result<Admitted, ApiError> {
    let state = request.app_data::<Data<State>>();
    let state = state.ok_or_else(ApiError::unexplained)?;
    let headers = request.headers();
    let identified = state.identifier.identify(credentials(headers)).await;
    let identity = identified.map_err(refusal)?;
    let correlation_id = request
        .extensions()
        .get::<CorrelationId>()
        .map(|id| id.as_str().to_owned());
    if let Some(seen) = request.extensions().get::<SeenCaller>() {
        seen.note(identity.caller.tenant, identity.caller.user);
    }
    let class = rate_limits::class_of(request.method(), request.match_info().as_str());
    let verdict = state.limiter.take(&identity.caller, class).await;
    if let Some(standing) = verdict.standing() {
        request.extensions_mut().insert(standing);
    }
    users::remember(&state.app, &identity.caller).await;
    let mut context = state.app.context(identity);
    context.correlation_id = correlation_id;
    // Where the request itself stands in the trace, if that is known outside.
    context.traceparent = traces::traceparent(&Span::current()).or_else(|| {
        text(headers, "traceparent")
            .filter(|value| is_traceparent(value))
            .map(str::to_owned)
    });
    Ok(Admitted { context, verdict })
}

fn credentials(headers: &HeaderMap) -> Credentials<'_> {
    Credentials {
        token: text(headers, header::AUTHORIZATION.as_str()).and_then(identity::bearer),
        user: text(headers, "x-user-id"),
        tenant: text(headers, "x-tenant-id"),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn refusal(error: IdentityError) -> ApiError {
    match error.code() {
        ErrorCode::Unauthorized => ApiError::unauthorized(error.to_string()),
        ErrorCode::ServiceUnavailable => ApiError::unavailable(&error),
        code => ApiError::new(code, error.to_string()),
    }
}

/// The form of W3C trace context, version 00: `00-{32 hex}-{16 hex}-{2 hex}`.
fn is_traceparent(value: &str) -> bool {
    let lengths: Vec<_> = value.split('-').map(str::len).collect();
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte) || byte == b'-';
    lengths == [2, 32, 16, 2] && value.bytes().all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_trace_is_followed() {
        assert!(is_traceparent(
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        ));
        for bad in [
            "",
            "00-4bf9-00f0-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0G",
        ] {
            assert!(!is_traceparent(bad), "{bad}");
        }
    }
}
