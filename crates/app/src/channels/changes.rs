//! Changing channels: what they are called, who may know of them, the archive.

use chrono::{DateTime, Utc};
use discuss_domain::channels::{Channel, ChannelChanges, Seen, require_may_change};
use discuss_domain::members::Membership;
use discuss_domain::permissions::{Action, NotInChannel, Refused, require_may, require_member};
use discuss_domain::{ChannelId, EventKind};
use discuss_storage::event_log::LoggedEvent;
use discuss_storage::{AsyncConnection, Connection, channels, members};

use super::{now, seen};
use crate::notes::Note;
use crate::permissions::require_entity_of;
use crate::{App, AppError, Context, events};

/// Changes a channel; what is so already makes no event.
pub async fn update(
    app: &App,
    context: &Context,
    id: ChannelId,
    changes: ChannelChanges,
) -> Result<Seen, AppError> {
    require_entity_of(context, id).await?;
    let mut connection = app.connection().await?;
    let logged = connection
        .transaction(async |connection| {
            let (channel, own) = lock_in(connection, context, id).await?;
            require_may_change(&channel, own, &changes)?;
            let changed = changes.applied_to(&channel);
            if changed == channel {
                return Ok::<_, AppError>(None);
            }
            let after = channels::update(connection, &changed, now()).await?;
            let updated = Note::of(&after, EventKind::ChannelUpdated);
            Ok(Some(updated.append(connection, context).await?))
        })
        .await?;
    events::announce(app, logged.as_slice());
    seen(&mut connection, context, id).await
}

/// Archives a channel; one that is archived stays so.
pub async fn archive(app: &App, context: &Context, id: ChannelId) -> Result<Seen, AppError> {
    set_archived(app, context, id, Some(now())).await
}

/// Takes a channel out of the archive; one that is not in it stays as it is.
pub async fn unarchive(app: &App, context: &Context, id: ChannelId) -> Result<Seen, AppError> {
    set_archived(app, context, id, None).await
}

async fn set_archived(
    app: &App,
    context: &Context,
    id: ChannelId,
    archived_at: Option<DateTime<Utc>>,
) -> Result<Seen, AppError> {
    require_entity_of(context, id).await?;
    let mut connection = app.connection().await?;
    let logged = connection
        .transaction(async |connection| {
            let (channel, own) = lock_in(connection, context, id).await?;
            require_may(&channel, own, Action::Archive)?;
            if channel.archived_at.is_some() == archived_at.is_some() {
                return Ok(None);
            }
            if archived_at.is_none() && channels::is_merged(connection, id).await? {
                return Err(AppError::from(Refused::Archived));
            }
            move_to_archive(connection, context, &channel, archived_at)
                .await
                .map(Some)
        })
        .await?;
    events::announce(app, logged.as_slice());
    seen(&mut connection, context, id).await
}

/// Archives a channel, or takes it out of the archive. Its row must be locked.
async fn move_to_archive(
    connection: &mut Connection,
    context: &Context,
    channel: &Channel,
    archived_at: Option<DateTime<Utc>>,
) -> Result<LoggedEvent, AppError> {
    let after = channels::set_archived(connection, channel.id, archived_at, now()).await?;
    let kind = match archived_at {
        Some(_) => EventKind::ChannelArchived,
        None => EventKind::ChannelUpdated,
    };
    Ok(Note::of(&after, kind).append(connection, context).await?)
}

/// Locks a channel, and only then looks how the caller stands in it.
pub(crate) async fn lock_in(
    connection: &mut Connection,
    context: &Context,
    id: ChannelId,
) -> Result<(Channel, Membership), AppError> {
    let channel = channels::find_for_update(connection, context.tenant(), id).await?;
    let channel = channel.ok_or(NotInChannel::Unknown)?;
    let own = members::find(connection, id, context.user()).await?;
    let own = require_member(&channel, own.map(|member| member.membership))?;
    Ok((channel, own))
}
