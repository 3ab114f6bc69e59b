//! One try at committing a group.

use std::time::Duration;

use discuss_domain::ChannelId;
use discuss_domain::messages::SendError;
use discuss_storage::messages::group::{GroupError, GroupWriter};
use discuss_storage::{Database, StorageError};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::plan::{Plan, plan, probe};
use super::{Outcome, Send};
use crate::channels::now;

/// Between two questions about a group whose commit went unanswered.
const PAUSE: Duration = Duration::from_millis(100);

/// What the sends of a group are answered, in their order.
pub(super) type Answers = Vec<Result<Outcome, SendError>>;

/// Locks, looks, decides, writes and commits.
///
/// [`GroupError::Unknown`] means that until `deadline` nobody could say whether the group was committed:
/// then it must not be done again.
pub(super) async fn attempt(
    writer: &GroupWriter,
    database: &Database,
    sends: &[&Send],
    deadline: Instant,
) -> Result<Answers, GroupError> {
    let look = writer.begin(&probe(sends.iter().copied())).await?;
    let plan = plan(sends.iter().copied(), &look, Uuid::new_v4(), now());
    if plan.group.messages.is_empty() {
        writer.rollback().await?;
        return Ok(plan.answers);
    }
    match writer.commit(&plan.group).await {
        Ok(()) => Ok(plan.answers),
        Err(GroupError::Unknown) => resolve(database, plan, deadline).await,
        Err(error) => Err(error),
    }
}

/// Asks, on new connections, what became of a group whose commit went unanswered.
async fn resolve(
    database: &Database,
    plan: Plan<'_>,
    deadline: Instant,
) -> Result<Answers, GroupError> {
    let channels: Vec<ChannelId> = plan.group.channels.keys().copied().collect();
    let Some(first) = plan.first() else {
        return Ok(plan.answers);
    };
    loop {
        let asked = async {
            let writer = GroupWriter::connect(database).await?;
            writer.was_committed(plan.group.id, &channels, first).await
        };
        match asked.await {
            Ok(true) => return Ok(plan.answers),
            Ok(false) => {
                let error = StorageError::Unavailable("the commit did not happen".into());
                return Err(GroupError::Again(error));
            }
            Err(error) if Instant::now() >= deadline => {
                tracing::error!(%error, group = %plan.group.id, "it is unknown whether a group was stored");
                return Err(GroupError::Unknown);
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}
