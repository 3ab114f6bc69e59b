//! A process that works: from the line that says `ready` to its end.

use std::{fmt, net::SocketAddr};

use futures_util::future::BoxFuture;

use crate::{
    admin::AdminServer,
    shutdown::{Finished, Shutdown},
    tasks::{TaskLost, Tasks},
    telemetry,
};

/// What a binary has started.
pub struct Service {
    /// Where it listens, if it does.
    pub listen: Option<SocketAddr>,
    /// Health and metrics.
    pub admin: AdminServer,
    /// What must not end before it is asked to. It works on during the drain.
    pub tasks: Tasks,
    /// Finishes what is under way, once no new work is taken.
    pub drain: BoxFuture<'static, ()>,
    /// When to end.
    pub shutdown: Shutdown,
}

impl Service {
    /// Says that work is taken, and where.
    pub fn announce_ready(&self) {
        telemetry::announce_ready(self.listen, self.admin.address());
    }

    /// Works until it is asked to end, or a task is lost; then finishes what is under way, as long as
    /// there is time.
    pub async fn run(mut self) -> Result<(), TaskLost> {
        let outcome = self.tasks.until_drain(&self.shutdown).await;
        tracing::info!("draining");
        if self.shutdown.finish(self.drain).await == Finished::CutOff {
            tracing::warn!("work under way is cut off");
        }
        self.admin.stop().await;
        drop(self.tasks);
        tracing::info!("ended");
        outcome
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("listen", &self.listen)
            .field("admin", &self.admin)
            .field("tasks", &self.tasks)
            .finish_non_exhaustive()
    }
}
