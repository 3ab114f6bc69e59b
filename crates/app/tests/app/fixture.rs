//! What the tests of the use cases share.

use std::fmt::Debug;

use discuss_app::AppError;
use discuss_domain::messages::Draft;
use discuss_domain::{ChannelId, UserId};
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;
use tokio_postgres::Client;
use uuid::Uuid;

/// The symbol of a refusal.
pub(crate) fn refusal<T: Debug>(result: Result<T, AppError>) -> ErrorCode {
    result.unwrap_err().code()
}

pub(crate) fn users(ids: &[i64]) -> Vec<UserId> {
    ids.iter().copied().map(UserId::from).collect()
}

/// What somebody wants to say under a client id of its own.
pub(crate) fn with_id(text: &str) -> Draft {
    Draft {
        client_message_id: Some(Uuid::new_v4().into()),
        ..World::draft(text)
    }
}

/// Locks a channel's row until the client commits, rolls back or is dropped.
pub(crate) async fn lock(world: &World, channel: ChannelId) -> Client {
    let client = world.database.client().await;
    let sql = format!("BEGIN; SELECT 1 FROM channels WHERE id = {channel} FOR UPDATE");
    client.batch_execute(&sql).await.unwrap();
    client
}

/// Groups of 1 (the owner), 2 and 3 that share a lane of the writer.
pub(crate) async fn of_one_lane(world: &World, many: usize) -> Vec<ChannelId> {
    let mut channels = Vec::new();
    while channels.len() < many {
        let channel = world.group(1, &[2, 3]).await;
        if channel.get() % 4 == 1 {
            channels.push(channel);
        }
    }
    channels
}

/// Changes the standing of somebody who has sent nothing yet, or of a channel in which nothing was
/// sent yet: later the writer would have to be told by a seq.
pub(crate) async fn change(world: &World, sql: &str) {
    world.execute(sql).await;
}

/// How many messages of this content there are.
pub(crate) async fn stored(world: &World, content: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM messages WHERE content = '{content}'");
    world.number(&sql).await
}
