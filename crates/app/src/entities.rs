//! Business records: what their events make of their channels.
//!
//! An event, its place in the inbox and all that follows from it are one transaction. The records that
//! hang together are locked in the order of their types and ids, then their channels in the order of
//! their ids; whoever is not in the channels' log yet is looked up after that. What is made of it is
//! decided by `discuss_domain::entities`, so that neither the order of events matters nor who takes them.
//!
//! A deletion of records everywhere is the exception: it may name ten thousand, and one transaction for
//! all of them would hold their locks, and their channels' logs, as long as the last of them takes. So
//! each record is a transaction of its own, and the inbox comes last. That is right because the inbox
//! only spares work there: a record is gone as of a version, and whoever takes the same version again,
//! after a crash or at the same time, changes nothing and adds nothing to a log. The other way round, with
//! the inbox first, a crash would lose the records that were still to come.

use std::time::Duration;

use discuss_domain::entities::{EntityEvent, EntityNews, Facts, Happened, RecordRef, Version};
use discuss_domain::users::Caller;
use discuss_domain::{TenantId, UserId};
use discuss_storage::event_log::LoggedEvent;
use discuss_storage::redis::Cache;
use discuss_storage::{AsyncConnection, Connection, channels, entities, inbox};

use self::locked::LockedGroup;
use self::topics::Change;
use crate::limit::within;
use crate::{App, AppError, Context, events, permissions};

mod locked;
mod opened;
mod people;
mod topics;

pub use discuss_storage::inbox::InboxKey;
pub use opened::Opened;
pub(crate) use opened::open;

/// How often an event is taken anew because the records it concerns were linked meanwhile.
const TRIES: u32 = 5;
/// Longest time that one try of one transaction may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Tenants of one id at most, of those that are deleted without a tenant.
const TENANTS: i64 = 1_000;

/// How news came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The same on every delivery.
    pub inbox: InboxKey,
    /// The correlation id of the request that it follows from.
    pub correlation_id: Option<String>,
    /// The trace of the request that it follows from.
    pub traceparent: Option<String>,
}

/// What became of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Its effect is stored.
    Now,
    /// It was taken before; nothing changed.
    Before,
}

/// Takes news, once however often it is delivered.
pub async fn apply(app: &App, delivery: &Delivery, news: &EntityNews) -> Result<Taken, AppError> {
    forget_access(app, news).await;
    match news {
        EntityNews::Event(event) => apply_event(app, delivery, event).await,
        EntityNews::GoneEverywhere { records, version } => {
            apply_gone(app, delivery, (records, version)).await
        }
    }
}

/// What is kept of who may see these records counts no more, if this may have changed it. Best effort:
/// without Redis nothing is kept, and what is kept is kept for a minute. It comes before the transaction: the
/// record is as the event says already, and whoever takes the event anew after a crash does this anew.
async fn forget_access(app: &App, news: &EntityNews) {
    let changed: Vec<&RecordRef> = match news {
        EntityNews::Event(event) if !changes_access(event) => return,
        EntityNews::Event(event) => match &event.happened {
            Happened::Became(to) => vec![&event.record, to],
            _ => vec![&event.record],
        },
        EntityNews::GoneEverywhere { records, .. } => records.iter().collect(),
    };
    let forget = async |cache: &Cache| cache.forget_access(&changed).await;
    app.parts.cache.attempt(forget).await;
}

/// May others see the record after this event than before?
fn changes_access(event: &EntityEvent) -> bool {
    !matches!(event.happened, Happened::Changed) || !event.facts.people.is_empty()
}

/// Has the gateways ask again who may hear the record's channel. Best effort: they ask by themselves after a while.
async fn tell_access(app: &App, event: &EntityEvent) {
    let found = async {
        let mut connection = app.connection().await?;
        channels::find_topic(&mut connection, event.tenant, &event.record).await
    };
    match found.await {
        Ok(Some(channel)) => {
            let people = &event.facts.people;
            permissions::tell_access(app, (event.tenant, channel.id), people);
        }
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(%error, record = %event.record, "open sockets keep a record's channel for a while");
        }
    }
}

