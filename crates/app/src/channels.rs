//! Channels: making, reading, listing and changing them.

use chrono::{DateTime, Utc};
use discuss_domain::channels::{Channel, DirectPair, ListFilter, NewGroup, Seen};
use discuss_domain::members::{Member, ReadMark, Role};
use discuss_domain::permissions::{NotInChannel, require_member};
use discuss_domain::{ChannelId, EventKind, Seq, TenantId, UserId};
use discuss_storage::channels::Maker;
use discuss_storage::event_log::LoggedEvent;
use discuss_storage::members::Joining;
use discuss_storage::{AsyncConnection, Connection, StorageError, channels, members};

use crate::notes::Note;
use crate::permissions::{conceal, require_entity};
use crate::users::require_known;
use crate::{App, AppError, Context, events};

mod changes;
pub mod topics;

pub(crate) use changes::lock_in;
pub use changes::{archive, unarchive, update};
pub use discuss_storage::members::Followed;

/// Makes a group; the caller is its owner.
pub async fn create_group(
    app: &App,
    context: &Context,
    group: &NewGroup,
) -> Result<Seen, AppError> {
    let at = now();
    let maker = Maker {
        tenant: context.tenant(),
        user: context.user(),
        at,
    };
    // Who makes a group may name themselves among its members, and others twice.
    let mut people = group.members.clone();
    people.retain(|user| *user != maker.user);
    people.sort_unstable();
    people.dedup();
    require_known(app, context, "memberIds", &people).await?;
    people.push(maker.user);
    let mut connection = app.connection().await?;
    let made = connection
        .transaction(async |connection| {
            insert_group(connection, context, (maker, group), people).await
        })
        .await?;
    let channel = made.channel;
    events::announce(app, &[made]);
    seen(&mut connection, context, channel).await
}

/// Makes a group of these people, the last of whom is its owner.
async fn insert_group(
    connection: &mut Connection,
    context: &Context,
    (maker, group): (Maker, &NewGroup),
    people: Vec<UserId>,
) -> Result<LoggedEvent, StorageError> {
    let count = i32::try_from(people.len()).unwrap_or(i32::MAX);
    let channel = channels::insert_group(connection, maker, group, count).await?;
    if let Some((owner, others)) = people.split_last() {
        join_first(connection, &channel, &[*owner], Role::Owner).await?;
        if !others.is_empty() {
            join_first(connection, &channel, others, Role::Member).await?;
        }
    }
    let made = Note::about(&channel, EventKind::ChannelCreated, people);
    made.append(connection, context).await
}

/// The caller's direct channel with `other`; `true` when it was made by this call.
pub async fn get_or_create_direct(
    app: &App,
    context: &Context,
    other: UserId,
) -> Result<(Seen, bool), AppError> {
    let pair = DirectPair::new(context.user(), other)?;
    let maker = Maker {
        tenant: context.tenant(),
        user: context.user(),
        at: now(),
    };
    let mut connection = app.connection().await?;
    let known = channels::find_direct(&mut connection, context.tenant(), pair).await?;
    if let Some(channel) = known {
        return Ok((seen(&mut connection, context, channel.id).await?, false));
    }
    drop(connection);
    require_known(app, context, "otherUserId", &[other]).await?;
    let mut connection = app.connection().await?;
    let made = connection
        .transaction(async |connection| insert_direct(connection, context, maker, pair).await)
        .await?;
    events::announce(app, made.as_slice());
    let channel = match &made {
        Some(made) => made.channel,
        None => channels::find_direct(&mut connection, context.tenant(), pair)
            .await?
            .map(|channel| channel.id)
            .ok_or(NotInChannel::Unknown)?,
    };
    Ok((
        seen(&mut connection, context, channel).await?,
        made.is_some(),
    ))
}

