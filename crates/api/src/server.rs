//! The process: its stores, the HTTP server, the admin server.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{
    App, HttpServer,
    middleware::from_fn,
    web::{self, Data},
};
use discuss_app::stores;
use discuss_runtime::{
    admin::{AdminServer, BindError},
    health::{CHECK_LIMIT, Readiness},
    service::Service,
    shutdown::Shutdown,
    tasks::Tasks,
    telemetry,
};
use utoipa_actix_web::AppExt as _;

use crate::{
    admission::admit,
    config::Config,
    cors, docs,
    fallback::{self, Paths},
    observe::{Draining, observe},
    openapi, routes,
    services::services,
    state::{State, identifier, limiter},
};

/// For so long a connection may be idle, also before its first request: clients and proxies keep some in
/// reserve, and would take the 408 at its end for the answer to what they are just sending.
const KEPT: Duration = Duration::from_secs(75);

/// Connects, checks the schema and listens.
pub async fn start(config: &Config, shutdown: Shutdown) -> anyhow::Result<Service> {
    let metrics = telemetry::start_metrics()?;
    let (database, redis) = (&config.database, &config.redis);
    let database = stores::open_database(&database.url(), database.database_pool_size).await?;
    let redis = stores::open_redis(&redis.url(), &redis.redis_prefix)?;
    // Without PostgreSQL nothing works; without Redis delivery is slower, no more.
    let (check_database, check_redis) = (
        stores::check_database(&database),
        stores::check_redis(&redis),
    );
    let readiness = Readiness::new(shutdown.draining())
        .essential("postgresql", CHECK_LIMIT, check_database)
        .informative("redis", CHECK_LIMIT, check_redis);

    let mut tasks = Tasks::default();
    let (app, background) = discuss_app::App::start_watched(database, redis, services(config)?);
    tasks.watch_all(background);
    let (identifier, reading) = identifier(&config.auth)?;
    tasks.watch_all(reading);
    let readiness = match identifier.check_keys() {
        Some(are_known) => readiness.essential("keycloak", CHECK_LIMIT, are_known),
        None => readiness,
    };
    let (limiter, counting) = limiter(app.redis().clone(), &config.rate_limits).await;
    tasks.watch_all(counting);
    let ending = app.clone();
    let state = Data::from(Arc::new(State {
        app,
        identifier,
        limiter,
        messages: config.messages,
    }));
    let (listen, server) = listen(config, &state, &shutdown)?;
    let admin_address = config.listen.at(config.api_admin_port);
    let admin = AdminServer::start("API_ADMIN_PORT", admin_address, readiness, metrics)?;
    let handle = server.handle();
    tasks.spawn_server("http server", server);
    Ok(Service {
        listen: Some(listen),
        admin,
        tasks,
        drain: Box::pin(async move {
            handle.stop(true).await;
            ending.settle().await;
        }),
        shutdown,
    })
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
    let origins = config.cors.cors_allowed_origins.clone();
    let mut server = HttpServer::new(move || {
        let app = App::new().into_utoipa_app().openapi(openapi::skeleton());
        let (app, document) = app.configure(routes::configure).split_for_parts();
        app.app_data(state.clone())
            .app_data(draining.clone())
            .app_data(Data::new(Paths::of(
                &document,
                &[openapi::PATH, docs::PATH],
            )))
            .configure(openapi::configure(&document))
            .configure(docs::configure)
            .default_service(web::to(fallback::refuse))
            .wrap(from_fn(admit))
            .wrap(cors::allow(&origins))
            .wrap(from_fn(observe))
    })
    .disable_signals()
    .keep_alive(KEPT)
    .client_request_timeout(KEPT)
    .shutdown_timeout(config.shutdown.shutdown_grace_seconds.into());
    if let Some(workers) = config.api_workers {
        server = server.workers(usize::from(workers));
    }
    let server = server.bind(address).map_err(failed)?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    Ok((bound, server.run()))
}
