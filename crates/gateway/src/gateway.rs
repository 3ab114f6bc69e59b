//! What the sockets of one process share.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use discuss_app::identity::{
    Identifier, IdentitySettings, IdentityStartError, KeycloakSettings, Pace,
};
use discuss_app::rate_limits::{Limiter, RateLimits};
use discuss_app::{App, BackgroundTask};
use discuss_runtime::config::{AuthConfig, MessagesConfig, RateLimitConfig};
use discuss_runtime::tasks::Tasks;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, SocketConfig};
use crate::hub::SessionId;
use crate::hubs::{Hubs, Task};
use crate::links::LocalLinks;
use crate::loader::Loader;
use crate::pace::AcceptPace;
use crate::pages::Pages;
use crate::replay_pace::ReplayPace;
use crate::topics::Topics;
use crate::typists::Typists;

/// What the sockets of one process share.
pub(crate) struct Gateway {
    pub(crate) app: App,
    pub(crate) hubs: Hubs,
    pub(crate) topics: Arc<Topics>,
    pub(crate) loader: Loader,
    pub(crate) pages: Pages,
    pub(crate) replay_pace: ReplayPace,
    /// Held by each session that reads what it missed.
    pub(crate) readings: Arc<()>,
    /// Who is there by a socket of this process.
    pub(crate) links: LocalLinks,
    /// Who types.
    pub(crate) typists: Typists,
    /// Whether Redis brings what is published.
    pub(crate) redis_is_up: watch::Sender<bool>,
    /// Tells who connects.
    pub(crate) identifier: Identifier,
    /// Counts what they send.
    pub(crate) limiter: Limiter,
    pub(crate) origins: Vec<String>,
    pub(crate) limits: SocketConfig,
    pub(crate) messages: MessagesConfig,
    pub(crate) draining: CancellationToken,
    /// At which sockets are taken.
    pub(crate) pace: AcceptPace,
    sessions: AtomicU64,
    open_sockets: AtomicUsize,
    /// How many are open from each address.
    addresses: Mutex<HashMap<IpAddr, usize>>,
}

/// A socket counts as open until this is dropped.
pub(crate) struct OpenSocket {
    gateway: Arc<Gateway>,
    address: Option<IpAddr>,
}

impl OpenSocket {
    /// Counts a socket; nothing if there are as many from its address as there may be.
    pub(crate) fn count(gateway: &Arc<Gateway>, address: Option<IpAddr>) -> Option<Self> {
        let most = gateway.limits.gateway_sockets_per_address;
        if let Some(address) = address {
            let mut addresses = gateway.addresses();
            let count = addresses.entry(address).or_default();
            if most > 0 && *count >= most {
                return None;
            }
            *count = count.saturating_add(1);
        }
        gateway.open_sockets.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("discuss_gateway_sockets").increment(1.0);
        let gateway = Arc::clone(gateway);
        Some(Self { gateway, address })
    }
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.gateway.open_sockets.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("discuss_gateway_sockets").decrement(1.0);
        let mut addresses = self.gateway.addresses();
        if let Some(address) = self.address
            && let Some(count) = addresses.get_mut(&address)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                addresses.remove(&address);
            }
        }
    }
}

impl Gateway {
    /// Starts what sockets share over `app`; what the hub wants read from the log goes to `reads`.
    pub(crate) async fn start(
        config: &Config,
        app: App,
        reads: mpsc::UnboundedSender<Task>,
        draining: CancellationToken,
        tasks: &mut Tasks,
    ) -> Result<Self, IdentityStartError> {
        let topics = Arc::new(Topics::default());
        let (identifier, reading) = identifier(&config.auth)?;
        tasks.watch_all(reading);
        let limits = limits(&config.rate_limits);
        let (limiter, counting) = Limiter::start(app.redis().clone(), limits).await;
        tasks.watch_all(counting);
        Ok(Self {
            hubs: Hubs::new(Arc::clone(&topics), reads),
            topics,
            loader: Loader::start(&app, tasks),
            pages: Pages::new(app.clone()),
            replay_pace: ReplayPace::per_second(config.sockets.gateway_replay_bytes_per_second),
            readings: Arc::default(),
            links: LocalLinks::default(),
            typists: Typists::default(),
            app,
            redis_is_up: watch::Sender::new(false),
            identifier,
            limiter,
            origins: config.cors.cors_allowed_origins.clone(),
            limits: config.sockets,
            pace: AcceptPace::per_second(config.sockets.gateway_accepts_per_second),
            messages: config.messages,
            draining,
            sessions: AtomicU64::new(0),
            open_sockets: AtomicUsize::new(0),
            addresses: Mutex::default(),
        })
    }

    fn addresses(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// How many sockets are open.
    pub(crate) fn open_sockets(&self) -> usize {
        self.open_sockets.load(Ordering::Relaxed)
    }

    pub(crate) fn next_session(&self) -> SessionId {
        SessionId::from(self.sessions.fetch_add(1, Ordering::Relaxed))
    }
}

fn identifier(auth: &AuthConfig) -> Result<(Identifier, Vec<BackgroundTask>), IdentityStartError> {
    Identifier::start(&IdentitySettings {
        keycloak: auth.realm().map(|realm| KeycloakSettings {
            keys_url: realm.keys_url,
            issuer: realm.issuer,
            pace: Pace::default(),
        }),
        secret: auth.jwt_secret.clone(),
        issuer: auth.jwt_issuer.clone(),
        audience: auth.jwt_audience.clone(),
        trusts_headers: auth.auth_trust_gateway_headers,
    })
}

const fn limits(limits: &RateLimitConfig) -> RateLimits {
    RateLimits {
        sends: limits.rate_limit_sends,
        reads: limits.rate_limit_reads,
        searches: limits.rate_limit_searches,
        uploads: limits.rate_limit_uploads,
        tenant: limits.rate_limit_tenant,
    }
}
