//! Who may see the business record of a TOPIC channel. For these channels membership is not enough where
//! the record's own service can be asked: it decides, its answers are kept for a minute, and in doubt the
//! answer is no.

use bytes::Bytes;
use discuss_domain::channels::{Channel, EntityRef, Seen};
use discuss_domain::entities::{EntityType, RecordId, RecordRef};
use discuss_domain::{ChannelId, MessageId, TenantId, UserId};
use discuss_storage::redis::Topic;
use discuss_storage::{members, messages};
use discuss_wire::fanout::Fanout;

use crate::channels::Followed;
use crate::{App, AppError, Context};

mod entity_access;

pub use entity_access::{EntityAccess, Sight};

/// Refuses who may not see the record that a channel is about. Only for who is in the channel: others
/// need not know that there is a record.
pub(crate) async fn require_entity(context: &Context, channel: &Channel) -> Result<(), AppError> {
    let Some(access) = &context.access else {
        return Ok(());
    };
    let Some(record) = channel.entity.as_ref().and_then(record_of) else {
        return Ok(());
    };
    match access.sight(context, &record).await {
        Sight::Denied | Sight::Doubted => Err(AppError::EntityAccess),
        Sight::Granted | Sight::Unasked => Ok(()),
    }
}

/// The same for who knows only the channel's id, holds no connection, and looks at the membership later.
pub(crate) async fn require_entity_of(
    context: &Context,
    channel: ChannelId,
) -> Result<(), AppError> {
    let Some(access) = &context.access else {
        return Ok(());
    };
    let Some(record) = access.find_record(context.tenant(), channel).await? else {
        return Ok(());
    };
    if access.sight(context, &record).await.is_open() {
        return Ok(());
    }
    let mut connection = access.database.connection().await?;
    let own = members::find(&mut connection, channel, context.user()).await?;
    match own.filter(|own| own.membership.is_current()) {
        Some(_) => Err(AppError::EntityAccess),
        // Who is not in the channel is told only that.
        None => Ok(()),
    }
}

/// The same for who knows only a message's id.
pub(crate) async fn require_entity_of_message(
    context: &Context,
    message: MessageId,
) -> Result<(), AppError> {
    let Some(access) = &context.access else {
        return Ok(());
    };
    let mut connection = access.database.connection().await?;
    let channel = messages::find_channel(&mut connection, context.tenant(), message).await?;
    drop(connection);
    match channel {
        Some(channel) => require_entity_of(context, channel).await,
        None => Ok(()),
    }
}

/// The records of these channels about which somebody can be asked.
#[must_use]
pub fn askable(app: &App, followed: &Followed) -> Option<RecordRef> {
    let record = record_of(followed.entity.as_ref()?)?;
    app.parts.access.knows(&record).then_some(record)
}

/// Whether a channel is about a record about which somebody can be asked; in doubt it is.
pub async fn is_askable(app: &App, tenant: TenantId, channel: ChannelId) -> bool {
    let access = &app.parts.access;
    match access.find_record(tenant, channel).await {
        Ok(record) => record.is_some_and(|record| access.knows(&record)),
        Err(error) => {
            tracing::debug!(%error, %channel, "it is not known what a channel is about");
            true
        }
    }
}

/// Whether the caller may see each of these records, in their order.
pub async fn sights(context: &Context, records: &[&RecordRef]) -> Vec<Sight> {
    match &context.access {
        Some(access) => access.sights(context, records).await,
        None => vec![Sight::Unasked; records.len()],
    }
}

/// Has the gateways ask about everybody who is in the channel, if it is about a record: of these people, who
/// came, it is not known whether they may see it. Best effort: they ask by themselves after a while.
pub(crate) async fn ask_again(app: &App, context: &Context, channel: ChannelId, people: &[UserId]) {
    let Some(access) = &context.access else {
        return;
    };
    match access.find_record(context.tenant(), channel).await {
        Ok(Some(_)) => tell_access(app, (context.tenant(), channel), people),
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(%error, %channel, "open sockets keep a record's channel for a while");
        }
    }
}

/// Has the gateways ask about everybody who is in a record's channel: those that follow it, and those of these people.
pub(crate) fn tell_access(app: &App, (tenant, channel): (TenantId, ChannelId), people: &[UserId]) {
    let told = Bytes::from(Fanout::Access { channel }.encode());
    let users = people.iter().map(|user| Topic::User(tenant, *user));
    let topics = users.chain([Topic::Channel(tenant, channel)]);
    let publications = topics.map(|topic| (topic, told.clone())).collect();
    app.parts.fanout.publish(publications);
}

/// Takes out of a list what is said in channels whose records the caller may not see: they are in these
/// channels, and are told no more than that.
pub(crate) async fn conceal(context: &Context, seen: &mut [Seen]) {
    let Some(access) = &context.access else {
        return;
    };
    let topics: Vec<(&mut Seen, RecordRef)> = seen
        .iter_mut()
        .filter_map(|seen| {
            let record = record_of(seen.channel.entity.as_ref()?)?;
            Some((seen, record))
        })
        .collect();
    if topics.is_empty() {
        return;
    }
    let records: Vec<&RecordRef> = topics.iter().map(|(_, record)| record).collect();
    let sights = access.sights(context, &records).await;
    for ((seen, record), sight) in topics.into_iter().zip(sights) {
        if !sight.is_open() {
            seen.channel.name = Some(format!("{} {}", record.sort.title(), record.id.as_str()));
            seen.channel.description = None;
            seen.channel.metadata = None;
            seen.last_message = None;
        }
    }
}

/// Whether the caller may see a record.
pub(crate) async fn sight(context: &Context, record: &RecordRef) -> Sight {
    match &context.access {
        Some(access) => access.sight(context, record).await,
        None => Sight::Unasked,
    }
}

/// The record of a channel; none that we know stands under a name that can't be read.
pub(crate) fn record_of(entity: &EntityRef) -> Option<RecordRef> {
    Some(RecordRef {
        sort: EntityType::find(&entity.entity_type)?,
        id: RecordId::parse(&entity.entity_id).ok()?,
    })
}
