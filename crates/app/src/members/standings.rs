//! What members may do, and whether they are silenced.

use discuss_domain::channels::Channel;
use discuss_domain::members::{Member, Standing, StandingChange, decide_standings};
use discuss_domain::permissions::{Action, require_may, require_right};
use discuss_domain::users::User;
use discuss_domain::{ChannelId, EventKind, UserId};
use discuss_storage::event_log::LoggedEvent;
use discuss_storage::{AsyncConnection, Connection, channels, members};

use super::require_current;
use crate::channels::{lock_in, now};
use crate::notes::Note;
use crate::permissions::require_entity_of;
use crate::{App, AppError, Context, events};

/// Changes how somebody stands; what is so already makes no event. Naming another owner hands the channel
/// over. Answers the member, and the channel.
pub async fn update(
    app: &App,
    context: &Context,
    (channel, user): (ChannelId, UserId),
    change: StandingChange,
) -> Result<((Member, User), Channel), AppError> {
    require_entity_of(context, channel).await?;
    let mut connection = app.connection().await?;
    let (logged, member, channel) = connection
        .transaction(async |connection| {
            let (logged, channel) =
                change_standing(connection, context, (channel, user), change).await?;
            let member = members::find_person(connection, channel.id, user).await?;
            Ok::<_, AppError>((logged, member.ok_or(AppError::MemberNotFound)?, channel))
        })
        .await?;
    events::announce(app, &logged);
    Ok((member, channel))
}

async fn change_standing(
    connection: &mut Connection,
    context: &Context,
    (id, user): (ChannelId, UserId),
    change: StandingChange,
) -> Result<(Vec<LoggedEvent>, Channel), AppError> {
    let (channel, membership) = lock_in(connection, context, id).await?;
    require_right(&channel, membership, Action::Silence)?;
    let own = Standing {
        user: context.user(),
        membership,
    };
    let membership = require_current(connection, id, user).await?;
    let other = Standing { user, membership };
    let standings = decide_standings(own, other, change)?;
    require_may(&channel, own.membership, Action::Silence)?;
    let mut logged = Vec::new();
    for standing in standings {
        logged.push(set_standing(connection, context, id, standing).await?);
    }
    Ok((logged, channel))
}

/// Makes a member stand like this from now on. The channel's row must be locked.
pub(crate) async fn set_standing(
    connection: &mut Connection,
    context: &Context,
    channel: ChannelId,
    standing: Standing,
) -> Result<LoggedEvent, AppError> {
    let Standing { user, membership } = standing;
    let after = channels::take_seq(connection, channel, 0, now()).await?;
    members::set_membership(connection, (channel, user), membership).await?;
    let changed = Note {
        membership: Some(membership),
        ..Note::about(&after, EventKind::MemberRoleChanged, vec![user])
    };
    Ok(changed.append(connection, context).await?)
}
