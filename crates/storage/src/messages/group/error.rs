//! What became of a group that was not stored, and what to do about it.

use tokio_postgres::error::SqlState;

use crate::StorageError;

/// Why a group was not stored.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// A channel's lock could not be had in time: try its channels one by one.
    #[error("a channel is locked")]
    Locked,
    /// Somebody else was in the way (a deadlock, the same client id): do the group again.
    #[error("the group must be done again")]
    Again(#[source] StorageError),
    /// A row was refused: do the sends one by one to find out which.
    #[error("a row was refused")]
    Data(#[source] StorageError),
    /// The connection broke between the write and the answer to COMMIT.
    #[error("the answer to a commit was lost")]
    Unknown,
    /// Anything else.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl GroupError {
    pub(super) fn outage(what: &'static str) -> Self {
        Self::Storage(StorageError::timed_out(what))
    }
}

impl From<tokio_postgres::Error> for GroupError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(code) = error.code().cloned() else {
            return Self::Storage(error.into());
        };
        match code {
            SqlState::LOCK_NOT_AVAILABLE => Self::Locked,
            SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::UNIQUE_VIOLATION => Self::Again(error.into()),
            code if code.code().starts_with("22") || code.code().starts_with("23") => {
                Self::Data(error.into())
            }
            _ => Self::Storage(error.into()),
        }
    }
}
