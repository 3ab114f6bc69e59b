//! Waiting until the consumers have done what they can.

use std::time::{Duration, Instant};

use tokio_postgres::Client;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// What a tenant's records have become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) channels: i64,
    /// Channels for which an entity stands once.
    pub(super) entities: i64,
    pub(super) system_messages: i64,
}

/// Counts what a tenant has.
pub(super) async fn made(client: &Client, tenant: u64) -> anyhow::Result<Made> {
    let sql = "SELECT count(*), count(DISTINCT (entity_type, entity_id)),
                      (SELECT count(*) FROM messages WHERE tenant_id = $1 AND kind = 'SYSTEM')
                 FROM channels WHERE tenant_id = $1 AND kind = 'TOPIC'";
    let row = client.query_one(sql, &[&i64::try_from(tenant)?]).await?;
    Ok(Made {
        channels: row.try_get(0)?,
        entities: row.try_get(1)?,
        system_messages: row.try_get(2)?,
    })
}

/// Looks at a number that grows until it is `wanted`, or did not change for `patience`; answers it.
pub(super) async fn settle<F>(
    wanted: i64,
    patience: Duration,
    mut look: impl FnMut() -> F,
) -> anyhow::Result<i64>
where
    F: Future<Output = anyhow::Result<i64>>,
{
    let (mut last, mut changed) = (look().await?, Instant::now());
    while last < wanted && changed.elapsed() < patience {
        tokio::time::sleep(LOOK).await;
        let now = look().await?;
        if now != last {
            (last, changed) = (now, Instant::now());
        }
    }
    Ok(last)
}
