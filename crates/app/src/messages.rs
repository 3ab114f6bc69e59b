//! Messages: sending and reading them.

use discuss_domain::channels::Channel;
use discuss_domain::members::Member;
use discuss_domain::messages::history::{Cursor, Scope, Stretch};
use discuss_domain::messages::receipts::Viewpoint;
use discuss_domain::messages::{Draft, Fingerprint, Message, SendError};
use discuss_domain::permissions::{NotInChannel, require_current};
use discuss_domain::{ChannelId, MessageId};
use discuss_storage::Connection;
use discuss_storage::messages as stored;
use discuss_storage::messages::history::{Outlook, find_outlook};

use crate::channels::require_in;
use crate::permissions::{require_entity_of, require_entity_of_message};
use crate::rate_limits::Verdict;
use crate::writer::{Command, Outcome, Send};
use crate::{App, AppError, Context, mentions, receipts};

pub mod change;

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
    // The fingerprint is of what arrived, whomever its names name by now.
    let fingerprint = Fingerprint::of(channel, &draft);
    let mentions = mentions::find(app, context, channel, &draft).await?;
    let draft = Draft {
        mentions: mentions.people,
        ..draft
    };
    let send = Send {
        tenant: context.tenant(),
        channel,
        sender: context.person(),
        fingerprint,
        draft,
        everyone: mentions.everyone,
        correlation_id: context.correlation_id.clone(),
        traceparent: context.traceparent.clone(),
    };
    match app.parts.writer.carry_out(Command::Send(send)).await? {
        Outcome::Stored(message) => Ok(Sent {
            message: *message,
            is_repeat: false,
        }),
        Outcome::Known(id) => Ok(Sent {
            message: find(app, context, id).await?,
            is_repeat: true,
        }),
        // No answer to a send.
        Outcome::Changed(_) | Outcome::Unchanged(_) => Err(AppError::Internal),
    }
}

/// Sends a message, unless its sender has called too often: what was stored before is answered even then.
pub async fn send_within(
    app: &App,
    context: &Context,
    verdict: Verdict,
    channel: ChannelId,
    draft: Draft,
) -> Result<Sent, AppError> {
    match verdict.require() {
        Ok(()) => send(app, context, channel, draft).await,
        Err(too_often) => {
            let stored = repeat(app, context, channel, &draft).await?;
            stored.ok_or(too_often)
        }
    }
}

/// What an earlier send of the same client id has stored, decided as the writer decides it.
async fn repeat(
    app: &App,
    context: &Context,
    channel: ChannelId,
    draft: &Draft,
) -> Result<Option<Sent>, AppError> {
    let Some(client_id) = draft.client_message_id else {
        return Ok(None);
    };
    let sender = (context.tenant(), context.user());
    require_entity_of(context, channel).await?;
    let mut connection = app.connection().await?;
    let Some(known) = stored::find_known(&mut connection, sender, client_id).await? else {
        return Ok(None);
    };
    require_in(&mut connection, context, channel).await?;
    if known.fingerprint != Fingerprint::of(channel, draft) {
        return Err(SendError::Conflict.into());
    }
    let message = stored::find(&mut connection, context.tenant(), known.id).await?;
    Ok(Some(Sent {
        message: message.ok_or(AppError::MessageNotFound)?,
        is_repeat: true,
    }))
}

async fn find(app: &App, context: &Context, id: MessageId) -> Result<Message, AppError> {
    let mut connection = app.connection().await?;
    let message = stored::find(&mut connection, context.tenant(), id).await?;
    message.ok_or(AppError::MessageNotFound)
}

/// One message, for the members of its channel, and where the caller stands. Whoever may not know of its
/// channel is told that there is none.
pub async fn get(
    app: &App,
    context: &Context,
    id: MessageId,
) -> Result<(Message, Viewpoint), AppError> {
    require_entity_of_message(context, id).await?;
    let mut connection = app.connection().await?;
    let (message, channel, member) = find_readable(&mut connection, context, id).await?;
    let view = receipts::viewpoint(&mut connection, &channel, &member).await?;
    Ok((message, view))
}

/// A message that the caller may read, with its channel and their membership of that. Of a business record's
/// channel, the record's service must have been asked before.
pub(crate) async fn find_readable(
    connection: &mut Connection,
    context: &Context,
    id: MessageId,
) -> Result<(Message, Channel, Member), AppError> {
    let message = stored::find(connection, context.tenant(), id).await?;
    let message = message.ok_or(AppError::MessageNotFound)?;
    match require_in(connection, context, message.channel_id).await {
        Ok((channel, member)) => Ok((message, channel, member)),
        Err(AppError::NotInChannel(NotInChannel::Unknown)) => Err(AppError::MessageNotFound),
        Err(error) => Err(error),
    }
}

/// A stretch of a channel's history.
#[derive(Debug)]
pub struct History {
    /// The messages, newest first.
    pub messages: Vec<Message>,
    /// There are older ones.
    pub has_older: bool,
    /// There are newer ones.
    pub has_newer: bool,
    /// How many there are in all.
    pub total: i64,
    /// Where the caller stands.
    pub view: Viewpoint,
}

/// The messages from a cursor on, at most `limit`.
pub async fn list(
    app: &App,
    context: &Context,
    channel: ChannelId,
    scope: Scope,
    (cursor, limit): (Cursor, i64),
) -> Result<History, AppError> {
    require_entity_of(context, channel).await?;
    let mut connection = app.connection().await?;
    let outlook = look(&mut connection, context, channel, cursor.message()).await?;
    let place = outlook.anchor.map(|anchor| scope.place(anchor));
    let total = scope.count(outlook.counters);
    let stretch =
        Stretch::of_cursor(cursor, place, limit, total).ok_or(AppError::MessageNotFound)?;
    read(&mut connection, channel, scope, (stretch, outlook)).await
}

/// A page of a channel's messages by number and size.
pub async fn list_page(
    app: &App,
    context: &Context,
    channel: ChannelId,
    scope: Scope,
    (page, size): (i64, i64),
) -> Result<History, AppError> {
    require_entity_of(context, channel).await?;
    let mut connection = app.connection().await?;
    let outlook = look(&mut connection, context, channel, None).await?;
    let stretch = Stretch::of_page(page, size, scope.count(outlook.counters));
    read(&mut connection, channel, scope, (stretch, outlook)).await
}

/// Looks at a channel for somebody who is in it.
async fn look(
    connection: &mut Connection,
    context: &Context,
    channel: ChannelId,
    message: Option<MessageId>,
) -> Result<Outlook, AppError> {
    let reader = (context.tenant(), context.user());
    let outlook = find_outlook(connection, reader, channel, message).await?;
    let outlook = outlook.ok_or(NotInChannel::Unknown)?;
    require_current(outlook.kind, outlook.is_private, outlook.membership)?;
    Ok(outlook)
}

async fn read(
    connection: &mut Connection,
    channel: ChannelId,
    scope: Scope,
    (stretch, outlook): (Stretch, Outlook),
) -> Result<History, AppError> {
    let messages = if stretch.is_empty() {
        Vec::new()
    } else {
        stored::list(connection, channel, scope, stretch).await?
    };
    let total = scope.count(outlook.counters);
    Ok(History {
        messages,
        has_older: stretch.has_older(),
        has_newer: stretch.has_newer(total),
        total,
        view: outlook.viewpoint,
    })
}
