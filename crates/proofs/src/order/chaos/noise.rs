//! Transactions that have nothing to do with the log, but with transaction ids. All asynchronous.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::{Client, Error};

use super::super::stage;
use super::{Shared, count};

const ASYNCHRONOUS: &str = "SET synchronous_commit = off";

/// Moves a mark and writes a row.
pub(super) async fn mark(shared: &Shared, client: &Client) -> Result<(), Error> {
    let _durable = shared.durable.read().await;
    let (channel, user) = (shared.stage.any(), stage::any_stayer());
    client
        .batch_execute(&format!(
            "{ASYNCHRONOUS}; BEGIN; \
             UPDATE channel_members SET last_delivered_seq = last_delivered_seq + 1 \
              WHERE channel_id = {channel} AND user_id = {user}; \
             INSERT INTO proof_scratch VALUES ('mark'); COMMIT"
        ))
        .await?;
    sleep(Duration::from_millis(5)).await;
    Ok(())
}

/// Takes a transaction id in a quiet moment. Its commit is so small that many are lost in a crash.
pub(super) async fn burn(shared: &Shared, client: &Client) -> Result<(), Error> {
    if shared.is_quiet.load(Ordering::Relaxed) {
        client.batch_execute("SELECT pg_current_xact_id()").await?;
    }
    sleep(Duration::from_millis(2)).await;
    Ok(())
}

/// Keeps a transaction open that has an id, then commits it or rolls it back.
pub(super) async fn hold(shared: &Shared, client: &mut Client) -> Result<(), Error> {
    client.batch_execute(ASYNCHRONOUS).await?;
    let transaction = client.transaction().await?;
    transaction
        .batch_execute("INSERT INTO proof_scratch VALUES ('held')")
        .await?;
    tokio::select! {
        () = sleep(shared.hold) => count(&shared.held),
        () = shared.stop.cancelled() => {}
    }
    if fastrand::bool() {
        transaction.commit().await
    } else {
        transaction.rollback().await
    }
}
