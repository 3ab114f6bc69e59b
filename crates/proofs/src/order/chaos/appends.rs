//! Raw transactions that send messages, in every bad way that PostgreSQL allows.

use std::sync::atomic::AtomicU64;

use discuss_domain::{ChannelId, UserId};
use tokio_postgres::{Client, Error, Transaction};
use uuid::Uuid;

use super::super::stage;
use super::{Check, Shared, count, dawdle};

/// Locks a channel.
const LOCK: &str = "SELECT 1 FROM channels WHERE id = $1 FOR NO KEY UPDATE";
/// Looks whether somebody is a member.
const LOOK: &str = "SELECT status IN ('ACTIVE', 'MUTED') FROM channel_members \
     WHERE channel_id = $1 AND user_id = $2";
/// Both at once. The row of the member is as it was before the lock was waited for.
const LOCK_AND_LOOK: &str = "SELECT m.status IN ('ACTIVE', 'MUTED') FROM channels c \
     JOIN channel_members m ON m.channel_id = c.id AND m.user_id = $2 \
     WHERE c.id = $1 FOR NO KEY UPDATE OF c";
/// Takes the next seq of a locked channel, and stores a message with its event.
const APPEND: &str = "
WITH head AS (
  UPDATE channels
     SET last_seq = last_seq + 1, message_count = message_count + 1, timeline_count = timeline_count + 1,
         unread_count_base = unread_count_base + 1, last_message_id = nextval('messages_id_seq'), last_message_at = now()
   WHERE id = $1
  RETURNING tenant_id, last_seq, message_count, timeline_count, unread_count_base, last_message_id
), stored AS (
  INSERT INTO messages (id, channel_id, seq, tenant_id, message_no, timeline_no, unread_no, sender_id, kind, content, created_at)
  SELECT last_message_id, $1, last_seq, tenant_id, message_count, timeline_count, unread_count_base, $2, 'TEXT', $3::text, now()
    FROM head
)
INSERT INTO channel_events (channel_id, seq, tenant_id, kind, actor_id, message_id, created_at)
SELECT $1, last_seq, tenant_id, 'message_created', $2, last_message_id, now() FROM head";

/// Sends as who comes and goes, if they are a member.
pub(super) async fn send(shared: &Shared, client: &mut Client) -> Result<(), Error> {
    let durable = shared.durable.read().await;
    let (channel, sender) = (shared.stage.any(), stage::comer());
    let transaction = begin(client).await?;
    let is_member = match shared.check {
        Check::AfterLock => {
            lock(&transaction, channel).await?;
            ask(&transaction, LOOK, channel, sender).await?
        }
        Check::InLock => ask(&transaction, LOCK_AND_LOOK, channel, sender).await?,
    };
    if !is_member {
        count(&shared.refused);
        return transaction.rollback().await;
    }
    append(&transaction, channel, sender).await?;
    dawdle(20).await;
    end(shared, transaction, &shared.sent).await?;
    drop(durable);
    dawdle(60).await;
    Ok(())
}

/// Sends to two channels, which it locks in the order of their ids, like everybody.
pub(super) async fn send_to_two(shared: &Shared, client: &mut Client) -> Result<(), Error> {
    let durable = shared.durable.read().await;
    let (one, other) = (shared.stage.any(), shared.stage.any());
    let transaction = begin(client).await?;
    for channel in [one.min(other), one.max(other)] {
        lock(&transaction, channel).await?;
        append(&transaction, channel, stage::any_stayer()).await?;
        dawdle(10).await;
    }
    end(shared, transaction, &shared.sent_to_two).await?;
    drop(durable);
    dawdle(60).await;
    Ok(())
}

/// Sends to a few channels, one after the other, and nothing else.
pub(super) async fn send_some(shared: &Shared, client: &mut Client) -> Result<(), Error> {
    for channel in shared.stage.ids().iter().take(3) {
        let transaction = client.transaction().await?;
        append(&transaction, *channel, stage::any_stayer()).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Begins; half of the transactions draw their id at once, and then dawdle.
async fn begin(client: &mut Client) -> Result<Transaction<'_>, Error> {
    let transaction = client.transaction().await?;
    if fastrand::bool() {
        transaction
            .batch_execute("SELECT pg_current_xact_id()")
            .await?;
        dawdle(20).await;
    }
    Ok(transaction)
}

/// Commits and counts, or, three times in ten, rolls back what has taken seqs already.
async fn end(
    shared: &Shared,
    transaction: Transaction<'_>,
    committed: &AtomicU64,
) -> Result<(), Error> {
    if fastrand::u8(0..10) < 3 {
        count(&shared.rolled_back);
        return transaction.rollback().await;
    }
    transaction.commit().await?;
    count(committed);
    Ok(())
}

/// Locks a channel.
pub(super) async fn lock(transaction: &Transaction<'_>, channel: ChannelId) -> Result<(), Error> {
    transaction.execute(LOCK, &[&channel.get()]).await?;
    Ok(())
}

async fn ask(
    transaction: &Transaction<'_>,
    question: &str,
    channel: ChannelId,
    user: UserId,
) -> Result<bool, Error> {
    let row = transaction
        .query_one(question, &[&channel.get(), &user.get()])
        .await?;
    row.try_get(0)
}

async fn append(
    transaction: &Transaction<'_>,
    channel: ChannelId,
    sender: UserId,
) -> Result<(), Error> {
    let text = format!("raw-{}", Uuid::new_v4());
    transaction
        .execute(APPEND, &[&channel.get(), &sender.get(), &text])
        .await?;
    Ok(())
}
