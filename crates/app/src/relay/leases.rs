//! Keeping leases: who relays which shard.

use std::time::Duration;

use discuss_storage::relay::leases;
use discuss_storage::{AsyncConnection, Connection};
use uuid::Uuid;

use super::{Held, shares};
use crate::limit::within;
use crate::{App, AppError};

/// Longest time that keeping may take: the leases have run out by then.
const LIMIT: Duration = Leases::TERM;

/// The leases of one process. Keep them every second or so.
#[derive(Debug)]
pub struct Leases {
    process: Uuid,
    term: Duration,
}

impl Default for Leases {
    fn default() -> Self {
        Self::of_term(Self::TERM)
    }
}

impl Leases {
    /// After this time without being kept a lease may be taken by another process.
    pub const TERM: Duration = Duration::from_secs(5);

    /// The leases of a new process; each is over `term` after it was last kept.
    #[must_use]
    pub fn of_term(term: Duration) -> Self {
        Self {
            process: Uuid::new_v4(),
            term,
        }
    }

    /// Renews what is held, gives up what is more than a fair share, and takes what is free of it.
    /// Answers what is held then.
    ///
    /// When it fails, what was held may be gone on with: whoever takes a lease changes its epoch, and
    /// under an old epoch no head moves.
    pub async fn keep(&self, app: &App) -> Result<Held, AppError> {
        within(LIMIT, async {
            let mut connection = app.connection().await?;
            connection
                .transaction(async |connection| self.keep_in(connection).await)
                .await
        })
        .await
    }

    async fn keep_in(&self, connection: &mut Connection) -> Result<Held, AppError> {
        let all = leases::lock_all(connection).await?;
        let processes = leases::sign_in(connection, self.process, self.term).await?;
        let changes = shares::changes(&all, &processes, self.process);
        if !changes.give_up.is_empty() {
            leases::give_up(connection, self.process, &changes.give_up).await?;
        }
        if !changes.take.is_empty() {
            leases::take(connection, self.process, self.term, &changes.take).await?;
        }
        let held = leases::renew(connection, self.process, self.term).await?;
        Ok(held.into_iter().collect())
    }

    /// Keeps what is held, for who can't relay it at present; gives it up, and asks for none, while other
    /// processes relay too. Answers what is held then.
    pub async fn stand_aside(&self, app: &App) -> Result<Held, AppError> {
        within(LIMIT, async {
            let mut connection = app.connection().await?;
            connection
                .transaction(async |connection| self.stand_aside_in(connection).await)
                .await
        })
        .await
    }

    async fn stand_aside_in(&self, connection: &mut Connection) -> Result<Held, AppError> {
        leases::lock_all(connection).await?;
        let processes = leases::sign_in(connection, self.process, self.term).await?;
        if processes.len() > 1 {
            leases::sign_out(connection, self.process).await?;
            return Ok(Held::new());
        }
        let held = leases::renew(connection, self.process, self.term).await?;
        Ok(held.into_iter().collect())
    }

    /// Gives up everything: the others need not wait until it is over.
    pub async fn release(&self, app: &App) -> Result<(), AppError> {
        let mut connection = app.connection().await?;
        connection
            .transaction(async |connection| {
                leases::lock_all(connection).await?;
                Ok(leases::sign_out(connection, self.process).await?)
            })
            .await
    }
}
