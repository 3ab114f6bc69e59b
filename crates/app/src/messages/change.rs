//! Changing messages that are there, through the writer; and what they said before.

use discuss_domain::messages::change::Change;
use discuss_domain::messages::{Content, EarlierVersion, Message};
use discuss_domain::permissions::Action;
use discuss_domain::{ChannelId, MessageId};
use discuss_storage::messages as stored;

use super::find_readable;
use crate::permissions::{require_entity_of, require_entity_of_message};
use crate::writer::{Command, MessageChange, Outcome};
use crate::{App, AppError, Context, mentions};

/// A message, and the channel in which it must be if one was named.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The channel.
    pub channel: Option<ChannelId>,
    /// The message.
    pub message: MessageId,
}

/// A message of whatever channel.
impl From<MessageId> for Target {
    fn from(message: MessageId) -> Self {
        Self {
            channel: None,
            message,
        }
    }
}

/// A message of this channel.
impl From<(ChannelId, MessageId)> for Target {
    fn from((channel, message): (ChannelId, MessageId)) -> Self {
        Self {
            channel: Some(channel),
            message,
        }
    }
}

/// A message as it is now.
#[derive(Debug)]
pub struct Changed {
    /// The message.
    pub message: Message,
    /// It was like that before.
    pub is_repeat: bool,
}

/// Makes a message say something else; `window` is how long after it was sent that may be done.
pub async fn edit(
    app: &App,
    context: &Context,
    target: Target,
    (content, window): (Content, std::time::Duration),
) -> Result<Changed, AppError> {
    let mentions = mentions::find_edited(app, context, target.message, &content).await?;
    let window = chrono::TimeDelta::from_std(window).unwrap_or(chrono::TimeDelta::MAX);
    let edit = Change::Edit {
        content,
        mentions,
        window,
    };
    change(app, context, target, edit).await
}

/// Makes a message a tombstone.
pub async fn delete(app: &App, context: &Context, target: Target) -> Result<Changed, AppError> {
    change(app, context, target, Change::Delete).await
}

/// Changes a message: durable when this returns. Who may not read it is told that there is none.
pub(crate) async fn change(
    app: &App,
    context: &Context,
    target: Target,
    change: Change,
) -> Result<Changed, AppError> {
    let channel = channel_of(app, context, target).await?;
    require_entity_of(context, channel).await?;
    let change = MessageChange {
        tenant: context.tenant(),
        channel,
        user: context.user(),
        message: target.message,
        change,
        correlation_id: context.correlation_id.clone(),
        traceparent: context.traceparent.clone(),
    };
    let outcome = app.parts.writer.carry_out(Command::Change(change)).await?;
    match outcome {
        Outcome::Changed(message) => Ok(Changed {
            message: *message,
            is_repeat: false,
        }),
        Outcome::Unchanged(message) => Ok(Changed {
            message: *message,
            is_repeat: true,
        }),
        // No answer to a change.
        Outcome::Stored(_) | Outcome::Known(_) => Err(AppError::Internal),
    }
}

/// The channel whose lane changes the message. Whether the caller may is decided there.
async fn channel_of(app: &App, context: &Context, target: Target) -> Result<ChannelId, AppError> {
    if let Some(channel) = target.channel {
        return Ok(channel);
    }
    let mut connection = app.connection().await?;
    let found = stored::find_channel(&mut connection, context.tenant(), target.message).await?;
    found.ok_or(AppError::MessageNotFound)
}

/// A page of what a message said before it was edited, the newest first, and how many versions there
/// are; for its sender and for those who moderate.
pub async fn list_versions(
    app: &App,
    context: &Context,
    id: MessageId,
    (page, size): (i64, i64),
) -> Result<(Vec<EarlierVersion>, i64), AppError> {
    require_entity_of_message(context, id).await?;
    let mut connection = app.connection().await?;
    let (message, _, member) = find_readable(&mut connection, context, id).await?;
    if message.sender.id != context.user() {
        member.membership.require(Action::SeeVersions)?;
    }
    let total = stored::edits::newest(&mut connection, id).await?;
    let newest = total.saturating_sub(page.saturating_mul(size));
    if newest <= 0 {
        return Ok((Vec::new(), total));
    }
    let versions = stored::edits::list_numbered(&mut connection, id, newest, size).await?;
    Ok((versions, total))
}
