//! Traces over OTLP (HTTP, protobuf): what the spans of this process become where
//! `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector. Elsewhere everything here does nothing.

use std::{collections::HashMap, sync::OnceLock, time::Duration};

use opentelemetry::{
    propagation::TextMapPropagator as _,
    trace::{Status, TracerProvider as _},
};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracer, SdkTracerProvider},
};
use tracing::{Level, Metadata, Span, Subscriber};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt as _};
use tracing_subscriber::registry::LookupSpan;

/// The header of W3C trace context.
const TRACEPARENT: &str = "traceparent";
/// What is not exported in this time, when the process ends, is lost.
const LAST_EXPORT: Duration = Duration::from_secs(3);

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Exports spans to the collector at `endpoint` from here on.
pub(crate) fn layer<S>(
    endpoint: &str,
    service: String,
) -> Result<OpenTelemetryLayer<S, SdkTracer>, ExporterBuildError>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()?;
    let provider = PROVIDER.get_or_init(|| {
        SdkTracerProvider::builder()
            .with_resource(Resource::builder().with_service_name(service).build())
            .with_batch_exporter(exporter)
            .build()
    });
    Ok(tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("discuss"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false))
}

/// Are spans exported?
#[must_use]
pub fn are_on() -> bool {
    PROVIDER.get().is_some()
}

/// What is exported: the spans of our own crates, finer ones too. Log lines stay in the log.
pub(crate) fn is_exported(metadata: &Metadata<'_>) -> bool {
    metadata.is_span()
        && *metadata.level() <= Level::DEBUG
        && metadata.target().starts_with("discuss")
}

/// Names a span that answers somebody's request, and makes it part of the trace that `traceparent` (W3C)
/// says; of one of its own if there is none or it can't be read. The span needs empty fields `otel.name`
/// and `otel.kind`.
pub fn serve(span: &Span, name: impl FnOnce() -> String, traceparent: Option<&str>) {
    begin(span, "server", name, traceparent);
}

/// The same for a span that does what somebody handed on without waiting for it.
pub fn consume(span: &Span, name: impl FnOnce() -> String, traceparent: Option<&str>) {
    begin(span, "consumer", name, traceparent);
}

/// The same for a span that hands something on to whoever is not waited for.
pub fn produce(span: &Span, name: impl FnOnce() -> String, traceparent: Option<&str>) {
    begin(span, "producer", name, traceparent);
}

fn begin(
    span: &Span,
    kind: &'static str,
    name: impl FnOnce() -> String,
    traceparent: Option<&str>,
) {
    if !are_on() {
        return;
    }
    span.record("otel.name", name());
    span.record("otel.kind", kind);
    let Some(traceparent) = traceparent else {
        return;
    };
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let parent = TraceContextPropagator::new().extract(&carrier);
    if let Err(error) = span.set_parent(parent) {
        tracing::debug!(?error, "a trace is not gone on with");
    }
}

/// Notes with which HTTP status a span's request was answered.
pub fn answered(span: &Span, status: u16) {
    if !are_on() {
        return;
    }
    span.set_attribute("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.set_status(Status::error(""));
    }
}

/// Where `span` stands in its trace, as a `traceparent`; `None` where spans are not exported.
#[must_use]
pub fn traceparent(span: &Span) -> Option<String> {
    if !are_on() {
        return None;
    }
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&span.context(), &mut carrier);
    carrier.remove(TRACEPARENT)
}

/// Exports what is left. Blocks.
pub(crate) fn finish() {
    let Some(provider) = PROVIDER.get() else {
        return;
    };
    if let Err(error) = provider.shutdown_with_timeout(LAST_EXPORT) {
        tracing::warn!(%error, "the last traces are not exported");
    }
}
