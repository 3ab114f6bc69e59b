//! Members: listing, adding and removing them.

use discuss_domain::channels::{Channel, ChannelKind};
use discuss_domain::members::{Member, ReadMark, Role};
use discuss_domain::permissions::{Action, NotInChannel, require_member};
use discuss_domain::users::User;
use discuss_domain::{ChannelId, EventKind, UserId};
use discuss_storage::event_log::LoggedEvent;
use discuss_storage::members::Joining;
use discuss_storage::{AsyncConnection, Connection, channels, members};

use crate::channels::{now, require_in};
use crate::notes::Note;
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
    events::announce(app, std::slice::from_ref(&event));
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
    let more = i32::try_from(new.len()).unwrap_or(i32::MAX);
    let after = channels::take_seq(connection, channel.id, more, now()).await?;
    let joining = Joining {
        tenant: after.tenant_id,
        channel: after.id,
        users: &new,
        role,
        read: ReadMark {
            message_id: None,
            seq: after.counters.last_seq,
            count: after.counters.unread_count_base,
        },
        at: after.updated_at,
    };
    members::join(connection, &joining).await?;
    let added = Note::about(&after, EventKind::MemberAdded, new);
    Ok(added.append(connection, context).await?)
}

/// Removes somebody from a channel.
pub async fn remove(
    app: &App,
    context: &Context,
    channel: ChannelId,
    user: UserId,
) -> Result<(), AppError> {
    let mut connection = app.connection().await?;
    let event = connection
        .transaction(async |connection| {
            let change = Change::Remove(user);
            let channel = lock_for_change(connection, context, channel, change).await?;
            let after = channels::take_seq(connection, channel.id, -1, now()).await?;
            let (by, at) = (context.user(), after.updated_at);
            members::remove(connection, channel.id, user, by, at).await?;
            let removed = Note::about(&after, EventKind::MemberRemoved, vec![user]);
            Ok::<_, AppError>(removed.append(connection, context).await?)
        })
        .await?;
    events::announce(app, &[event]);
    Ok(())
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
