//! Bringing the channel of records in line with them.
//!
//! Of several channels that become one the oldest goes on, so that it does not matter which records were
//! linked first. The others are archived and stay readable to those who are in them, who all join the
//! one that goes on; what was said stays where it was said.

use chrono::DateTime;
use discuss_domain::channels::Channel;
use discuss_domain::entities::{Label, RecordRef, Topic};
use discuss_domain::members::Role;
use discuss_domain::{ChannelId, EventKind, TenantId, UserId};
use discuss_storage::channels::Maker;
use discuss_storage::event_log::LoggedEvent;
use discuss_storage::{Connection, channels, entities};

use super::locked::LockedGroup;
use super::people::{People, add, join_first};
use crate::channels::now;
use crate::notes::{Note, say};
use crate::{AppError, Context};

/// What an event changed of the records.
pub(super) struct Change {
    /// What their channel was to be before it: where that stays, so does what people made of it by hand.
    pub(super) before: Option<Topic>,
    /// The status that a record has by it.
    pub(super) status: Option<Label>,
}

/// Makes, changes, archives the channel of these records as they are now; answers what that added to the
/// logs. People wait as long as there is none.
pub(super) async fn settle(
    connection: &mut Connection,
    context: &Context,
    locked: &mut LockedGroup,
    change: Change,
) -> Result<Vec<LoggedEvent>, AppError> {
    let Some(topic) = locked.group.topic() else {
        return Ok(Vec::new());
    };
    let mut people = People::of(locked.take_waiting());
    let is_new = locked.channels.is_empty();
    let mut ids = locked.channels.iter().copied();
    let (mut channel, mut logged) = match ids.next() {
        Some(id) => (find(connection, locked.tenant, id).await?, Vec::new()),
        None => make(connection, context, &topic, &mut people).await?,
    };
    for id in ids {
        let other = find(connection, locked.tenant, id).await?;
        logged.push(merge(connection, context, &other, (&channel, &mut people)).await?);
    }
    locked.channels = [channel.id].into();
    logged.extend(add(connection, context, &channel, &people).await?);
    let is_told = !is_new && topic.archived_at_ms.is_none();
    if let Some(status) = change.status.filter(|_| is_told) {
        let text = format!("Status: {}", status.as_str());
        logged.push(say(connection, context, &channel, &text).await?);
    }
    let before = change.before.filter(|_| !is_new);
    logged.extend(follow(connection, context, &mut channel, (before, &topic)).await?);
    if !topic.aliases.is_empty() {
        let records: (&RecordRef, &[RecordRef]) = (&topic.record, &topic.aliases);
        entities::replace_aliases(connection, (locked.tenant, channel.id), records).await?;
    }
    Ok(logged)
}

/// The channel of records that are locked, locked itself.
async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    id: ChannelId,
) -> Result<Channel, AppError> {
    let channel = channels::find_for_update(connection, tenant, id).await?;
    channel.ok_or_else(|| {
        tracing::error!(%tenant, channel = %id, "a record's channel is not there");
        AppError::Internal
    })
}

/// Makes the channel with the first people and its first message; leaves the others in `people`.
async fn make(
    connection: &mut Connection,
    context: &Context,
    topic: &Topic,
    people: &mut People,
) -> Result<(Channel, Vec<LoggedEvent>), AppError> {
    let owner = people.named.iter().find(|(_, role)| **role == Role::Owner);
    let maker = Maker {
        tenant: context.tenant(),
        // Nobody is known to have made the record: then its channel has no owner for now.
        user: owner.map_or(UserId::SYSTEM, |(user, _)| *user),
        at: now(),
    };
    let first = people.take_first();
    let count = i32::try_from(first.len()).unwrap_or(i32::MAX);
    let channel = channels::insert_topic(connection, maker, topic, count).await?;
    join_first(connection, &channel, &first).await?;
    let users = first.into_iter().map(|(user, _)| user).collect();
    let made = Note::about(&channel, EventKind::ChannelCreated, users);
    let made = made.append(connection, context).await?;
    let text = format!("{} created", topic.record.sort.title());
    let said = say(connection, context, &channel, &text).await?;
    Ok((channel, vec![made, said]))
}

/// Ends a channel for which `survivor` goes on; its members are to be there.
async fn merge(
    connection: &mut Connection,
    context: &Context,
    other: &Channel,
    (survivor, people): (&Channel, &mut People),
) -> Result<LoggedEvent, AppError> {
    people.bring(connection, other).await?;
    let ended = channels::merge_into(connection, other.id, survivor.id, now()).await?;
    let ended = Note::of(&ended, EventKind::ChannelArchived);
    Ok(ended.append(connection, context).await?)
}

/// Name, record and archive, each by an event of its own where it is to be another than before.
async fn follow(
    connection: &mut Connection,
    context: &Context,
    channel: &mut Channel,
    (before, topic): (Option<Topic>, &Topic),
) -> Result<Vec<LoggedEvent>, AppError> {
    let mut logged = Vec::new();
    let before = before.as_ref();
    let stays = before.is_some_and(|old| old.name == topic.name && old.record == topic.record);
    if !stays && !is_called(channel, topic) {
        *channel = channels::rename_topic(connection, channel.id, topic, now()).await?;
        let note = Note::of(channel, EventKind::ChannelUpdated);
        logged.push(note.append(connection, context).await?);
    }
    let archived_at = topic.archived_at_ms;
    let stays = before.is_some_and(|old| old.archived_at_ms.is_some() == archived_at.is_some());
    if stays || channel.archived_at.is_some() == archived_at.is_some() {
        return Ok(logged);
    }
    let archived_at = archived_at.map(|ms| DateTime::from_timestamp_millis(ms).unwrap_or_else(now));
    *channel = channels::set_archived(connection, channel.id, archived_at, now()).await?;
    let kind = match archived_at {
        Some(_) => EventKind::ChannelArchived,
        None => EventKind::ChannelUpdated,
    };
    let note = Note::of(channel, kind);
    logged.push(note.append(connection, context).await?);
    Ok(logged)
}

fn is_called(channel: &Channel, topic: &Topic) -> bool {
    let entity = channel.entity.as_ref();
    channel.name.as_ref() == Some(&topic.name)
        && entity.is_some_and(|entity| {
            entity.entity_type == topic.record.sort.as_str()
                && entity.entity_id == topic.record.id.as_str()
        })
}