async fn apply_event(
    app: &App,
    delivery: &Delivery,
    event: &EntityEvent,
) -> Result<Taken, AppError> {
    let context = context(event.tenant, delivery);
    let once = || async {
        let mut connection = app.connection().await?;
        connection
            .transaction(async |connection| {
                if !inbox::insert(connection, &delivery.inbox).await? {
                    return Ok(None);
                }
                take(connection, &context, event).await.map(Some)
            })
            .await
    };
    let Some(logged) = retried(once).await? else {
        return Ok(Taken::Before);
    };
    events::announce(app, &logged);
    if changes_access(event) {
        tell_access(app, event).await;
    }
    Ok(Taken::Now)
}

/// Each record is a transaction of its own; doing some of them twice changes nothing.
async fn apply_gone(
    app: &App,
    delivery: &Delivery,
    (records, version): (&[RecordRef], &Version),
) -> Result<Taken, AppError> {
    let known = || async {
        let mut connection = app.connection().await?;
        connection
            .transaction(async |connection| {
                Ok::<_, AppError>(inbox::contains(connection, &delivery.inbox).await?)
            })
            .await
    };
    if retried(known).await? {
        return Ok(Taken::Before);
    }
    for record in records {
        let once = || async {
            let mut connection = app.connection().await?;
            connection
                .transaction(async |connection| {
                    take_gone(connection, delivery, (record, version)).await
                })
                .await
        };
        events::announce(app, &retried(once).await?);
    }
    let note = || async {
        let mut connection = app.connection().await?;
        connection
            .transaction(async |connection| {
                Ok::<_, AppError>(inbox::insert(connection, &delivery.inbox).await?)
            })
            .await
    };
    retried(note).await?;
    Ok(Taken::Now)
}

/// Does one transaction, and does it anew when its records were linked to others between the look and
/// the locks.
async fn retried<T, F>(once: impl Fn() -> F) -> Result<T, AppError>
where
    F: Future<Output = Result<T, AppError>>,
{
    let mut tries: u32 = 0;
    loop {
        tries = tries.saturating_add(1);
        match within(LIMIT, once()).await {
            Err(AppError::Busy) if tries < TRIES => {}
            done => return done,
        }
    }
}

async fn take_gone(
    connection: &mut Connection,
    delivery: &Delivery,
    (record, version): (&RecordRef, &Version),
) -> Result<Vec<LoggedEvent>, AppError> {
    entities::lock_everywhere(connection, record).await?;
    let mut logged = Vec::new();
    for tenant in entities::list_tenants_of(connection, record, TENANTS).await? {
        let event = EntityEvent {
            tenant,
            record: record.clone(),
            version: version.clone(),
            happened: Happened::Gone,
            facts: Facts::default(),
        };
        let context = context(tenant, delivery);
        logged.extend(take(connection, &context, &event).await?);
    }
    // After the records that there are: for them the deletion is something new.
    entities::save_gone_everywhere(connection, record, version).await?;
    Ok(logged)
}

/// Takes an event in the transaction under way; answers what it added to the logs of channels.
async fn take(
    connection: &mut Connection,
    context: &Context,
    event: &EntityEvent,
) -> Result<Vec<LoggedEvent>, AppError> {
    let mut named = vec![event.record.clone()];
    if let Happened::Became(to) = &event.happened {
        named.push(to.clone());
    }
    named.sort();
    let mut locked = LockedGroup::lock(connection, event.tenant, &named).await?;
    // What was linked has no channel of before to compare with: all of it is brought in line.
    let before = match event.happened {
        Happened::Became(_) => None,
        _ => locked.group.topic(),
    };
    let status = locked.group.apply(event);
    let change = Change { before, status };
    let logged = topics::settle(connection, context, &mut locked, change).await?;
    locked.save(connection, event).await?;
    Ok(logged)
}

/// Discuss itself, on behalf of what an event follows from.
fn context(tenant: TenantId, delivery: &Delivery) -> Context {
    let mut context = Context::of(Caller {
        tenant,
        user: UserId::SYSTEM,
        name: None,
        email: None,
    });
    context.correlation_id.clone_from(&delivery.correlation_id);
    context.traceparent.clone_from(&delivery.traceparent);
    context
}

#[cfg(test)]
mod tests;
