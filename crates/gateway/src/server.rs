//! The process: the port of the sockets, the admin port, the tasks behind them, and their end.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use discuss_runtime::admin::{AdminServer, BindError};
use discuss_runtime::health::Readiness;
use discuss_runtime::shutdown::{Finished, Shutdown};
use discuss_runtime::telemetry;
use socket2::SockRef;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::gateway::Gateway;
use crate::hub::Counters;
use crate::hubs::Task;
use crate::{news, pages, redis_feed, replays, upgrade};

/// How long readiness waits for a dependency.
const CHECK_LIMIT: Duration = Duration::from_secs(2);
/// How often the hub is told the time: holes wait 30 ms.
const TICK: Duration = Duration::from_millis(10);
/// A connection whose peer takes nothing for so long is cut.
const STUCK: Duration = Duration::from_secs(30);
/// How often a draining gateway looks whether everybody is gone.
const DRAIN_LOOK: Duration = Duration::from_millis(50);

/// A running gateway.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    running: JoinHandle<std::io::Result<()>>,
    admin: AdminServer,
    tasks: Vec<JoinHandle<()>>,
    sockets: Sockets,
    shutdown: Shutdown,
}

impl Server {
    /// Connects, checks the schema and listens.
    pub async fn start(config: &Config, shutdown: Shutdown) -> anyhow::Result<Self> {
        let metrics = telemetry::start_metrics()?;
        let (gateway, tasks) = Gateway::connect(config, shutdown.draining()).await?;
        let gateway = Arc::new(gateway);
        let tasks = vec![
            tokio::spawn(run_tasks(Arc::clone(&gateway), tasks)),
            tokio::spawn(tick(Arc::clone(&gateway))),
            tokio::spawn(redis_feed::run(Arc::clone(&gateway))),
            tokio::spawn(news::run(Arc::clone(&gateway))),
        ];
        let (address, server) = listen(config, &gateway)?;
        let readiness = readiness(&gateway, &shutdown);
        let admin_address = config.listen.at(config.gateway_admin_port);
        let admin = AdminServer::start("GATEWAY_ADMIN_PORT", admin_address, readiness, metrics)?;
        let handle = server.handle();
        let running = tokio::spawn(server);
        let sockets = Sockets(gateway);
        Ok(Self {
            address,
            handle,
            running,
            admin,
            tasks,
            sockets,
            shutdown,
        })
    }

    /// Where the sockets are.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where health and metrics are.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin.address()
    }

    /// Serves until the shutdown is asked for; then every socket is told to come back elsewhere.
    pub async fn run(self) {
        self.shutdown.draining().cancelled().await;
        tracing::info!(sockets = self.sockets.count(), "draining");
        if self.shutdown.finish(self.sockets.gone()).await == Finished::CutOff {
            tracing::warn!(sockets = self.sockets.count(), "sockets are cut off");
        }
        self.handle.stop(false).await;
        self.running.abort();
        for task in self.tasks {
            task.abort();
        }
        self.admin.stop().await;
        tracing::info!("ended");
    }
}

/// The sockets that are open.
struct Sockets(Arc<Gateway>);

impl Sockets {
    fn count(&self) -> usize {
        self.0.open_sockets()
    }

    async fn gone(&self) {
        while self.count() > 0 {
            tokio::time::sleep(DRAIN_LOOK).await;
        }
    }
}

impl std::fmt::Debug for Sockets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Sockets").field(&self.count()).finish()
    }
}

/// Binds the gateway's port; the server runs as soon as it is polled.
fn listen(
    config: &Config,
    gateway: &Arc<Gateway>,
) -> Result<(SocketAddr, actix_web::dev::Server), BindError> {
    let address = config.listen.at(config.gateway_port);
    let failed = |source| BindError {
        variable: "GATEWAY_PORT",
        address,
        source,
    };
    let shared = web::Data::from(Arc::clone(gateway));
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .route("/ws/discuss", web::get().to(upgrade::upgrade))
            .route("/discuss/ws/discuss", web::get().to(upgrade::upgrade))
    })
    .on_connect(|connection, _| tune(connection))
    .disable_signals()
    .shutdown_timeout(1);
    if let Some(workers) = config.gateway_workers {
        server = server.workers(workers.get());
    }
    let server = server.bind(address).map_err(failed)?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    Ok((bound, server.run()))
}

/// Frames go out at once, and a peer that takes nothing for long is cut, however alive its machine.
fn tune(connection: &dyn Any) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else {
        return;
    };
    let tuned = stream
        .set_nodelay(true)
        .and_then(|()| SockRef::from(stream).set_tcp_user_timeout(Some(STUCK)));
    if let Err(error) = tuned {
        tracing::debug!(%error, "a socket is gone already");
    }
}

fn readiness(gateway: &Arc<Gateway>, shutdown: &Shutdown) -> Readiness {
    let (database, redis) = (gateway.app.database().clone(), gateway.app.redis().clone());
    Readiness::new(shutdown.draining())
        .essential("postgresql", CHECK_LIMIT, move || {
            let database = database.clone();
            async move { database.ping().await.map_err(|error| error.to_string()) }
        })
        .informative("redis", CHECK_LIMIT, move || {
            let redis = redis.clone();
            async move { redis.ping().await.map_err(|error| error.to_string()) }
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