async fn insert_direct(
    connection: &mut Connection,
    context: &Context,
    maker: Maker,
    pair: DirectPair,
) -> Result<Option<LoggedEvent>, StorageError> {
    let Some(channel) = channels::insert_direct(connection, maker, pair).await? else {
        return Ok(None);
    };
    let both = [pair.low(), pair.high()];
    join_first(connection, &channel, &both, Role::Member).await?;
    let made = Note::about(&channel, EventKind::ChannelCreated, both.into());
    made.append(connection, context).await.map(Some)
}

/// The first people of a channel that was just made.
pub(crate) async fn join_first(
    connection: &mut Connection,
    channel: &Channel,
    users: &[UserId],
    role: Role,
) -> Result<(), StorageError> {
    let read = ReadMark {
        message_id: None,
        seq: channel.counters.last_seq,
        count: 0,
    };
    let (tenant, at) = (channel.tenant_id, channel.created_at);
    members::join(
        connection,
        &Joining {
            tenant,
            channel: channel.id,
            users,
            role,
            read,
            at,
        },
    )
    .await
}

/// One channel as the caller sees it: members all of it, others of the tenant a public one.
pub async fn get(app: &App, context: &Context, id: ChannelId) -> Result<Seen, AppError> {
    let seen = seen(&mut *app.connection().await?, context, id).await?;
    let membership = seen.membership.as_ref().map(|member| member.membership);
    match require_member(&seen.channel, membership) {
        Ok(_) => {
            require_entity(context, &seen.channel).await?;
            Ok(seen)
        }
        // A stranger sees that a public channel is there, not what is said in it.
        Err(NotInChannel::NotMember) => Ok(Seen {
            membership: None,
            last_message: None,
            ..seen
        }),
        Err(unknown) => Err(unknown.into()),
    }
}

async fn seen(
    connection: &mut Connection,
    context: &Context,
    id: ChannelId,
) -> Result<Seen, AppError> {
    let seen = channels::find_seen(connection, context.tenant(), context.user(), id).await?;
    Ok(seen.ok_or(NotInChannel::Unknown)?)
}

/// A channel that the caller is in, and their membership. Of a business record's channel, what the record's
/// service says counts too, and must have been asked before: no connection waits for another service.
pub(crate) async fn require_in(
    connection: &mut Connection,
    context: &Context,
    id: ChannelId,
) -> Result<(Channel, Member), AppError> {
    let person = (context.tenant(), context.user());
    let found = channels::find_with_member(connection, person, id).await?;
    let (channel, member) = found.ok_or(NotInChannel::Unknown)?;
    require_member(&channel, member.as_ref().map(|member| member.membership))?;
    Ok((channel, member.ok_or(NotInChannel::Unknown)?))
}

/// A page of the caller's channels, and how many there are in all, as far as they are counted. Of those whose
/// records they may not see, nothing is told that is said there.
pub async fn list(
    app: &App,
    context: &Context,
    filter: ListFilter,
    (page, size): (i64, i64),
) -> Result<(Vec<Seen>, i64), AppError> {
    let viewer = (context.tenant(), context.user());
    let bounds = (page.saturating_mul(size), size);
    let mut connection = app.connection().await?;
    let total = channels::count_seen(&mut connection, viewer, &filter).await?;
    let mut seen = channels::list_seen(&mut connection, viewer, &filter, bounds).await?;
    drop(connection);
    conceal(context, &mut seen).await;
    Ok((seen, total))
}

/// Every channel that these people are in, in one query.
pub async fn list_followed(
    app: &App,
    people: &[(TenantId, UserId)],
) -> Result<Vec<(TenantId, Followed)>, AppError> {
    let mut connection = app.connection().await?;
    Ok(members::list_followed(&mut connection, people).await?)
}

/// The newest seq of each of these channels.
pub async fn list_last_seqs(
    app: &App,
    ids: &[ChannelId],
) -> Result<Vec<(ChannelId, Seq)>, AppError> {
    let mut connection = app.connection().await?;
    Ok(channels::list_last_seqs(&mut connection, ids).await?)
}

/// Now, as it is kept and shown: whole milliseconds.
pub(crate) fn now() -> DateTime<Utc> {
    let now = Utc::now();
    DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
}
