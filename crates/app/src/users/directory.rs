//! People of the tenant, with the help of the account service where it is configured. What it says is kept
//! in `users`: for an hour it is not asked about the same person again, and while it is away what it last
//! said, or people's own tokens, counts.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use discuss_domain::UserId;
use discuss_domain::users::User;
use discuss_storage::users;
use discuss_wire::errors::{ErrorCode, FieldError};
use futures_util::{StreamExt, stream};

use crate::channels::now;
use crate::services::{Account, NoAnswer, Person};
use crate::{App, AppError, Context};

/// For so long the account service is not asked again about somebody.
const FRESH: TimeDelta = TimeDelta::hours(1);
/// People who are asked for at the same time.
const AT_ONCE: usize = 8;
/// People that a search brings at most.
const MOST: i64 = 50;

/// What the account service said of somebody who was named.
type Answer = (UserId, Result<Option<Person>, NoAnswer>);

/// Refuses whom the account service does not know in the caller's tenant; `field` named them. Without such
/// a service ids are taken as they are.
pub(crate) async fn require_known(
    app: &App,
    context: &Context,
    field: &'static str,
    named: &[UserId],
) -> Result<(), AppError> {
    let Some(account) = &app.parts.account else {
        return Ok(());
    };
    let known = {
        let mut connection = app.connection().await?;
        users::list_known(&mut connection, context.tenant(), named).await?
    };
    let asks = stale(context, &known, named);
    let asks = asks.into_iter().map(|user| ask(account, context, user));
    let answers: Vec<Answer> = stream::iter(asks).buffer_unordered(AT_ONCE).collect().await;
    let found = judge(context, field, &known, answers)?;
    keep(app, context, &found).await
}

/// People of the caller's tenant by their names or e-mail addresses, at most 50.
pub async fn search(app: &App, context: &Context, query: &str) -> Result<Vec<User>, AppError> {
    let others = match &app.parts.account {
        Some(account) if !query.is_empty() => search_account(app, account, context, query).await,
        _ => Vec::new(),
    };
    let mut connection = app.connection().await?;
    let found = users::search(&mut connection, context.tenant(), (query, &others), MOST);
    Ok(found.await?)
}

async fn ask(account: &Account, context: &Context, user: UserId) -> Answer {
    (user, account.find(context, user).await)
}

/// Those of whom the service has not said lately who they are. The caller is known by their token.
fn stale(
    context: &Context,
    known: &HashMap<UserId, Option<DateTime<Utc>>>,
    named: &[UserId],
) -> Vec<UserId> {
    let since = now().checked_sub_signed(FRESH).unwrap_or_default();
    let is_fresh = |user: &UserId| known.get(user).copied().flatten() > Some(since);
    let mut stale = named.to_vec();
    stale.sort_unstable();
    stale.dedup();
    stale.retain(|user| *user != context.user() && !is_fresh(user));
    stale
}

/// Who was found, if nobody was missed.
fn judge(
    context: &Context,
    field: &'static str,
    known: &HashMap<UserId, Option<DateTime<Utc>>>,
    answers: Vec<Answer>,
) -> Result<Vec<User>, AppError> {
    let (mut found, mut missing, mut away) = (Vec::new(), Vec::new(), None);
    for (user, answer) in answers {
        match answer {
            Ok(Some(person))
                if person.tenant == Some(context.tenant()) && person.user.id == user =>
            {
                found.push(person.user);
            }
            Ok(_) => missing.push(user),
            Err(error) if known.contains_key(&user) => {
                tracing::warn!(%error, %user, "somebody is taken as they were last known");
            }
            Err(error) => away = Some(error),
        }
    }
    if let Some(user) = missing.iter().min() {
        let message = format!("there is nobody of the id {user}");
        let error = FieldError::new(field, message).coded(ErrorCode::UserNotFound);
        return Err(error.into());
    }
    match away {
        Some(error) => Err(AppError::ServiceAway(error.to_string())),
        None => Ok(found),
    }
}

async fn keep(app: &App, context: &Context, people: &[User]) -> Result<(), AppError> {
    if people.is_empty() {
        return Ok(());
    }
    let mut connection = app.connection().await?;
    Ok(users::upsert_checked(&mut connection, context.tenant(), people, now()).await?)
}

/// Whom the account service finds; what it found in the last hour is not asked again. Best effort: without
/// it those are found who are known here.
async fn search_account(
    app: &App,
    account: &Account,
    context: &Context,
    query: &str,
) -> Vec<UserId> {
    let (cache, tenant) = (&app.parts.cache, context.tenant());
    let kept = cache.attempt(async |cache| cache.find_search(tenant, query).await);
    if let Some(kept) = kept.await.flatten() {
        return kept;
    }
    let mut people: Vec<User> = match account.search(context, query).await {
        Ok(found) => {
            let ours = found.into_iter().filter(|one| one.tenant == Some(tenant));
            ours.map(|person| person.user).collect()
        }
        Err(error) => {
            tracing::warn!(%error, "people are found without the account service");
            return Vec::new();
        }
    };
    people.sort_by_key(|user| user.id);
    people.dedup_by_key(|user| user.id);
    if let Err(error) = keep(app, context, &people).await {
        tracing::warn!(%error, "people who were found are not kept");
        return Vec::new();
    }
    let ids: Vec<UserId> = people.iter().map(|user| user.id).collect();
    let keep = cache.attempt(async |cache| cache.keep_search(tenant, query, &ids).await);
    keep.await;
    ids
}
