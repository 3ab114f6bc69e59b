//! The channel of a record that somebody opens by hand.
//!
//! Opening is a creation of the record that is older than all of its events: whatever they say of it wins,
//! whenever they come, and the channel is the same. Who opens the channel is its owner and stays so; who made
//! the record becomes an owner too, once that is heard of.

use discuss_domain::ChannelId;
use discuss_domain::entities::{EntityEvent, Facts, Happened, Label, RecordRef, Version};
use discuss_domain::members::{MemberStatus, returning};
use discuss_domain::permissions::{NotInChannel, Refused};
use discuss_storage::event_log::LoggedEvent;
use discuss_storage::{AsyncConnection, Connection, channels, members};

use super::locked::LockedGroup;
use super::{retried, take};
use crate::members::come_in_as;
use crate::{App, AppError, Context, events};

/// Whether the channel was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// It was.
    Found,
    /// It was made.
    Made,
}

/// The channel of a record, made if there is none, with the caller in it.
pub(crate) async fn open(
    app: &App,
    context: &Context,
    record: &RecordRef,
    name: Option<&Label>,
) -> Result<(ChannelId, Opened), AppError> {
    let once = || async {
        let mut connection = app.connection().await?;
        connection
            .transaction(async |connection| open_in(connection, context, record, name).await)
            .await
    };
    let (channel, opened, logged) = retried(once).await?;
    events::announce(app, &logged);
    Ok((channel, opened))
}

async fn open_in(
    connection: &mut Connection,
    context: &Context,
    record: &RecordRef,
    name: Option<&Label>,
) -> Result<(ChannelId, Opened, Vec<LoggedEvent>), AppError> {
    let named = std::slice::from_ref(record);
    let locked = LockedGroup::lock(connection, context.tenant(), named).await?;
    if let Some(channel) = locked.channels.first().copied() {
        let logged = join_existing(connection, context, channel).await?;
        return Ok((channel, Opened::Found, logged));
    }
    let state = locked.group.records.get(record);
    if state.is_some_and(|state| state.gone_at_ms().is_some()) {
        return Err(Refused::Archived.into());
    }
    let logged = take(connection, context, &opening(context, record, name)).await?;
    let made = channels::find_topic(connection, context.tenant(), record).await?;
    let made = made.ok_or(AppError::Internal)?;
    Ok((made.id, Opened::Made, logged))
}

fn opening(context: &Context, record: &RecordRef, name: Option<&Label>) -> EntityEvent {
    EntityEvent {
        tenant: context.tenant(),
        record: record.clone(),
        version: Version {
            at_ms: 0,
            event: String::new(),
        },
        happened: Happened::Created {
            by: Some(context.user()),
        },
        facts: Facts {
            name: name.cloned(),
            ..Facts::default()
        },
    }
}

/// Who was removed does not come back by themselves; whoever left does as what they were.
async fn join_existing(
    connection: &mut Connection,
    context: &Context,
    channel: ChannelId,
) -> Result<Vec<LoggedEvent>, AppError> {
    let channel = channels::find_for_update(connection, context.tenant(), channel).await?;
    let channel = channel.ok_or(NotInChannel::Unknown)?;
    let former = members::find_former(connection, channel.id, context.user()).await?;
    match former.map(|former| former.membership.status) {
        Some(status) if status.is_current() => Ok(Vec::new()),
        Some(MemberStatus::Removed) => Err(NotInChannel::NotMember.into()),
        _ if channel.archived_at.is_some() => Err(Refused::Archived.into()),
        _ => come_in_as(connection, context, &channel, returning(former)).await,
    }
}
