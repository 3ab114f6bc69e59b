//! Threads: reading them, and following them. A reply is sent as any message is.

use discuss_domain::MessageId;
use discuss_domain::channels::Channel;
use discuss_domain::members::Member;
use discuss_domain::messages::Message;
use discuss_domain::messages::receipts::Viewpoint;
use discuss_domain::permissions::{Action, require_may};
use discuss_storage::{Connection, messages as stored, threads};

use crate::messages::change::Target;
use crate::messages::find_readable;
use crate::permissions::require_entity_of_message;
use crate::{App, AppError, Context, receipts};

pub use discuss_storage::threads::Following;

/// A page of the replies to a message, oldest first, and how many there are in all; deleted ones are
/// among them; and where the caller stands. A reply stands for the thread that it is in.
pub async fn list(
    app: &App,
    context: &Context,
    target: Target,
    (page, size): (i64, i64),
) -> Result<(Vec<Message>, i64, Viewpoint), AppError> {
    require_entity_of_message(context, target.message).await?;
    let mut connection = app.connection().await?;
    let (root, channel, member) = find_root(&mut connection, context, target).await?;
    let view = receipts::viewpoint(&mut connection, &channel, &member).await?;
    let total = root.thread.newest_no;
    let after = page.saturating_mul(size);
    if after >= total {
        return Ok((Vec::new(), total, view));
    }
    let replies = threads::list_numbered(&mut connection, root.id, after, size).await?;
    Ok((replies, total, view))
}

/// Follows the thread of a message, or ceases to; answers its root.
pub async fn set_following(
    app: &App,
    context: &Context,
    message: MessageId,
    following: Following,
) -> Result<MessageId, AppError> {
    require_entity_of_message(context, message).await?;
    let mut connection = app.connection().await?;
    let (root, channel, own) = find_root(&mut connection, context, message.into()).await?;
    require_may(&channel, own.membership, Action::React)?;
    threads::set_following(&mut connection, root.id, context.user(), following).await?;
    Ok(root.id)
}

/// The root of the thread that a message is in, with its channel and the caller's membership. Who may not know of it is told that there is none.
async fn find_root(
    connection: &mut Connection,
    context: &Context,
    target: Target,
) -> Result<(Message, Channel, Member), AppError> {
    let (message, channel, member) = find_readable(connection, context, target.message).await?;
    if target
        .channel
        .is_some_and(|channel| channel != message.channel_id)
    {
        return Err(AppError::MessageNotFound);
    }
    let Some(root) = message.parent_id else {
        return Ok((message, channel, member));
    };
    let root = stored::find(connection, context.tenant(), root).await?;
    Ok((root.ok_or(AppError::MessageNotFound)?, channel, member))
}
