//! Asking whether callers may see business records, and what is remembered of it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use discuss_domain::entities::RecordRef;
use discuss_domain::{ChannelId, TenantId};
use discuss_storage::redis::CachedAccess;
use discuss_storage::{Database, channels};
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use super::record_of;
use crate::cache::SpareCache;
use crate::services::{RecordServices, Says};
use crate::{AppError, Context};

/// For so long it is remembered which record a channel stands under: records become others.
const REMEMBERED: Duration = Duration::from_mins(1);
/// Records that are asked for at the same time.
const AT_ONCE: usize = 20;
/// Channels that are remembered at most.
const MOST: usize = 100_000;

/// Asks whether callers may see business records.
pub struct EntityAccess {
    records: RecordServices,
    cache: Arc<SpareCache>,
    pub(super) database: Database,
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
pub enum Sight {
    /// The record's service says so.
    Granted,
    /// It says no.
    Denied,
    /// It says nothing, or does not take the caller's token: that is as if it said no, but may soon be otherwise.
    Doubted,
    /// There is nobody to ask: membership decides.
    Unasked,
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

    /// Is there somebody to be asked about this record?
    pub(super) const fn knows(&self, record: &RecordRef) -> bool {
        self.records.knows(record.sort)
    }

    /// Whether the caller may see a record.
    pub(super) async fn sight(&self, context: &Context, record: &RecordRef) -> Sight {
        if !self.records.knows(record.sort) {
            return Sight::Unasked;
        }
        let person = (context.tenant(), context.user());
        let kept = self
            .cache
            .attempt(async |cache| cache.find_access(person, record).await);
        let kept = kept.await;
        match kept.as_ref().and_then(|kept| kept.may_see) {
            Some(may_see) => Sight::of(may_see),
            None => self.ask(context, record, kept).await,
        }
    }

    /// The same of many records: what is kept is looked up at once, the others are asked for, some at a time
    /// and none for longer than one of them may take.
    pub(super) async fn sights(&self, context: &Context, records: &[&RecordRef]) -> Vec<Sight> {
        let person = (context.tenant(), context.user());
        let kept = self
            .cache
            .attempt(async |cache| cache.list_access(person, records).await);
        let mut kept = kept.await.unwrap_or_default().into_iter();
        let end = Instant::now() + self.records.limit();
        let asks: Vec<_> = records
            .iter()
            .map(|record| (*record, kept.next()))
            .map(async |(record, kept)| {
                if !self.records.knows(record.sort) {
                    return Sight::Unasked;
                }
                match kept.as_ref().and_then(|kept| kept.may_see) {
                    Some(may_see) => Sight::of(may_see),
                    None => timeout_at(end, self.ask(context, record, kept))
                        .await
                        .unwrap_or(Sight::Doubted),
                }
            })
            .collect();
        stream::iter(asks).buffered(AT_ONCE).collect().await
    }

    /// Asks the record's service, and keeps what it says if it was looked up what is `kept`.
    async fn ask(
        &self,
        context: &Context,
        record: &RecordRef,
        kept: Option<CachedAccess>,
    ) -> Sight {
        let may_see = match self.records.may_see(context, record).await {
            Ok(Says::Yes) => true,
            Ok(Says::No) => false,
            // It does not take this token: that says nothing of the next one.
            Ok(Says::WhoIsThat) => return Sight::Doubted,
            Err(error) => {
                tracing::warn!(%error, %record, "access to a record is denied in doubt");
                metrics::counter!("discuss_entity_access_doubts_total").increment(1);
                return Sight::Doubted;
            }
        };
        if let Some(CachedAccess { version, .. }) = kept {
            let person = (context.tenant(), context.user());
            let may_see = Some(may_see);
            let answered = CachedAccess { may_see, version };
            let keep = self
                .cache
                .attempt(async |cache| cache.keep_access(person, record, answered).await);
            keep.await;
        }
        Sight::of(may_see)
    }

    /// The record that a channel is about.
    pub(super) async fn find_record(
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

    /// Whether the record may be seen.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Granted | Self::Unasked)
    }
}

impl fmt::Debug for EntityAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntityAccess").finish_non_exhaustive()
    }
}
