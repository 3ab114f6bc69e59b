//! The admin port: liveness, readiness and metrics, on a thread of its own, so that it answers
//! however busy the process is.

use std::{io, net::SocketAddr};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::{StatusCode, header},
    web::{self, Data},
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{runtime::Handle, task::JoinHandle};

use crate::health::Readiness;

/// An address that can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: can't listen on {address}: {source}")]
pub struct BindError {
    /// The variable that says the port.
    pub variable: &'static str,
    /// The address.
    pub address: SocketAddr,
    /// Why not.
    #[source]
    pub source: io::Error,
}

/// A running admin server.
#[derive(Debug)]
pub struct AdminServer {
    address: SocketAddr,
    handle: ServerHandle,
    running: JoinHandle<io::Result<()>>,
}

struct Probed {
    readiness: Readiness,
    metrics: PrometheusHandle,
    runtime: Handle,
}

impl AdminServer {
    /// Listens on `address` (port 0: any that is free), whose port is said by `variable`.
    ///
    /// Checks run on the runtime this is called from.
    pub fn start(
        variable: &'static str,
        address: SocketAddr,
        readiness: Readiness,
        metrics: PrometheusHandle,
    ) -> Result<Self, BindError> {
        let failed = |source| BindError {
            variable,
            address,
            source,
        };
        let probed = Data::new(Probed {
            readiness,
            metrics,
            runtime: Handle::current(),
        });
        let server = HttpServer::new(move || {
            App::new()
                .app_data(probed.clone())
                .route("/health/live", web::get().to(live))
                .route("/health/ready", web::get().to(ready))
                .route("/metrics", web::get().to(scrape))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .bind(address)
        .map_err(failed)?;
        let bound = server.addrs().first().copied().unwrap_or(address);
        let server = server.run();
        Ok(Self {
            address: bound,
            handle: server.handle(),
            running: tokio::spawn(server),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it; requests under way get a second.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        if let Ok(Err(error)) = self.running.await {
            tracing::warn!(%error, "the admin server ended badly");
        }
    }
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "live" }))
}

async fn ready(probed: Data<Probed>) -> HttpResponse {
    let report = probed.readiness.report(&probed.runtime).await;
    let status = if report.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    HttpResponse::build(status).json(report)
}

async fn scrape(probed: Data<Probed>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        ))
        .body(probed.metrics.render())
}
