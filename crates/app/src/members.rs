//! Members: listing, adding and removing them.

use discuss_domain::channels::{Channel, ChannelKind};
use discuss_domain::members::{Member, ReadMark, Role};
use discuss_domain::permissions::{Action, NotInChannel, require_member};
use discuss_domain::users::User;
use discuss_domain::{ChannelId, EventKind, Seq, UserId};
use discuss_storage::event_log::{LoggedEvent, NewEvent};
use discuss_storage::members::Joining;
use discuss_storage::{AsyncConnection, Connection, channels, event_log, members};

use crate::channels::{now, require_in};
use crate::permissions::require_entity_of;
use crate::users::require_newcomers;
use crate::{App, AppError, Context, events};

/// A page of a channel's members, and the channel. Only for members.
pub async fn list(
    app: &App,
    context: &Context,
    channel: ChannelId,
    (page, size): (i64, i64),
) -> Result<(Vec<(Member, User)>, Channel), AppError> {
    let mut connection = app.connection().await?;
    let (channel, _) = require_in(&mut connection, context, channel).await?;
    let offset = page.saturating_mul(size);
    let found = members::list(&mut connection, channel.id, offset, size).await?;
    Ok((found, channel))
}

/// Adds people; who is in the channel already stays as they are. Answers who was added.
pub async fn add(
    app: &App,
    context: &Context,
    channel: ChannelId,
    users: &[UserId],
    role: Role,
) -> Result<Vec<UserId>, AppError> {
    require_entity_of(context, channel).await?;
    require_newcomers(app, context, channel, users).await?;
    let mut connection = app.connection().await?;
    let added = connection
        .transaction(async |connection| {
            let channel = lock_for_change(connection, context, channel, Change::Add(role)).await?;
            let current = members::list_current(connection, channel.id, users).await?;
            let new = newcomers(users, &current);
            if new.is_empty() {
                return Ok(None);
            }
            join(connection, context, &channel, new, role)
                .await
                .map(Some)
        })
        .await?;
    let Some(event) = added else {
        return Ok(Vec::new());
    };
    app.parts.fanout.publish(events::publication(&event));
    Ok(event.users)
}

/// Who is to be added: each once, however often they are named.
fn newcomers(users: &[UserId], current: &[UserId]) -> Vec<UserId> {
    let mut new = users.to_vec();
    new.retain(|user| !current.contains(user));
    new.sort_unstable();
    new.dedup();
    new
}

pub(crate) async fn join(
    connection: &mut Connection,
    context: &Context,
    channel: &Channel,
    new: Vec<UserId>,
    role: Role,
) -> Result<LoggedEvent, AppError> {
    let at = now();
    let more = i32::try_from(new.len()).unwrap_or(i32::MAX);
    let seq = channels::take_seq(connection, channel.id, more, at).await?;
    let read = ReadMark {
        message_id: None,
        seq,
        count: channel.counters.unread_count_base,
    };
    let tenant = channel.tenant_id;
    let joining = Joining {
        tenant,
        channel: channel.id,
        users: &new,
        role,
        read,
        at,
    };
    members::join(connection, &joining).await?;
    log(
        connection,
        context,
        channel,
        EventKind::MemberAdded,
        (seq, new),
    )
    .await
}

/// Removes somebody from a channel.
pub async fn remove(
    app: &App,
    context: &Context,
    channel: ChannelId,
    user: UserId,
) -> Result<(), AppError> {
    require_entity_of(context, channel).await?;
    let mut connection = app.connection().await?;
    let event = connection
        .transaction(async |connection| {
            let change = Change::Remove(user);
            let channel = lock_for_change(connection, context, channel, change).await?;
            let at = now();
            let seq = channels::take_seq(connection, channel.id, -1, at).await?;
            members::remove(connection, channel.id, user, context.user(), at).await?;
            log(
                connection,
                context,
                &channel,
                EventKind::MemberRemoved,
                (seq, vec![user]),
            )
            .await
        })
        .await?;
    app.parts.fanout.publish(events::publication(&event));
    Ok(())
}

async fn log(
    connection: &mut Connection,
    context: &Context,
    channel: &Channel,
    kind: EventKind,
    (seq, users): (Seq, Vec<UserId>),
) -> Result<LoggedEvent, AppError> {
    let (tenant, channel, actor, at) = (channel.tenant_id, channel.id, context.user(), now());
    let correlation_id = context.correlation_id.as_deref();
    let traceparent = context.traceparent.as_deref();
    let users_ref = users.as_slice();
    let event = NewEvent {
        tenant,
        channel,
        seq,
        kind,
        actor,
        users: users_ref,
        membership: None,
        at,
        correlation_id,
        traceparent,
    };
    event_log::append(connection, &event).await?;
    Ok(LoggedEvent {
        tenant,
        channel,
        seq,
        kind,
        actor,
        users,
        membership: None,
        message: None,
        made: None,
        at,
    })
}

#[derive(Clone, Copy)]
enum Change {
    Add(Role),
    Remove(UserId),
}

/// Locks the channel, and only then looks whether the caller may change its members.
async fn lock_for_change(
    connection: &mut Connection,
    context: &Context,
    id: ChannelId,
    change: Change,
) -> Result<Channel, AppError> {
    let channel = channels::find_for_update(connection, context.tenant(), id).await?;
    let channel = channel.ok_or(NotInChannel::Unknown)?;
    let own = members::find(connection, id, context.user()).await?;
    let own = require_member(&channel, own.map(|member| member.membership))?;
    if channel.kind == ChannelKind::Direct {
        return Err(AppError::DirectMembers);
    }
    match change {
        Change::Add(Role::Admin) => own.require(Action::AddAdmin)?,
        Change::Add(_) if channel.is_private => own.require(Action::AddToPrivate)?,
        Change::Add(_) => own.require(Action::AddToPublic)?,
        Change::Remove(user) => {
            own.require(Action::RemoveMember)?;
            own.require(removal(connection, id, user).await?)?;
        }
    }
    if channel.archived_at.is_some() {
        return Err(AppError::Archived);
    }
    Ok(channel)
}

/// What it takes to remove this person.
async fn removal(
    connection: &mut Connection,
    channel: ChannelId,
    user: UserId,
) -> Result<Action, AppError> {
    let member = members::find(connection, channel, user).await?;
    let member = member.filter(|member| member.membership.is_current());
    match member.ok_or(AppError::MemberNotFound)?.membership.role {
        Role::Owner => Err(AppError::CannotRemoveOwner),
        Role::Admin => Ok(Action::RemoveAdmin),
        Role::Member | Role::Guest => Ok(Action::RemoveMember),
    }
}
