//! What can go wrong with the stores.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use tokio_postgres::error::SqlState;

/// What a transaction's own statements, BEGIN and COMMIT, fail with.
pub type TransactionError = DieselError;

/// An error of a store.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The store is down, starting, stopping, full or read-only: the same may work later.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store did not answer in time, or gave up a statement that took too long: it may be frozen, or
    /// that is more than can be done in the time.
    #[error("the database did not answer in time")]
    TimedOut(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// PostgreSQL refused a statement.
    #[error("the database refused a statement")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row holds what no version of this program writes.
    #[error("corrupt row: {table}.{column} holds {value:?}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What it holds.
        value: String,
    },
    /// Redis refused or did not answer.
    #[error("redis failed")]
    Redis(#[from] ::redis::RedisError),
}

impl StorageError {
    /// May the same work later, without anybody changing anything?
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::TimedOut(_) | Self::Redis(_)
        )
    }

    /// Did the time run out?
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::TimedOut(_))
    }

    /// The time ran out.
    #[must_use]
    pub fn timed_out(what: &'static str) -> Self {
        Self::TimedOut(what.into())
    }

    /// A value that no version of this program writes.
    pub(crate) fn corrupt(table: &'static str, column: &'static str, value: &str) -> Self {
        Self::Corrupt {
            table,
            column,
            value: value.to_owned(),
        }
    }
}

impl From<DieselError> for StorageError {
    fn from(error: DieselError) -> Self {
        if is_timeout(&error) {
            Self::TimedOut(error.into())
        } else if is_outage(&error) {
            Self::Unavailable(error.into())
        } else {
            Self::Database(error.into())
        }
    }
}

/// A statement that took too long, or waited too long for a lock; in PostgreSQL's words, as below.
fn is_timeout(error: &DieselError) -> bool {
    const WORDS: [&str; 2] = [
        "canceling statement due to statement timeout",
        "canceling statement due to lock timeout",
    ];
    matches!(error, DieselError::DatabaseError(_, information)
        if WORDS.iter().any(|words| information.message().contains(words)))
}

/// diesel keeps no SQLSTATE: the classes 08, 53 and 57 are known by kind, or by PostgreSQL's words
/// (`lc_messages` must be English).
fn is_outage(error: &DieselError) -> bool {
    const WORDS: [&str; 10] = [
        "terminating connection",
        "the database system is",
        "remaining connection slots",
        "too many clients",
        "too many connections",
        "No space left on device",
        "out of memory",
        "out of shared memory",
        "during recovery",
        "recovery is in progress",
    ];
    match error {
        DieselError::DatabaseError(
            DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::ClosedConnection
            // A standby, or a server that was set to read only: a writable one comes back.
            | DatabaseErrorKind::ReadOnlyTransaction,
            _,
        )
        | DieselError::BrokenTransactionManager => true,
        DieselError::DatabaseError(_, information) => WORDS
            .iter()
            .any(|words| information.message().contains(words)),
        _ => false,
    }
}

/// Classes of SQLSTATE that say "later": connection, resources, intervention by the operator.
const OUTAGE_CLASSES: [&str; 3] = ["08", "53", "57"];

/// What says "later" in classes that otherwise say "never": the server only reads since it has been
/// replaced, or it ended an idle transaction and the connection with it.
const OUTAGES: [SqlState; 2] = [
    SqlState::READ_ONLY_SQL_TRANSACTION,
    SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
];

impl From<tokio_postgres::Error> for StorageError {
    fn from(error: tokio_postgres::Error) -> Self {
        let is_outage = error.code().is_none_or(|state| {
            let class = state.code().get(..2);
            class.is_some_and(|class| OUTAGE_CLASSES.contains(&class)) || OUTAGES.contains(state)
        });
        if is_outage {
            Self::Unavailable(error.into())
        } else {
            Self::Database(error.into())
        }
    }
}

impl From<diesel::ConnectionError> for StorageError {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::Unavailable(error.into())
    }
}
