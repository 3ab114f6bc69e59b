//! Who is typing. Nothing of it is stored: a key in Redis that ends by itself, and a word to who is
//! connected.

use std::time::Duration;

use bytes::Bytes;
use discuss_domain::ChannelId;
use discuss_domain::channels::Channel;
use discuss_domain::members::Membership;
use discuss_domain::permissions::{Action, require_may};
use discuss_domain::presence::TOLD_UP_TO;
use discuss_domain::users::User;
use discuss_storage::redis::Topic;
use discuss_storage::{StorageError, users};
use discuss_wire::fanout::Fanout;
use discuss_wire::frames::ServerFrame;
use discuss_wire::typing::TypingView;

use crate::channels::{now, require_in};
use crate::permissions::require_entity_of;
use crate::{App, AppError, Context};

/// Typing that is not said again ends after this.
pub const LASTS: Duration = Duration::from_secs(10);

/// Tells the others in a channel that the caller types there, or does so no more; nobody in channels of more
/// than 200.
pub async fn tell(
    app: &App,
    context: &Context,
    channel: ChannelId,
    is_typing: bool,
) -> Result<(), AppError> {
    let (found, own) = find(app, context, channel).await?;
    require_may(&found, own, Action::React)?;
    if found.member_count > TOLD_UP_TO {
        return Ok(());
    }
    let message = Fanout::Typing {
        channel,
        user: context.user(),
        starts: is_typing,
        frame: frame(context, channel, is_typing)?,
    };
    let topic = Topic::Channel(context.tenant(), channel);
    let bytes = Bytes::from(message.encode());
    app.parts.fanout.publish(vec![(topic, bytes)]);
    Ok(keep(app, context, channel, is_typing).await?)
}

/// Who else is typing in a channel that the caller is in.
pub async fn list(app: &App, context: &Context, channel: ChannelId) -> Result<Vec<User>, AppError> {
    find(app, context, channel).await?;
    let mut store = app.parts.presence.store().await?;
    let typing = store.list_typing(context.tenant(), channel).await;
    let mut typing = typing.map_err(StorageError::from)?;
    typing.retain(|user| *user != context.user());
    if typing.is_empty() {
        return Ok(Vec::new());
    }
    let mut connection = app.connection().await?;
    let known = users::list(&mut connection, context.tenant(), &typing).await?;
    let known = |id| known.iter().find(|user| user.id == id).cloned();
    let typing = typing.into_iter();
    Ok(typing
        .map(|id| known(id).unwrap_or_else(|| User::unknown(id)))
        .collect())
}

async fn find(
    app: &App,
    context: &Context,
    channel: ChannelId,
) -> Result<(Channel, Membership), AppError> {
    require_entity_of(context, channel).await?;
    let mut connection = app.connection().await?;
    let (found, own) = require_in(&mut connection, context, channel).await?;
    Ok((found, own.membership))
}

fn frame(context: &Context, channel: ChannelId, is_typing: bool) -> Result<Bytes, AppError> {
    let caller = User {
        name: context.caller.name.clone(),
        ..User::unknown(context.user())
    };
    let view = TypingView::new(channel, &caller, is_typing);
    let frame = ServerFrame::new("TYPING_INDICATOR", view, now().timestamp_millis());
    frame.encode().map_err(|error| {
        tracing::error!(%error, "a frame can't be encoded");
        AppError::Internal
    })
}

async fn keep(
    app: &App,
    context: &Context,
    channel: ChannelId,
    is_typing: bool,
) -> Result<(), StorageError> {
    let mut store = app.parts.presence.store().await?;
    let (place, user) = ((context.tenant(), channel), context.user());
    if is_typing {
        let millis = u64::try_from(LASTS.as_millis()).unwrap_or(u64::MAX);
        store.type_for(place, user, millis).await?;
    } else {
        store.type_no_more(place, user).await?;
    }
    Ok(())
}
