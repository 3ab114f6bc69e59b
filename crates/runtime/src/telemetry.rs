//! Logs as JSON lines on stdout, metrics for Prometheus, and the line that says `ready`. Traces are in
//! [`crate::traces`].

use std::{
    net::SocketAddr,
    panic::PanicHookInfo,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::filter_fn,
    fmt::{self, MakeWriter},
    layer::SubscriberExt as _,
    registry,
    util::SubscriberInitExt as _,
};

use crate::{config::LogConfig, traces};

/// Upper bounds of the buckets of every histogram whose name ends in `_seconds`.
const SECONDS: [f64; 15] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0,
];

const UPKEEP: Duration = Duration::from_secs(5);

/// Telemetry that can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The log's filter can't be read.
    #[error("LOG_LEVEL: is no filter")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Traces can't be exported to where the variable says.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT: can't be exported to")]
    Traces(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Something else logs already.
    #[error("the log is set up already")]
    Log(#[from] tracing_subscriber::util::TryInitError),
    /// Something else records metrics already.
    #[error("the metrics are set up already")]
    Metrics(#[from] BuildError),
}

/// Logs JSON lines on stdout from here on, panics too; and exports traces, where that is configured.
pub fn start_logs(config: &LogConfig) -> Result<(), TelemetryError> {
    subscriber(config, std::io::stdout)?.try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    tracing::error!(location, panic = panic.payload_as_str(), "a task panicked");
}

fn subscriber<W>(
    config: &LogConfig,
    writer: W,
) -> Result<impl Subscriber + Send + Sync, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer)
        .with_filter(EnvFilter::try_new(&config.log_level)?);
    let endpoint = config.otel_exporter_otlp_endpoint.as_deref();
    let traces = endpoint.map(|endpoint| traces::layer(endpoint, service_name()));
    let traces = traces
        .transpose()?
        .map(|layer| layer.with_filter(filter_fn(traces::is_exported)));
    Ok(registry().with(traces).with(lines))
}

/// The name under which a process's traces are found: its binary's.
fn service_name() -> String {
    let binary = std::env::current_exe().ok();
    let name = binary.as_deref().and_then(|path| path.file_stem());
    name.map_or_else(
        || "discuss".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Records metrics from here on; asked again, it gives the same recorder.
///
/// The upkeep of the histograms runs on the runtime this is first called from.
pub fn start_metrics() -> Result<PrometheusHandle, TelemetryError> {
    static RECORDER: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut recorder = RECORDER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*recorder {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()?;
    tokio::spawn(keep_up(handle.clone()));
    describe_process();
    *recorder = Some(handle.clone());
    Ok(handle)
}

/// What is known from the first moment on: a scrape of a process that has done nothing yet tells what runs.
fn describe_process() {
    metrics::gauge!("discuss_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let started = SystemTime::now().duration_since(UNIX_EPOCH);
    metrics::gauge!("process_start_time_seconds").set(started.unwrap_or_default().as_secs_f64());
}

async fn keep_up(handle: PrometheusHandle) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}

/// The one line that says that work is taken, and where.
pub fn announce_ready(listen: Option<SocketAddr>, admin: SocketAddr) {
    if let Some(listen) = listen {
        tracing::info!(%listen, %admin, "ready");
    } else {
        tracing::info!(%admin, "ready");
    }
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use serde_json::Value;

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, act: impl FnOnce()) -> Vec<Value> {
        let sink = Sink::default();
        let writer = sink.clone();
        let config = LogConfig {
            log_level: level.to_owned(),
            otel_exporter_otlp_endpoint: None,
        };
        tracing::subscriber::with_default(
            subscriber(&config, move || writer.clone()).unwrap(),
            act,
        );
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn the_ready_line_has_the_ports_beside_the_message() {
        let lines = logged("info", || {
            announce_ready(
                Some(([127, 0, 0, 1], 34567).into()),
                ([127, 0, 0, 1], 9192).into(),
            );
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["message"], "ready");
        assert_eq!(lines[0]["level"], "INFO");
        assert_eq!(lines[0]["listen"], "127.0.0.1:34567");
        assert_eq!(lines[0]["admin"], "127.0.0.1:9192");
        assert!(lines[0]["timestamp"].is_string() && lines[0]["target"].is_string());
    }

    #[test]
    fn a_worker_without_a_port_says_only_its_admin_port() {
        let lines = logged("info", || {
            announce_ready(None, ([127, 0, 0, 1], 9196).into());
        });
        assert!(lines[0].get("listen").is_none());
    }

    #[test]
    fn ids_of_the_span_are_on_the_line_and_quieter_levels_are_left_out() {
        let lines = logged("info", || {
            let _entered = tracing::info_span!("request", correlation_id = "c-1").entered();
            tracing::debug!("not seen");
            tracing::warn!("seen");
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["span"]["correlation_id"], "c-1");
    }

    #[tokio::test]
    async fn the_first_scrape_tells_what_runs_and_since_when() {
        let text = start_metrics().unwrap().render();
        let build = concat!(
            "discuss_build_info{version=\"",
            env!("CARGO_PKG_VERSION"),
            "\"} 1"
        );
        assert!(text.contains(build), "{text}");
        assert!(text.contains("\nprocess_start_time_seconds 1"), "{text}");
    }

    #[tokio::test]
    async fn metrics_are_set_up_once_for_all() {
        start_metrics().unwrap();
        let handle = start_metrics().unwrap();
        metrics::counter!("telemetry_test_total").increment(1);
        metrics::histogram!("telemetry_test_seconds").record(0.003);
        let text = handle.render();
        assert!(text.contains("telemetry_test_total 1"), "{text}");
        assert!(
            text.contains("telemetry_test_seconds_bucket{le=\"0.005\"} 1"),
            "{text}"
        );
    }
}
