//! The channels of business records, for who asks for one by its record.

use discuss_domain::channels::Seen;
use discuss_domain::entities::{Label, RecordRef};
use discuss_domain::permissions::NotInChannel;
use discuss_storage::channels;

use super::seen;
use crate::permissions::{Sight, record_of, require_entity, sight};
use crate::{App, AppError, Context, entities};

pub use crate::entities::Opened;

/// The channel of a record, made if there is none; the caller is in it afterwards: as its owner if this made
/// it, else as a member. The record's service must say that the caller may see the record.
pub async fn get_or_create(
    app: &App,
    context: &Context,
    record: &RecordRef,
    name: Option<&Label>,
) -> Result<(Seen, Opened), AppError> {
    if sight(context, record).await != Sight::Granted {
        return Err(AppError::EntityAccess);
    }
    if let Some(known) = find(app, context, record).await? {
        require_same_or_seen(context, record, &known).await?;
    }
    let (channel, opened) = entities::open(app, context, record, name).await?;
    let mut connection = app.connection().await?;
    Ok((seen(&mut connection, context, channel).await?, opened))
}

/// The channel of a record. Who is not in it but may see the record sees that it is there, not what is said
/// in it; for all others there is none.
pub async fn get_by_entity(
    app: &App,
    context: &Context,
    record: &RecordRef,
) -> Result<Seen, AppError> {
    let found = find(app, context, record).await?;
    let found = found.ok_or(NotInChannel::Unknown)?;
    if found.current().is_some() {
        require_entity(context, &found.channel).await?;
        return Ok(found);
    }
    let is_seen = sight(context, record).await == Sight::Granted
        && require_same_or_seen(context, record, &found).await.is_ok();
    if !is_seen {
        return Err(NotInChannel::Unknown.into());
    }
    Ok(Seen {
        membership: None,
        last_message: None,
        ..found
    })
}

async fn find(app: &App, context: &Context, record: &RecordRef) -> Result<Option<Seen>, AppError> {
    let mut connection = app.connection().await?;
    let found = channels::find_topic(&mut connection, context.tenant(), record).await?;
    match found {
        Some(channel) => Ok(Some(seen(&mut connection, context, channel.id).await?)),
        None => Ok(None),
    }
}

/// A channel may stand under what the record became: then the caller must be allowed to see that too.
async fn require_same_or_seen(
    context: &Context,
    record: &RecordRef,
    found: &Seen,
) -> Result<(), AppError> {
    let entity = found.channel.entity.as_ref();
    if entity.and_then(record_of).as_ref() == Some(record) {
        return Ok(());
    }
    require_entity(context, &found.channel).await
}
