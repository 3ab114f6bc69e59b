//! The process: its stores, the port of the sockets, the admin port, the tasks behind them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use discuss_app::identity::IdentityStartError;
use discuss_app::stores;
use discuss_runtime::admin::{AdminServer, BindError};
use discuss_runtime::health::{CHECK_LIMIT, Readiness};
use discuss_runtime::service::Service;
use discuss_runtime::shutdown::Shutdown;
use discuss_runtime::tasks::Tasks;
use discuss_runtime::telemetry;
use tokio::sync::mpsc;

use crate::access;
use crate::config::Config;
use crate::gateway::Gateway;
use crate::hub::Counters;
use crate::hubs::Task;
use crate::{links, listener, news, pages, redis_feed, replays, services, typists};

/// How often the hub is told the time: holes wait 30 ms.
const TICK: Duration = Duration::from_millis(10);
/// How often a draining gateway looks whether everybody is gone.
const DRAIN_LOOK: Duration = Duration::from_millis(50);

/// Connects, checks the schema and listens.
pub async fn start(config: &Config, shutdown: Shutdown) -> anyhow::Result<Service> {
    let metrics = telemetry::start_metrics()?;
    let (database, redis) = (&config.database, &config.redis);
    let database = stores::open_database(&database.url(), database.database_pool_size).await?;
    let redis = stores::open_redis(&redis.url(), &redis.redis_prefix)?;
    let check_database = stores::check_database(&database);
    let check_redis = stores::check_redis(&redis);
    let readiness = Readiness::new(shutdown.draining())
        .essential("postgresql", CHECK_LIMIT, check_database)
        .informative("redis", CHECK_LIMIT, check_redis);

    let mut tasks = Tasks::default();
    let services = services::services(&config.records)?;
    let (app, background) = discuss_app::App::start_watched(database, redis, services);
    tasks.watch_all(background);
    let gateway = start_gateway(config, app, &shutdown, &mut tasks).await?;
    let readiness = match gateway.identifier.check_keys() {
        Some(are_known) => readiness.essential("keycloak", CHECK_LIMIT, are_known),
        None => readiness,
    };
    let (listen, server) = listen(config, &gateway)?;
    let admin_address = config.listen.at(config.gateway_admin_port);
    let admin = AdminServer::start("GATEWAY_ADMIN_PORT", admin_address, readiness, metrics)?;
    let drain = drain(gateway, server.handle());
    tasks.spawn_server("http server", server);
    Ok(Service {
        listen: Some(listen),
        admin,
        tasks,
        drain: Box::pin(drain),
        shutdown,
    })
}

async fn start_gateway(
    config: &Config,
    app: discuss_app::App,
    shutdown: &Shutdown,
    tasks: &mut Tasks,
) -> Result<Arc<Gateway>, IdentityStartError> {
    // Bounded by what is followed and connected: one task a channel and a session.
    let (reads, waiting) = mpsc::unbounded_channel();
    let gateway = Gateway::start(config, app, reads, shutdown.draining(), tasks).await?;
    let gateway = Arc::new(gateway);
    tasks.spawn("log reader", run_tasks(Arc::clone(&gateway), waiting));
    tasks.spawn("hub clock", tick(Arc::clone(&gateway)));
    tasks.spawn("redis feed", redis_feed::run(Arc::clone(&gateway)));
    tasks.spawn("log news", news::run(Arc::clone(&gateway)));
    tasks.spawn("presence", links::run(Arc::clone(&gateway)));
    tasks.spawn(
        "presence of others",
        links::run_telling(Arc::clone(&gateway)),
    );
    tasks.spawn("typing", typists::run(Arc::clone(&gateway)));
    Ok(gateway)
}

/// Waits until everybody, told to come back elsewhere, is gone, and seen as gone.
async fn drain(gateway: Arc<Gateway>, server: ServerHandle) {
    tracing::info!(sockets = gateway.open_sockets(), "sending everybody away");
    while gateway.open_sockets() > 0 {
        tokio::time::sleep(DRAIN_LOOK).await;
    }
    links::release_last(&gateway).await;
    gateway.app.settle().await;
    server.stop(false).await;
}

/// Binds the gateway's port; the server runs as soon as it is polled.
fn listen(config: &Config, gateway: &Arc<Gateway>) -> Result<(SocketAddr, Server), BindError> {
    let address = config.listen.at(config.gateway_port);
    listener::listen(address, config.gateway_workers, gateway).map_err(|source| BindError {
        variable: "GATEWAY_PORT",
        address,
        source,
    })
}

/// Reads the log for whoever wants it read.
async fn run_tasks(gateway: Arc<Gateway>, mut waiting: mpsc::UnboundedReceiver<Task>) {
    while let Some(task) = waiting.recv().await {
        let gateway = Arc::clone(&gateway);
        match task {
            Task::Fetch(channel, fetch, after) => {
                tokio::spawn(async move { pages::fetch(&gateway, channel, fetch, after).await });
            }
            Task::Read(session) => {
                tokio::spawn(replays::run(gateway, session));
            }
            Task::Ask(session, channel) => {
                tokio::spawn(
                    async move { access::ask_of_added(&gateway, &session, channel).await },
                );
            }
        }
    }
}

/// Tells the hub the time, and the metrics what the hub did.
async fn tick(gateway: Arc<Gateway>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        gateway.hubs.tick().into_iter().for_each(count);
        gateway.pages.forget_stale();
    }
}

fn count(counters: Counters) {
    let Counters {
        deliveries,
        doubles,
        holes,
        overflows,
        fetches,
        repaired,
        lost,
    } = counters;
    for (name, count) in [
        ("discuss_gateway_deliveries_total", deliveries),
        ("discuss_gateway_doubles_total", doubles),
        ("discuss_gateway_holes_total", holes),
        ("discuss_gateway_early_overflows_total", overflows),
        ("discuss_gateway_fetches_total", fetches),
        ("discuss_gateway_repaired_total", repaired),
        ("discuss_gateway_lost_total", lost),
    ] {
        if count > 0 {
            metrics::counter!(name).increment(count);
        }
    }
}
