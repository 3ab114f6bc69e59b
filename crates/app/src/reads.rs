//! Read marks: state, not events. The newest wins, none moves back.

use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use discuss_domain::messages::receipts::TOLD_UP_TO;
use discuss_domain::permissions::NotInChannel;
use discuss_domain::{ChannelId, MessageId, TenantId, UserId};
use discuss_storage::members::{self, KnownMark, Mark, MovedMark};
use discuss_storage::redis::Topic;
use discuss_storage::{Connection, Database, StorageError, messages};
use discuss_wire::fanout::Fanout as Message;
use discuss_wire::frames::ServerFrame;
use discuss_wire::members::{MarksView, ReadBy, UnreadView};
use serde::Serialize;
use tokio::task::JoinHandle;

use crate::channels::{now, require_in};
use crate::fanout::Fanout;
use crate::gatherer::Gatherer;
use crate::permissions::{require_entity_of, require_entity_of_message};
use crate::{App, AppError, Context};

/// How far somebody has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadUpTo {
    /// The channel.
    pub channel: ChannelId,
    /// The newest message read.
    pub message: Option<MessageId>,
    /// What is unread after it.
    pub unread: i64,
}

/// Moves the caller's mark up to `message`, now; without `channel` it is the message's own.
pub async fn mark(
    app: &App,
    context: &Context,
    channel: Option<ChannelId>,
    message: MessageId,
) -> Result<ReadUpTo, AppError> {
    match channel {
        Some(channel) => require_entity_of(context, channel).await?,
        None => require_entity_of_message(context, message).await?,
    }
    let mut connection = app.connection().await?;
    let found = messages::find(&mut connection, context.tenant(), message).await?;
    let found = found.filter(|found| channel.is_none_or(|channel| channel == found.channel_id));
    let of_message = found.as_ref().map(|found| found.channel_id);
    let asked = channel.or(of_message).ok_or(AppError::MessageNotFound)?;
    match require_in(&mut connection, context, asked).await {
        // Who named only the message is not told that it is in a channel of others.
        Err(AppError::NotInChannel(NotInChannel::Unknown)) if channel.is_none() => {
            return Err(AppError::MessageNotFound);
        }
        other => other?,
    };
    let channel = asked;
    let mark = Mark {
        tenant: context.tenant(),
        channel,
        user: context.user(),
        message,
    };
    found.ok_or(AppError::MessageNotFound)?;
    let at = now();
    if let Some(moved) = members::move_read_mark(&mut connection, mark, at).await? {
        announce(&mut connection, &app.parts.fanout, &[moved], at).await?;
    }
    unread(&mut connection, context, channel).await
}

/// How far the caller has read a channel.
pub async fn get(app: &App, context: &Context, channel: ChannelId) -> Result<ReadUpTo, AppError> {
    require_entity_of(context, channel).await?;
    let mut connection = app.connection().await?;
    unread(&mut connection, context, channel).await
}

async fn unread(
    connection: &mut Connection,
    context: &Context,
    channel: ChannelId,
) -> Result<ReadUpTo, AppError> {
    let (channel, member) = require_in(connection, context, channel).await?;
    let unread = member.read.unread(channel.counters.unread_count_base);
    Ok(ReadUpTo {
        channel: channel.id,
        message: member.read.message_id,
        unread,
    })
}

/// Somebody in some channels.
#[derive(Debug, Clone)]
pub struct InChannels {
    /// Who.
    pub person: (TenantId, UserId),
    /// Where.
    pub channels: Vec<ChannelId>,
}

/// What people must know of their channels beside events, which have no marks. As frames, JSON.
#[derive(Debug, Default)]
pub struct ReadState {
    /// What each of those asked for has not read, in their order; nothing of channels that they are not in.
    pub unread: Vec<Vec<(ChannelId, Bytes)>>,
    /// How far everybody has read each of the small channels.
    pub marks: HashMap<ChannelId, Bytes>,
}

/// The state of many people's channels at once; marks are those of channels that one of the people is in.
pub async fn list_state(app: &App, asked: &[InChannels]) -> Result<ReadState, AppError> {
    let mut connection = app.connection().await?;
    let people: Vec<_> = asked.iter().map(|asked| asked.person).collect();
    let totals = members::list_total_unread(&mut connection, &people).await?;
    let places: Vec<Place> = asked.iter().flat_map(InChannels::places).collect();
    let unread = members::list_unread(&mut connection, &places).await?;
    let mut theirs: Vec<ChannelId> = unread.keys().map(|(_, channel, _)| *channel).collect();
    theirs.sort_unstable();
    theirs.dedup();
    let known = members::list_marks(&mut connection, &theirs, TOLD_UP_TO).await?;
    drop(connection);
    let at = now();
    let counts = |asked: &InChannels| {
        let total = totals.get(&asked.person).copied().unwrap_or_default();
        let count = |place: Place| {
            let (_, channel, _) = place;
            let view = UnreadView::new(channel, *unread.get(&place)?, total);
            Some((channel, frame("UNREAD_COUNT_UPDATED", view, at)?))
        };
        asked.places().filter_map(count).collect()
    };
    Ok(ReadState {
        unread: asked.iter().map(counts).collect(),
        marks: told_marks(&known, at),
    })
}

