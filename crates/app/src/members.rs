//! Members: listing, adding and removing them.

use discuss_domain::channels::Channel;
use discuss_domain::members::{Member, Membership, ReadMark, Role};
use discuss_domain::permissions::{Action, require_may, require_right};
use discuss_domain::users::User;
use discuss_domain::{ChannelId, EventKind, UserId};
use discuss_storage::event_log::LoggedEvent;
use discuss_storage::members::Joining;
use discuss_storage::{AsyncConnection, Connection, channels, members};

use crate::channels::{lock_in, now, require_in};
use crate::notes::Note;
use crate::permissions::{ask_again, require_entity_of};
use crate::users::require_known;
use crate::{App, AppError, Context, events};

mod comings;
mod settings;
mod standings;

pub(crate) use comings::come_in_as;
pub use comings::{join, leave};
pub use settings::update_own;
pub(crate) use standings::set_standing;
pub use standings::update;

/// A page of a channel's members, and the channel. Only for members.
pub async fn list(
    app: &App,
    context: &Context,
    channel: ChannelId,
    (page, size): (i64, i64),
) -> Result<(Vec<(Member, User)>, Channel), AppError> {
    require_entity_of(context, channel).await?;
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
    require_may_add(app, context, channel, role).await?;
    require_known(app, context, "userIds", users).await?;
    let mut connection = app.connection().await?;
    let added = connection
        .transaction(async |connection| {
            let (channel, own) = lock_in(connection, context, channel).await?;
            require_may(&channel, own, addition(&channel, role))?;
            let current = members::list_current(connection, channel.id, users).await?;
            let new = newcomers(users, &current);
            if new.is_empty() {
                return Ok(None);
            }
            take_in(connection, context, new, (&channel, role))
                .await
                .map(Some)
        })
        .await?;
    let Some(event) = added else {
        return Ok(Vec::new());
    };
    events::announce(app, std::slice::from_ref(&event));
    ask_again(app, context, channel, &event.users).await;
    Ok(event.users)
}

/// Refuses who may not add anybody, before other services are asked about the people; it is decided under the lock.
async fn require_may_add(
    app: &App,
    context: &Context,
    channel: ChannelId,
    role: Role,
) -> Result<(), AppError> {
    let mut connection = app.connection().await?;
    let (channel, own) = require_in(&mut connection, context, channel).await?;
    require_may(&channel, own.membership, addition(&channel, role))?;
    Ok(())
}

/// What it takes to add people as this.
fn addition(channel: &Channel, role: Role) -> Action {
    match role {
        Role::Owner | Role::Admin => Action::ChangeRoles,
        Role::Member | Role::Guest if channel.is_private => Action::AddToPrivate,
        Role::Member | Role::Guest => Action::AddToPublic,
    }
}

/// Who is to be added: each once, however often they are named.
fn newcomers(users: &[UserId], current: &[UserId]) -> Vec<UserId> {
    let mut new = users.to_vec();
    new.retain(|user| !current.contains(user));
    new.sort_unstable();
    new.dedup();
    new
}

/// Makes people members who are not. The channel's row must be locked.
pub(crate) async fn take_in(
    connection: &mut Connection,
    context: &Context,
    new: Vec<UserId>,
    (channel, role): (&Channel, Role),
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
    require_entity_of(context, channel).await?;
    let mut connection = app.connection().await?;
    let event = connection
        .transaction(async |connection| {
            let (channel, own) = lock_in(connection, context, channel).await?;
            require_right(&channel, own, Action::RemoveMember)?;
            let removed = require_current(connection, channel.id, user).await?;
            require_may(&channel, own, removal(removed)?)?;
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

/// How somebody stands who is in the channel now. Its row must be locked.
async fn require_current(
    connection: &mut Connection,
    channel: ChannelId,
    user: UserId,
) -> Result<Membership, AppError> {
    let member = members::find(connection, channel, user).await?;
    let membership = member.map(|member| member.membership);
    membership
        .filter(|membership| membership.is_current())
        .ok_or(AppError::MemberNotFound)
}

/// What it takes to remove this person.
fn removal(membership: Membership) -> Result<Action, AppError> {
    match membership.role {
        Role::Owner => Err(AppError::CannotRemoveOwner),
        Role::Admin => Ok(Action::RemoveAdmin),
        Role::Member | Role::Guest => Ok(Action::RemoveMember),
    }
}
