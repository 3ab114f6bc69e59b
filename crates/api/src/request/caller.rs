//! Who a request comes from.

use std::{future::Future, ops::Deref, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
    web::Data,
};
use discuss_app::{
    Context,
    identity::{self, Credentials, IdentityError},
    users,
};
use discuss_wire::errors::ErrorCode;

use super::CorrelationId;
use crate::{error::ApiError, observe::SeenCaller, state::State};

/// Somebody whose identity was checked, and the ids of their request: a handler that takes one is
/// closed to everybody else.
#[derive(Debug)]
pub(crate) struct Caller(Context);

impl Deref for Caller {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.0
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(state) = request.app_data::<Data<State>>().cloned() else {
            return Box::pin(async { Err(ApiError::unexplained()) });
        };
        let context = identify(&state, request);
        Box::pin(async move {
            let context = context?;
            users::remember(&state.app, &context.caller).await;
            Ok(Self(context))
        })
    }
}

fn identify(state: &State, request: &HttpRequest) -> Result<Context, ApiError> {
    let headers = request.headers();
    let identified = state.identifier.identify(credentials(headers));
    let identity = identified.map_err(refusal)?;
    let extensions = request.extensions();
    if let Some(seen) = extensions.get::<SeenCaller>() {
        seen.note(identity.caller.tenant, identity.caller.user);
    }
    let mut context = state.app.context(identity);
    context.correlation_id = extensions
        .get::<CorrelationId>()
        .map(|id| id.as_str().to_owned());
    context.traceparent = text(headers, "traceparent")
        .filter(|value| is_traceparent(value))
        .map(str::to_owned);
    Ok(context)
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
