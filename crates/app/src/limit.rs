//! How long work may take that holds a connection.

use std::time::Duration;

use discuss_storage::StorageError;

use crate::AppError;

/// What `work` comes to, if it does within `limit`: a server that is frozen keeps its connections and
/// answers nobody. The work is dropped then. A pool's connection in the middle of a transaction is
/// thrown away, so do with it nothing outside of one.
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, AppError>>,
) -> Result<T, AppError> {
    match tokio::time::timeout(limit, work).await {
        Ok(done) => done,
        Err(_elapsed) => Err(StorageError::timed_out("no end in time").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_end_is_told_as_a_timeout() {
        let endless = std::future::pending::<Result<(), AppError>>();
        let error = within(Duration::ZERO, endless).await.unwrap_err();
        assert!(
            matches!(&error, AppError::Storage(cause) if cause.is_timeout() && cause.is_unavailable()),
            "{error:?}"
        );
    }

    #[tokio::test]
    async fn what_ends_is_told_as_it_ended() {
        let limit = Duration::from_mins(1);
        assert_eq!(within(limit, async { Ok(7) }).await.unwrap(), 7);
        let busy = within(limit, async { Err::<(), _>(AppError::Busy) }).await;
        assert!(matches!(busy, Err(AppError::Busy)));
    }
}
