//! Messages: sending and reading them.

use discuss_domain::messages::{Draft, Fingerprint, Message};
use discuss_domain::{ChannelId, MessageId};
use discuss_storage::messages as stored;
use discuss_wire::paging::Cursor;

use crate::channels::require_in;
use crate::permissions::require_entity_of;
use crate::writer::{Outcome, Send};
use crate::{App, AppError, Context};

/// A message that is stored.
#[derive(Debug)]
pub struct Sent {
    /// The message.
    pub message: Message,
    /// It was stored by an earlier send with the same client id.
    pub is_repeat: bool,
}

/// Sends a message: durable when this returns.
pub async fn send(
    app: &App,
    context: &Context,
    channel: ChannelId,
    draft: Draft,
) -> Result<Sent, AppError> {
    require_entity_of(context, channel).await?;
    let send = Send {
        tenant: context.tenant(),
        channel,
        sender: context.person(),
        fingerprint: Fingerprint::of(channel, &draft),
        draft,
        correlation_id: context.correlation_id.clone(),
        traceparent: context.traceparent.clone(),
    };
    match app.parts.writer.send(send).await? {
        Outcome::Stored(message) => Ok(Sent {
            message: *message,
            is_repeat: false,
        }),
        Outcome::Known(id) => Ok(Sent {
            message: find(app, context, id).await?,
            is_repeat: true,
        }),
    }
}

async fn find(app: &App, context: &Context, id: MessageId) -> Result<Message, AppError> {
    let mut connection = app.connection().await?;
    let message = stored::find(&mut connection, context.tenant(), id).await?;
    message.ok_or(AppError::MessageNotFound)
}

/// One message, for the members of its channel. Whoever may not read it is told that there is none.
pub async fn get(app: &App, context: &Context, id: MessageId) -> Result<Message, AppError> {
    let mut connection = app.connection().await?;
    let message = stored::find(&mut connection, context.tenant(), id).await?;
    let message = message.ok_or(AppError::MessageNotFound)?;
    match require_in(&mut connection, context, message.channel_id).await {
        Ok(_) => Ok(message),
        Err(AppError::NotInChannel(_)) => Err(AppError::MessageNotFound),
        Err(error) => Err(error),
    }
}

/// Messages, newest first.
#[derive(Debug)]
pub struct History {
    /// The messages.
    pub messages: Vec<Message>,
    /// There are older ones.
    pub has_older: bool,
    /// There are newer ones.
    pub has_newer: bool,
}

/// A stretch of a channel's messages, at most `limit`.
pub async fn list(
    app: &App,
    context: &Context,
    channel: ChannelId,
    from: Cursor,
    limit: i64,
) -> Result<History, AppError> {
    let mut connection = app.connection().await?;
    require_in(&mut connection, context, channel).await?;
    let one_more = limit.saturating_add(1);
    let seq = match from {
        Cursor::Newest => None,
        Cursor::Before(id) | Cursor::After(id) => {
            let seq = stored::find_seq(&mut connection, channel, id).await?;
            Some(seq.ok_or(AppError::MessageNotFound)?)
        }
    };
    let mut messages = match (from, seq) {
        (Cursor::After(_), Some(seq)) => {
            stored::list_after(&mut connection, channel, seq, one_more).await?
        }
        (_, seq) => stored::list_before(&mut connection, channel, seq, one_more).await?,
    };
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_cut = messages.len() > size;
    messages.truncate(size);
    let goes_on = matches!(from, Cursor::After(_));
    if goes_on {
        messages.reverse();
    }
    let has_older = if goes_on { true } else { is_cut };
    let has_newer = if goes_on { is_cut } else { seq.is_some() };
    Ok(History {
        messages,
        has_older,
        has_newer,
    })
}

/// A page of a channel's messages by number, newest first, and how many there are in all.
pub async fn list_page(
    app: &App,
    context: &Context,
    channel: ChannelId,
    (page, size): (i64, i64),
) -> Result<(Vec<Message>, i64), AppError> {
    let mut connection = app.connection().await?;
    let (channel, _) = require_in(&mut connection, context, channel).await?;
    let total = channel.counters.message_count;
    let newest = total.saturating_sub(page.saturating_mul(size));
    if newest <= 0 {
        return Ok((Vec::new(), total));
    }
    Ok((
        stored::list_numbered(&mut connection, channel.id, newest, size).await?,
        total,
    ))
}
