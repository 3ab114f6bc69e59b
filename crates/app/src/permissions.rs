//! Who may see the business record of a TOPIC channel. For these channels membership is not enough where
//! the record's own service can be asked: it decides, its answers are kept for a minute, and in doubt the
//! answer is no.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use discuss_domain::channels::{Channel, EntityRef};
use discuss_domain::entities::{EntityType, RecordId, RecordRef};
use discuss_domain::{ChannelId, MessageId, TenantId};
use discuss_storage::redis::CachedAccess;
use discuss_storage::{Database, channels, members, messages};
use tokio::time::Instant;

use crate::cache::SpareCache;
use crate::services::RecordServices;
use crate::{AppError, Context};

/// For so long it is remembered which record a channel stands under: records become others.
const REMEMBERED: Duration = Duration::from_mins(1);
/// Channels that are remembered at most.
const MOST: usize = 100_000;

/// Asks whether callers may see business records.
pub struct EntityAccess {
    records: RecordServices,
    cache: Arc<SpareCache>,
    database: Database,
    known: Mutex<HashMap<(TenantId, ChannelId), Known>>,
}

/// What a channel is about, as far as it is remembered.
#[derive(Clone)]
enum Known {
    /// No record: that stays so.
    Nothing,
    /// This record, when it was looked up.
    Record(RecordRef, Instant),
}

/// Whether a caller may see a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// The record's service says so.
    Granted,
    /// It says no, or nothing.
    Denied,
    /// There is nobody to ask: membership decides.
    Unasked,
}

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
        Sight::Denied => Err(AppError::EntityAccess),
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
    if access.sight(context, &record).await != Sight::Denied {
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

impl EntityAccess {
    pub(crate) fn new(
        records: RecordServices,
        cache: &Arc<SpareCache>,
        database: &Database,
    ) -> Self {
        Self {
            records,
            cache: Arc::clone(cache),
            database: database.clone(),
            known: Mutex::default(),
        }
    }

    /// Is there nobody to be asked about any record?
    pub(crate) const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    async fn sight(&self, context: &Context, record: &RecordRef) -> Sight {
        if !self.records.knows(record.sort) {
            return Sight::Unasked;
        }
        let person = (context.tenant(), context.user());
        let kept = self
            .cache
            .attempt(async |cache| cache.find_access(person, record).await);
        let kept = kept.await;
        if let Some(may_see) = kept.as_ref().and_then(|kept| kept.may_see) {
            return Sight::of(may_see);
        }
        match self.records.may_see(context, record).await {
            Ok(may_see) => {
                if let Some(CachedAccess { version, .. }) = kept {
                    let answered = CachedAccess {
                        may_see: Some(may_see),
                        version,
                    };
                    let keep = self
                        .cache
                        .attempt(async |cache| cache.keep_access(person, record, answered).await);
                    keep.await;
                }
                Sight::of(may_see)
            }
            Err(error) => {
                tracing::warn!(%error, %record, "access to a record is denied in doubt");
                metrics::counter!("discuss_entity_access_doubts_total").increment(1);
                Sight::Denied
            }
        }
    }

    /// The record that a channel is about.
    async fn find_record(
        &self,
        tenant: TenantId,
        channel: ChannelId,
    ) -> Result<Option<RecordRef>, AppError> {
        match self.remembered(tenant, channel) {
            Some(Known::Nothing) => return Ok(None),
            Some(Known::Record(record, _)) => return Ok(Some(record)),
            None => {}
        }
        let mut connection = self.database.connection().await?;
        let found = channels::find_entity(&mut connection, tenant, channel).await?;
        let Some(entity) = found else {
            return Ok(None);
        };
        let record = entity.as_ref().and_then(record_of);
        let known = record.clone().map_or(Known::Nothing, |record| {
            Known::Record(record, Instant::now())
        });
        self.remember((tenant, channel), known);
        Ok(record)
    }

    fn remembered(&self, tenant: TenantId, channel: ChannelId) -> Option<Known> {
        let known = self.known.lock().ok()?;
        let known = known.get(&(tenant, channel))?;
        match known {
            Known::Record(_, since) if since.elapsed() >= REMEMBERED => None,
            known => Some(known.clone()),
        }
    }

    fn remember(&self, channel: (TenantId, ChannelId), known: Known) {
        let Ok(mut channels) = self.known.lock() else {
            return;
        };
        if channels.len() >= MOST {
            channels.clear();
        }
        channels.insert(channel, known);
    }
}

impl Sight {
    const fn of(may_see: bool) -> Self {
        if may_see { Self::Granted } else { Self::Denied }
    }
}

impl fmt::Debug for EntityAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntityAccess").finish_non_exhaustive()
    }
}
