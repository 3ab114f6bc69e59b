//! People: what their tokens say of them is kept, so that others see their names.

use std::collections::HashMap;
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
}

/// What a token said: name and e-mail address.
type Said = (Option<String>, Option<String>);

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
        let said = (caller.name.clone(), caller.email.clone());
        people.insert((caller.tenant, caller.user), said.clone()) != Some(said)
    }

    fn forget(&self, caller: &Caller) {
        if let Ok(mut people) = self.people.lock() {
            people.remove(&(caller.tenant, caller.user));
        }
    }
}

/// Keeps what a token says of its bearer. Best effort: without it people are known by their ids.
pub async fn remember(app: &App, caller: &Caller) {
    let says_nothing = caller.name.is_none() && caller.email.is_none();
    if says_nothing || !app.parts.users.is_news(caller) {
        return;
    }
    let stored = async {
        let mut connection = app.connection().await?;
        discuss_storage::users::upsert(&mut connection, caller).await
    };
    if let Err(error) = stored.await {
        app.parts.users.forget(caller);
        tracing::warn!(%error, user = %caller.user, "a name was not stored");
    }
}
