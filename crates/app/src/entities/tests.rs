//! How often a transaction is done anew.

use std::cell::Cell;

use super::*;

/// How often it was tried, and what became of it, when the first `busy` tries find others at the records.
async fn tried(busy: u32) -> (u32, Result<(), AppError>) {
    let tries = Cell::new(0);
    let done = retried(|| async {
        tries.set(tries.get() + 1);
        if tries.get() <= busy {
            return Err(AppError::Busy);
        }
        Ok(())
    });
    let done = done.await;
    (tries.get(), done)
}

#[tokio::test]
async fn a_transaction_whose_records_were_linked_meanwhile_is_done_anew() {
    let (tries, done) = tried(TRIES - 1).await;
    assert_eq!(tries, TRIES);
    assert!(done.is_ok());
}

#[tokio::test]
async fn a_transaction_that_finds_others_at_its_records_every_time_is_given_back() {
    let (tries, done) = tried(u32::MAX).await;
    assert_eq!(tries, TRIES);
    assert!(matches!(done, Err(AppError::Busy)));
}

#[tokio::test]
async fn what_failed_otherwise_is_not_done_anew_here() {
    let tries = Cell::new(0);
    let failed = retried(|| async {
        tries.set(tries.get() + 1);
        Err::<(), _>(AppError::Internal)
    });
    assert!(matches!(failed.await, Err(AppError::Internal)));
    assert_eq!(tries.get(), 1);
}
