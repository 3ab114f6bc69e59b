//! Telling people of those with whom they share a channel that is small enough, at most once a second of
//! each. Any process does it: Redis hands everybody who may have changed to one of them.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use discuss_domain::presence::{Presence, Status};
use discuss_domain::users::User;
use discuss_domain::{ChannelId, TenantId, UserId};
use discuss_storage::redis::Topic;
use discuss_storage::redis::presence::{Known, Patience, Person, PresenceStore};
use discuss_storage::{StorageError, presence as people, users};
use discuss_wire::fanout::Fanout;
use discuss_wire::frames::ServerFrame;

use super::Seen;
use super::links::millis;
use crate::channels::now;
use crate::{App, AppError};

/// Connections that are forgotten together.
const ENDED: usize = 250;
/// People who are looked at together: few, as each may have thousands who are to be told.
const BATCH: usize = 16;

/// Whose process ends before others were told of them are told of by another after this.
const AGAIN_MS: u64 = 5_000;

/// Processes that are busy may look as seldom as this.
const SELDOM: Duration = Duration::from_secs(15);

/// What came of looking for changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// There may be more to tell.
    pub is_more: bool,
    /// How many members the channels have in which people were told of.
    pub weight: u64,
}

/// Forgets connections that ended, and tells of some of those who are seen otherwise than others were last
/// told. Where nobody could do so for long, connections that could not be renewed meanwhile have another
/// `lease`.
pub async fn tell_changes(app: &App, lease: Duration) -> Result<Told, AppError> {
    let mut store = app.parts.presence.store().await?;
    let patience = Patience {
        // Whoever lives renews in the first third of a lease: none of theirs is over by then.
        looked_within_ms: millis((lease / 2).max(SELDOM)),
        grace_ms: millis(lease),
    };
    let forgotten = store.forget_ended(ENDED, patience).await;
    let forgotten = forgotten.map_err(StorageError::from)?;
    let taken = store.take_changed(BATCH, AGAIN_MS).await;
    let taken = taken.map_err(StorageError::from)?;
    let is_more = taken.len() >= BATCH || forgotten >= ENDED;
    let (changed, same): (Vec<Known>, Vec<Known>) = taken.into_iter().partition(is_news);
    let noted = store.note_told(&[], &same).await;
    noted.map_err(StorageError::from)?;
    if changed.is_empty() {
        return Ok(Told { is_more, weight: 0 });
    }
    match tell(app, &mut store, &changed).await {
        Ok(weight) => Ok(Told { is_more, weight }),
        Err(error) => {
            look_again(&mut store, &changed).await?;
            Err(error)
        }
    }
}

/// Is somebody seen otherwise than others were told? Who was never told of, and is not there, is no news.
fn is_news(known: &Known) -> bool {
    match &known.told {
        Some(told) => *told != known.presence.told(),
        None => known.presence.status() != Status::Offline,
    }
}

async fn tell(app: &App, store: &mut PresenceStore, changed: &[Known]) -> Result<u64, AppError> {
    let asked: Vec<Person> = changed.iter().map(|known| known.person).collect();
    let mut connection = app.connection().await?;
    let shared = people::list_shared_channels(&mut connection, &asked).await?;
    let mut names: HashMap<Person, User> = HashMap::new();
    for (tenant, ids) in by_tenant(&asked) {
        for user in users::list(&mut connection, tenant, &ids).await? {
            names.insert((tenant, user.id), user);
        }
    }
    drop(connection);
    let mut weight: u64 = 0;
    let publications = changed.iter().filter_map(|known| {
        let user = names.remove(&known.person);
        let seen = Seen {
            user: user.unwrap_or_else(|| User::unknown(known.person.1)),
            presence: known.presence.clone(),
        };
        let shared = shared.get(&known.person).cloned().unwrap_or_default();
        weight = weight.saturating_add(shared.members);
        publication(known, &seen, shared.channels)
    });
    let publications: Vec<(Topic, Bytes)> = publications.collect();
    app.parts.fanout.publish(publications);
    let noted = store.note_told(changed, &[]).await;
    noted.map_err(StorageError::from)?;
    Ok(weight)
}

/// Has somebody look at them again.
async fn look_again(store: &mut PresenceStore, changed: &[Known]) -> Result<(), AppError> {
    for known in changed {
        let noted = store.choose(known.person, None, None).await;
        noted.map_err(StorageError::from)?;
    }
    Ok(())
}

fn by_tenant(people: &[Person]) -> HashMap<TenantId, Vec<UserId>> {
    let mut ids: HashMap<TenantId, Vec<UserId>> = HashMap::new();
    for (tenant, user) in people {
        ids.entry(*tenant).or_default().push(*user);
    }
    ids
}

/// What the gateways are told of somebody.
fn publication(known: &Known, seen: &Seen, channels: Vec<ChannelId>) -> Option<(Topic, Bytes)> {
    let (tenant, id) = known.person;
    let kind = kind(known.told.as_deref(), &known.presence);
    let frame = ServerFrame::new(kind, seen.view(), now().timestamp_millis());
    let frame = frame.encode().ok()?;
    let message = Fanout::Presence {
        user: id,
        channels,
        frame,
    };
    Some((Topic::Presence(tenant), Bytes::from(message.encode())))
}

/// What a change is called, by what others were told before.
fn kind(told: Option<&str>, presence: &Presence) -> &'static str {
    let was_there = told.is_some_and(|told| !told.starts_with(Status::Offline.as_str()));
    let is_there = presence.status() != Status::Offline;
    match (was_there, is_there) {
        (false, true) => "USER_ONLINE",
        (true, false) => "USER_OFFLINE",
        _ => "USER_PRESENCE_CHANGED",
    }
}
