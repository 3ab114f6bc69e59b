//! Coming into a channel by oneself, and going.

use discuss_domain::channels::Channel;
use discuss_domain::members::{MemberStatus, Membership, Standing, decide_join};
use discuss_domain::permissions::{Action, NotInChannel, Refused, require_may};
use discuss_domain::{ChannelId, EventKind};
use discuss_storage::event_log::LoggedEvent;
use discuss_storage::{AsyncConnection, Connection, channels, members};

use super::{set_standing, take_in};
use crate::channels::{lock_in, now};
use crate::notes::Note;
use crate::{App, AppError, Context, events};

/// Brings the caller into a public group; who is in it already stays as they are.
pub async fn join(app: &App, context: &Context, channel: ChannelId) -> Result<(), AppError> {
    let mut connection = app.connection().await?;
    let logged = connection
        .transaction(async |connection| come_in(connection, context, channel).await)
        .await?;
    events::announce(app, &logged);
    Ok(())
}

async fn come_in(
    connection: &mut Connection,
    context: &Context,
    id: ChannelId,
) -> Result<Vec<LoggedEvent>, AppError> {
    let channel = channels::find_for_update(connection, context.tenant(), id).await?;
    let channel = channel.ok_or(NotInChannel::Unknown)?;
    let former = members::find_former(connection, id, context.user()).await?;
    match decide_join(&channel, former)? {
        Some(membership) => come_in_as(connection, context, &channel, membership).await,
        None => Ok(Vec::new()),
    }
}

/// Brings the caller into a channel that is locked, as what was decided.
pub(crate) async fn come_in_as(
    connection: &mut Connection,
    context: &Context,
    channel: &Channel,
    membership: Membership,
) -> Result<Vec<LoggedEvent>, AppError> {
    let user = context.user();
    let place = (channel, membership.role);
    let mut logged = vec![take_in(connection, context, vec![user], place).await?];
    // Who joins is active at first.
    if membership.status == MemberStatus::Muted {
        let silenced = Standing { user, membership };
        logged.push(set_standing(connection, context, channel.id, silenced).await?);
    }
    Ok(logged)
}

/// Ends the caller's membership.
pub async fn leave(app: &App, context: &Context, channel: ChannelId) -> Result<(), AppError> {
    let mut connection = app.connection().await?;
    let event = connection
        .transaction(async |connection| {
            let (channel, own) = lock_in(connection, context, channel).await?;
            require_may(&channel, own, Action::Leave).map_err(why_not)?;
            let after = channels::take_seq(connection, channel.id, -1, now()).await?;
            let user = context.user();
            members::leave(connection, channel.id, user, after.updated_at).await?;
            let left = Note::about(&after, EventKind::MemberLeft, vec![user]);
            Ok::<_, AppError>(left.append(connection, context).await?)
        })
        .await?;
    events::announce(app, &[event]);
    Ok(())
}

/// Of the roles only the owner's is one that may not leave.
fn why_not(refused: Refused) -> AppError {
    match refused {
        Refused::Denied(_) => AppError::OwnerCannotLeave,
        Refused::InDirect | Refused::Archived => refused.into(),
    }
}
