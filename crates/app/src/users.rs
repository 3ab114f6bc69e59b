//! People: what their tokens say of them is kept, so that others see their names.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Mutex;

use discuss_domain::users::Caller;
use discuss_domain::{TenantId, UserId};

use crate::App;

mod directory;

pub(crate) use directory::require_known;
pub use directory::search;

/// People whose names this process has stored already; forgotten all at once when there are too many.
#[derive(Default)]
pub(crate) struct Remembered {
    people: Mutex<HashMap<(TenantId, UserId), Said>>,
    hasher: RandomState,
}

/// What a token said, hashed: name and e-mail address.
type Said = u64;

const MOST: usize = 100_000;

impl Remembered {
    /// Is this news? Remembers it from now on.
    fn is_news(&self, caller: &Caller) -> bool {
        let Ok(mut people) = self.people.lock() else {
            return true;
        };
        if people.len() >= MOST {
            people.clear();
        }
        let said = self.hasher.hash_one((&caller.name, &caller.email));
        people.insert((caller.tenant, caller.user), said) != Some(said)
    }

    fn forget(&self, caller: &Caller) {
        if let Ok(mut people) = self.people.lock() {
            people.remove(&(caller.tenant, caller.user));
        }
    }
}

/// Keeps what a token says of its bearer. Best effort: without it people are known by their ids.
pub async fn remember(app: &App, caller: &Caller) {
    remember_all(app, std::slice::from_ref(caller)).await;
}

/// The same of many at once; of who is among them twice the later counts.
pub async fn remember_all(app: &App, callers: &[Caller]) {
    let mut newest: BTreeMap<(TenantId, UserId), Caller> = BTreeMap::new();
    for caller in callers {
        let says_nothing = caller.name.is_none() && caller.email.is_none();
        if says_nothing || !app.parts.users.is_news(caller) {
            continue;
        }
        let mut caller = caller.clone();
        if let Some(before) = newest.remove(&(caller.tenant, caller.user)) {
            caller.name = caller.name.or(before.name);
            caller.email = caller.email.or(before.email);
        }
        newest.insert((caller.tenant, caller.user), caller);
    }
    let news: Vec<&Caller> = newest.values().collect();
    if news.is_empty() {
        return;
    }
    let stored = async {
        let mut connection = app.connection().await?;
        discuss_storage::users::upsert(&mut connection, &news).await
    };
    if let Err(error) = stored.await {
        for caller in &news {
            app.parts.users.forget(caller);
        }
        tracing::warn!(%error, people = news.len(), "names were not stored");
    }
}
