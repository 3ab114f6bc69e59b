//! Raw transactions by which somebody comes and goes.

use tokio_postgres::{Client, Error};

use super::super::stage;
use super::appends::lock;
use super::{Shared, count, dawdle};

/// Lets somebody go who is there, and come who is not; says what that was.
const TOGGLE: &str = "
UPDATE channel_members
   SET status = CASE status WHEN 'ACTIVE' THEN 'REMOVED' ELSE 'ACTIVE' END
 WHERE channel_id = $1 AND user_id = $2
RETURNING CASE status WHEN 'ACTIVE' THEN 'member_added' ELSE 'member_removed' END";
const APPEND: &str = "
WITH head AS (
  UPDATE channels SET last_seq = last_seq + 1 WHERE id = $1 RETURNING tenant_id, last_seq
)
INSERT INTO channel_events (channel_id, seq, tenant_id, kind, actor_id, payload, created_at)
SELECT $1, last_seq, tenant_id, $2::text, 1, jsonb_build_object('userIds', jsonb_build_array($3::bigint)), now()
  FROM head";

/// Changes the membership of who comes and goes, and keeps others waiting for the channel meanwhile.
pub(super) async fn toggle(shared: &Shared, client: &mut Client) -> Result<(), Error> {
    let durable = shared.durable.read().await;
    let (channel, user) = (shared.stage.any(), stage::comer().get());
    let transaction = client.transaction().await?;
    lock(&transaction, channel).await?;
    let row = transaction
        .query_one(TOGGLE, &[&channel.get(), &user])
        .await?;
    let kind: &str = row.try_get(0)?;
    transaction
        .execute(APPEND, &[&channel.get(), &kind, &user])
        .await?;
    dawdle(40).await;
    transaction.commit().await?;
    count(&shared.toggled);
    drop(durable);
    dawdle(40).await;
    Ok(())
}
