//! Whether people are there, and how they want to be seen. It stands in Redis only: while that is away
//! nobody knows, and whoever asks is told to try again.

use discuss_domain::presence::{Presence, Status, StatusMessage};
use discuss_domain::users::User;
use discuss_domain::{ChannelId, UserId};
use discuss_storage::redis::Redis;
use discuss_storage::redis::presence::PresenceStore;
use discuss_storage::{StorageError, members, presence as people, users};
use discuss_wire::presence::PresenceView;
use tokio::sync::OnceCell;

use crate::channels::{now, require_in};
use crate::permissions::require_entity_of;
use crate::users::require_known;
use crate::{App, AppError, Context};

mod links;
mod telling;

pub use discuss_storage::redis::presence::NewLink;
pub use links::{Links, Terms};
pub use telling::{Told, tell_changes};

/// People who are looked at in one answer at most.
const MOST: i64 = 1_000;

/// Somebody, and whether they are there.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Who.
    pub user: User,
    /// What is known of whether they are there.
    pub presence: Presence,
}

impl Seen {
    /// The same in answers and frames.
    #[must_use]
    pub fn view(&self) -> PresenceView {
        PresenceView::of(&self.user, &self.presence, now().timestamp_millis())
    }
}

/// The way to where presence is kept; connects when it is used.
pub(crate) struct Book {
    redis: Redis,
    store: OnceCell<PresenceStore>,
}

impl Book {
    pub(crate) fn new(redis: Redis) -> Self {
        let store = OnceCell::new();
        Self { redis, store }
    }

    pub(crate) async fn store(&self) -> Result<PresenceStore, StorageError> {
        let connecting = self.store.get_or_try_init(|| self.redis.presence());
        Ok(connecting.await?.clone())
    }
}

/// How somebody of the caller's tenant is seen.
pub async fn get(app: &App, context: &Context, user: UserId) -> Result<Seen, AppError> {
    require_known(app, context, "userId", &[user]).await?;
    let found = {
        let mut connection = app.connection().await?;
        users::list(&mut connection, context.tenant(), &[user]).await?
    };
    let one = found.into_iter().next();
    let user = one.unwrap_or_else(|| User::unknown(user));
    let seen = look(app, context, vec![user.clone()]).await?;
    let unseen = Seen {
        user,
        presence: Presence::default(),
    };
    Ok(seen.into_iter().next().unwrap_or(unseen))
}

/// Sets how the caller wants to be seen; nothing is left as it is.
pub async fn choose(
    app: &App,
    context: &Context,
    status: Option<Status>,
    message: Option<&StatusMessage>,
) -> Result<(), AppError> {
    let person = (context.tenant(), context.user());
    let mut store = app.parts.presence.store().await?;
    let chosen = store.choose(person, status, message).await;
    Ok(chosen.map_err(StorageError::from)?)
}

/// The members of a channel that the caller is in, at most a thousand of them, and how many there are.
pub async fn list_in_channel(
    app: &App,
    context: &Context,
    channel: ChannelId,
) -> Result<(Vec<Seen>, i64), AppError> {
    require_entity_of(context, channel).await?;
    let (found, total) = {
        let mut connection = app.connection().await?;
        let (channel, _) = require_in(&mut connection, context, channel).await?;
        let found = members::list(&mut connection, channel.id, 0, MOST).await?;
        (found, i64::from(channel.member_count))
    };
    let users = found.into_iter().map(|(_, user)| user).collect();
    Ok((look(app, context, users).await?, total))
}

/// Who is there of those with whom the caller shares a channel, small enough that people are told of each
/// other, or this one; at most a thousand people are looked at.
pub async fn list_online(
    app: &App,
    context: &Context,
    channel: Option<ChannelId>,
) -> Result<Vec<Seen>, AppError> {
    let seen = if let Some(channel) = channel {
        list_in_channel(app, context, channel).await?.0
    } else {
        let companions = {
            let mut connection = app.connection().await?;
            let person = (context.tenant(), context.user());
            people::list_companions(&mut connection, person, MOST).await?
        };
        look(app, context, companions).await?
    };
    let is_there =
        |seen: &Seen| seen.presence.status() != Status::Offline && seen.user.id != context.user();
    Ok(seen.into_iter().filter(is_there).collect())
}

async fn look(app: &App, context: &Context, users: Vec<User>) -> Result<Vec<Seen>, AppError> {
    let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
    let mut store = app.parts.presence.store().await?;
    let known = store.list(context.tenant(), &ids).await;
    let known = known.map_err(StorageError::from)?;
    let seen = users.into_iter().zip(known);
    Ok(seen
        .map(|(user, presence)| Seen { user, presence })
        .collect())
}