impl InChannels {
    fn places(&self) -> impl Iterator<Item = Place> {
        let (tenant, user) = self.person;
        let place = move |channel: &ChannelId| (tenant, *channel, user);
        self.channels.iter().map(place)
    }
}

fn told_marks(known: &[KnownMark], at: DateTime<Utc>) -> HashMap<ChannelId, Bytes> {
    let of_channel = |marks: &[KnownMark]| {
        let channel = marks.first()?.mark.channel;
        let read = |known: &KnownMark| ReadBy::new(known.mark.user, known.mark.message, known.at);
        let view = MarksView {
            channel_id: channel.get(),
            marks: marks.iter().map(read).collect(),
        };
        Some((channel, frame("MESSAGE_READ", view, at)?))
    };
    known
        .chunk_by(|one, other| one.mark.channel == other.mark.channel)
        .filter_map(of_channel)
        .collect()
}

/// Keeps a mark from a socket until the next gathered write. Marks of who is not in the channel, or of
/// messages that are not, move nothing.
pub fn gather(app: &App, context: &Context, channel: ChannelId, message: MessageId) {
    let (tenant, user) = (context.tenant(), context.user());
    app.parts.reads.add((tenant, channel, user), message);
}

/// Whose mark, in which channel.
pub(crate) type Place = (TenantId, ChannelId, UserId);

/// Gathers marks, and moves them together. Within a channel the order of ids is the order of messages.
pub(crate) fn start_gathering(
    database: &Database,
    fanout: &Fanout,
) -> (Gatherer<Place, MessageId>, JoinHandle<()>) {
    let (database, fanout) = (database.clone(), fanout.clone());
    Gatherer::start("read", move |marks: Vec<(Place, MessageId)>| {
        let (database, fanout) = (database.clone(), fanout.clone());
        let mark = |((tenant, channel, user), message)| Mark {
            tenant,
            channel,
            user,
            message,
        };
        let marks: Vec<Mark> = marks.into_iter().map(mark).collect();
        async move { write(&database, &fanout, &marks).await }
    })
}

async fn write(database: &Database, fanout: &Fanout, batch: &[Mark]) -> Result<(), StorageError> {
    let mut connection = database.connection().await?;
    let at = now();
    let moved = members::move_read_marks(&mut connection, batch, at).await?;
    announce(&mut connection, fanout, &moved, at).await
}

/// Tells people's own connections what they have left to read, and small channels who has read.
async fn announce(
    connection: &mut Connection,
    fanout: &Fanout,
    moved: &[MovedMark],
    at: DateTime<Utc>,
) -> Result<(), StorageError> {
    let people: Vec<_> = moved
        .iter()
        .map(|moved| (moved.mark.tenant, moved.mark.user))
        .collect();
    let totals = members::list_total_unread(connection, &people).await?;
    let mut batch: Vec<_> = moved
        .iter()
        .filter_map(|moved| {
            let mark = moved.mark;
            let total = totals.get(&(mark.tenant, mark.user)).copied();
            let view = UnreadView::new(mark.channel, moved.unread, total.unwrap_or(moved.unread));
            let topic = Topic::User(mark.tenant, mark.user);
            notice(topic, mark.channel, "UNREAD_COUNT_UPDATED", view, at)
        })
        .collect();
    batch.extend(told_to_channels(moved, at));
    fanout.publish(batch);
    Ok(())
}

/// Who has read, for the channels that are small enough to be told.
fn told_to_channels(moved: &[MovedMark], at: DateTime<Utc>) -> Vec<(Topic, Bytes)> {
    let mut by_channel: HashMap<(TenantId, ChannelId), Vec<ReadBy>> = HashMap::new();
    for moved in moved
        .iter()
        .filter(|moved| moved.member_count <= TOLD_UP_TO)
    {
        let mark = moved.mark;
        let marks = by_channel.entry((mark.tenant, mark.channel)).or_default();
        marks.push(ReadBy::new(mark.user, mark.message, at));
    }
    let told = |((tenant, channel), marks): ((TenantId, ChannelId), Vec<ReadBy>)| {
        let view = MarksView {
            channel_id: channel.get(),
            marks,
        };
        notice(
            Topic::Channel(tenant, channel),
            channel,
            "MESSAGE_READ",
            view,
            at,
        )
    };
    by_channel.into_iter().filter_map(told).collect()
}

pub(crate) fn notice(
    topic: Topic,
    channel: ChannelId,
    kind: &str,
    payload: impl Serialize,
    at: DateTime<Utc>,
) -> Option<(Topic, Bytes)> {
    let frame = frame(kind, payload, at)?;
    Some((
        topic,
        Bytes::from(Message::Notice { channel, frame }.encode()),
    ))
}

fn frame(kind: &str, payload: impl Serialize, at: DateTime<Utc>) -> Option<Bytes> {
    ServerFrame::new(kind, payload, at.timestamp_millis())
        .encode()
        .ok()
}
