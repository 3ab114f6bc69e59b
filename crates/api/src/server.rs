//! The process: HTTP server, admin server, and their end.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    middleware::from_fn,
    web::{self, Data},
};
use discuss_runtime::{
    admin::{AdminServer, BindError},
    health::Readiness,
    shutdown::{Finished, Shutdown},
    telemetry,
};
use tokio::task::JoinHandle;
use utoipa_actix_web::AppExt as _;

use crate::{
    config::Config,
    fallback::{self, Paths},
    observe::{Draining, observe},
    openapi, routes,
    state::State,
};

/// How long readiness waits for a dependency.
const CHECK_LIMIT: Duration = Duration::from_secs(2);

/// A running API.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    running: JoinHandle<std::io::Result<()>>,
    admin: AdminServer,
    shutdown: Shutdown,
}

impl Server {
    /// Connects, checks the schema and listens.
    pub async fn start(config: &Config, shutdown: Shutdown) -> anyhow::Result<Self> {
        let metrics = telemetry::start_metrics()?;
        let state = Data::from(Arc::new(State::connect(config).await?));
        let (address, server) = listen(config, &state, &shutdown)?;
        let readiness = readiness(&state.app, &shutdown);
        let admin_address = config.listen.at(config.api_admin_port);
        let admin = AdminServer::start("API_ADMIN_PORT", admin_address, readiness, metrics)?;
        let handle = server.handle();
        Ok(Self {
            address,
            handle,
            running: tokio::spawn(server),
            admin,
            shutdown,
        })
    }

    /// Where the API listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where health and metrics are.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin.address()
    }

    /// Serves until the shutdown is asked for, then finishes what is under way.
    pub async fn run(self) {
        self.shutdown.draining().cancelled().await;
        tracing::info!("draining");
        if self.shutdown.finish(self.handle.stop(true)).await == Finished::CutOff {
            tracing::warn!("requests under way are cut off");
        }
        self.running.abort();
        self.admin.stop().await;
        tracing::info!("ended");
    }
}

/// Binds the API's port; the server runs as soon as it is polled.
fn listen(
    config: &Config,
    state: &Data<State>,
    shutdown: &Shutdown,
) -> Result<(SocketAddr, actix_web::dev::Server), BindError> {
    let address = config.listen.at(config.server_port);
    let failed = |source| BindError {
        variable: "SERVER_PORT",
        address,
        source,
    };
    let draining = Data::new(Draining(shutdown.draining()));
    let state = state.clone();
    let mut server = HttpServer::new(move || {
        let app = App::new().into_utoipa_app().openapi(openapi::skeleton());
        let (app, document) = app.configure(routes::configure).split_for_parts();
        app.app_data(state.clone())
            .app_data(draining.clone())
            .app_data(Data::new(Paths::of(&document, &[openapi::PATH])))
            .configure(openapi::configure(&document))
            .default_service(web::to(fallback::refuse))
            .wrap(from_fn(observe))
    })
    .disable_signals()
    .shutdown_timeout(config.shutdown.shutdown_grace_seconds.into());
    if let Some(workers) = config.api_workers {
        server = server.workers(workers.get());
    }
    let server = server.bind(address).map_err(failed)?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    Ok((bound, server.run()))
}

/// Without PostgreSQL nothing works; without Redis delivery is slower, no more.
fn readiness(app: &discuss_app::App, shutdown: &Shutdown) -> Readiness {
    let (for_database, for_redis) = (app.clone(), app.clone());
    Readiness::new(shutdown.draining())
        .essential("postgresql", CHECK_LIMIT, move || {
            let app = for_database.clone();
            async move {
                app.database()
                    .ping()
                    .await
                    .map_err(|error| error.to_string())
            }
        })
        .informative("redis", CHECK_LIMIT, move || {
            let app = for_redis.clone();
            async move { app.redis().ping().await.map_err(|error| error.to_string()) }
        })
}
