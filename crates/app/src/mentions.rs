//! Whom a draft, or what a message is edited to, mentions: by its field, and by its text among the members of its channel.

use discuss_domain::messages::mentions::{Mentions, Written};
use discuss_domain::messages::{Content, Draft};
use discuss_domain::{ChannelId, MessageId, UserId};
use discuss_storage::messages;
use discuss_storage::messages::mentions as stored;
use discuss_wire::errors::FieldError;

use crate::{App, AppError, Context};

/// Whom the caller's draft for a channel mentions. Ids may be of people who are not in the channel; names
/// are only looked up among its members, and only if the text has any.
pub(crate) async fn find(
    app: &App,
    context: &Context,
    channel: ChannelId,
    draft: &Draft,
) -> Result<Mentions, AppError> {
    let written = Written::of(draft.kind, draft.content.as_str());
    let members = list_named(app, context, channel, written.names()).await?;
    let found = written.complete(&draft.mentions, &members, context.user());
    Ok(found.map_err(FieldError::from)?)
}

/// Whom a message of the caller mentions after it is edited: whom its new text names, and whom it mentioned before
/// without naming them in its text.
pub(crate) async fn find_edited(
    app: &App,
    context: &Context,
    message: MessageId,
    content: &Content,
) -> Result<Mentions, AppError> {
    let before = messages::find(&mut *app.connection().await?, context.tenant(), message).await?;
    let before = before.ok_or(AppError::MessageNotFound)?;
    let text = before.content.as_deref().unwrap_or_default();
    let (old, new) = (
        Written::of(before.kind, text),
        Written::of(before.kind, content.as_str()),
    );
    let names = [old.names(), new.names()].concat();
    let members = list_named(app, context, before.channel_id, names).await?;
    let named = old.complete(&[], &members, context.user());
    let named = named.map_err(FieldError::from)?.people;
    let mut unnamed = before.mentions;
    unnamed.retain(|user| !named.contains(user));
    let found = new.complete(&unnamed, &members, context.user());
    Ok(found.map_err(FieldError::from)?)
}

async fn list_named(
    app: &App,
    context: &Context,
    channel: ChannelId,
    names: Vec<String>,
) -> Result<Vec<(UserId, String)>, AppError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut connection = app.connection().await?;
    let reader = (context.tenant(), context.user());
    Ok(stored::list_named(&mut connection, reader, channel, &names).await?)
}
