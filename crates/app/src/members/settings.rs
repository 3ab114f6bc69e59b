//! What members want for themselves: nobody is told of it.

use discuss_domain::ChannelId;
use discuss_domain::channels::Channel;
use discuss_domain::members::{Member, OwnSettings};
use discuss_domain::permissions::{NotInChannel, Refused};
use discuss_storage::members;

use crate::channels::require_in;
use crate::permissions::require_entity_of;
use crate::{App, AppError, Context};

/// Changes what the caller wants in a channel. Answers their membership, and the channel.
pub async fn update_own(
    app: &App,
    context: &Context,
    id: ChannelId,
    settings: OwnSettings,
) -> Result<(Member, Channel), AppError> {
    require_entity_of(context, id).await?;
    let mut connection = app.connection().await?;
    let (channel, own) = require_in(&mut connection, context, id).await?;
    if channel.archived_at.is_some() {
        return Err(Refused::Archived.into());
    }
    if settings == OwnSettings::default() {
        return Ok((own, channel));
    }
    let person = (id, context.user());
    let changed = members::set_settings(&mut connection, person, settings).await?;
    Ok((changed.ok_or(NotInChannel::Unknown)?, channel))
}
