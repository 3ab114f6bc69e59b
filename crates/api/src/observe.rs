//! What happens around every request: its correlation id, one log line, its metrics, and the
//! envelope of the contract around whatever went wrong, panics included.

use std::{
    cell::Cell,
    panic::AssertUnwindSafe,
    rc::Rc,
    time::{Duration, Instant},
};

use actix_web::{
    Error, HttpMessage as _, HttpResponse, ResponseError as _,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{ConnectionType, Method, StatusCode, header::HeaderValue},
    middleware::Next,
    web::Data,
};
use discuss_app::rate_limits::Standing;
use discuss_domain::{TenantId, UserId};
use discuss_runtime::traces;
use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span, field::Empty};

use crate::{
    cors,
    error::ApiError,
    rate_limits,
    request::{CORRELATION_HEADER, CorrelationId},
};

/// Who a request came from, once that is known: filled in by `Caller`, read by the log line.
#[derive(Debug, Clone, Default)]
pub(crate) struct SeenCaller(Rc<Cell<Option<(TenantId, UserId)>>>);

impl SeenCaller {
    /// Notes who it is.
    pub(crate) fn note(&self, tenant: TenantId, user: UserId) {
        self.0.set(Some((tenant, user)));
    }
}

/// The process is ending: connections are not kept alive any more.
#[derive(Debug, Clone)]
pub(crate) struct Draining(pub(crate) CancellationToken);

/// A request as its log line and its metrics name it.
struct Seen {
    method: Method,
    route: String,
    correlation: CorrelationId,
    caller: SeenCaller,
    started: Instant,
}

/// The outermost middleware.
pub(crate) async fn observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let seen = Seen::of(&request);
    // RFC 9110 wants HEAD wherever GET is. The server sends no body, as it read HEAD itself.
    if seen.method == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let is_draining = request
        .app_data::<Data<Draining>>()
        .is_some_and(|flag| flag.0.is_cancelled());
    let span = seen.span(&request);
    let handled = next.call(request).instrument(span.clone());
    let outcome = AssertUnwindSafe(handled).catch_unwind().await;

    let _entered = span.enter();
    let mut answered = match outcome {
        Ok(Ok(answered)) => in_envelope(answered, &seen.correlation),
        Ok(Err(error)) => return Err(refused(&error, &seen, &span)),
        Err(_) => return Err(refused(&ApiError::unexplained().into(), &seen, &span)),
    };
    if is_draining {
        answered
            .response_mut()
            .head_mut()
            .set_connection_type(ConnectionType::Close);
    }
    let standing = answered.request().extensions().get::<Standing>().copied();
    if let Some(standing) = standing {
        rate_limits::tell(answered.response_mut().headers_mut(), standing);
    }
    mark(answered.response_mut(), &seen.correlation);
    traces::answered(&span, answered.status().as_u16());
    seen.record(answered.status());
    Ok(answered)
}

/// An error that left no answer; the server makes one of it.
fn refused(error: &Error, seen: &Seen, span: &Span) -> Error {
    let status = error.as_response_error().status_code();
    traces::answered(span, status.as_u16());
    seen.record(status);
    of_ours(Some(error), status)
        .traced(seen.correlation.as_str())
        .into()
}

fn in_envelope(
    answered: ServiceResponse<impl MessageBody + 'static>,
    correlation: &CorrelationId,
) -> ServiceResponse<BoxBody> {
    let status = answered.status();
    if !status.is_client_error() && !status.is_server_error() {
        return answered.map_into_boxed_body();
    }
    let error = of_ours(answered.response().error(), status);
    let mut answer = error.traced(correlation.as_str()).error_response();
    cors::keep(answered.headers(), answer.headers_mut());
    answered.into_response(answer)
}

fn of_ours(error: Option<&Error>, status: StatusCode) -> ApiError {
    let ours = error.and_then(Error::as_error::<ApiError>);
    ours.cloned().unwrap_or_else(|| ApiError::of_status(status))
}

fn mark(answer: &mut HttpResponse<BoxBody>, correlation: &CorrelationId) {
    if let Ok(value) = HeaderValue::from_str(correlation.as_str()) {
        answer.headers_mut().insert(CORRELATION_HEADER, value);
    }
}

impl Seen {
    fn of(request: &ServiceRequest) -> Self {
        let correlation = CorrelationId::of(request.headers());
        let caller = SeenCaller::default();
        let mut extensions = request.extensions_mut();
        extensions.insert(correlation.clone());
        extensions.insert(caller.clone());
        drop(extensions);
        Self {
            method: request.method().clone(),
            route: request
                .match_pattern()
                .unwrap_or_else(|| "unknown".to_owned()),
            correlation,
            caller,
            started: Instant::now(),
        }
    }

    /// The span of the request's log lines, and of its trace.
    fn span(&self, request: &ServiceRequest) -> Span {
        let span = tracing::info_span!(
            "request",
            correlation_id = %self.correlation,
            otel.name = Empty,
            otel.kind = Empty,
        );
        let traceparent = request.headers().get("traceparent");
        traces::serve(
            &span,
            || format!("{} {}", self.method, self.route),
            traceparent.and_then(|value| value.to_str().ok()),
        );
        span
    }

    fn record(&self, status: StatusCode) {
        let took = self.started.elapsed();
        self.count(status, took);
        let (tenant, user) = self.caller.0.get().unzip();
        tracing::info!(
            method = %self.method,
            route = self.route,
            status = status.as_u16(),
            ms = took.as_secs_f64() * 1_000.0,
            correlation_id = %self.correlation,
            tenant = tenant.map(TenantId::get),
            user = user.map(UserId::get),
            "request"
        );
    }

    fn count(&self, status: StatusCode, took: Duration) {
        let labels = [
            ("method", method_label(&self.method).to_owned()),
            ("route", self.route.clone()),
            ("status", status.as_str().to_owned()),
        ];
        metrics::counter!("http_requests_total", &labels).increment(1);
        metrics::histogram!("http_request_duration_seconds", &labels).record(took);
    }
}

/// Methods are whatever a caller writes: only the known ones become labels.
fn method_label(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::HEAD
        | Method::OPTIONS => method.as_str(),
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests;
