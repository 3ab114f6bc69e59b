//! People of the tenant.

use actix_web::{HttpResponse, get, web::Data};
use discuss_app::users;
use discuss_wire::{
    envelope::Envelope,
    paging::{Page, PageRequest},
    users::{UserView, parse_query},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    answer,
    error::ApiError,
    openapi::Refusals,
    request::{Caller, Query},
    state::State,
};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(list_users);
}

/// Whom to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UserQuery {
    /// A part of a name or an e-mail address, at most 100 characters; without it anybody.
    #[param(max_length = 100, example = "ngu")]
    query: Option<String>,
}

/// List people of the tenant.
///
/// At most 50: first those of whom a word begins with the query.
#[utoipa::path(tag = "users", params(UserQuery),
    responses((status = 200, description = "At most 50 of them", body = Envelope<Page<UserView>>), Refusals))]
#[get("/users")]
async fn list_users(
    state: Data<State>,
    caller: Caller,
    query: Query<UserQuery>,
) -> Result<HttpResponse, ApiError> {
    let query = parse_query(query.0.query.as_deref())?;
    let found = users::search(&state.app, &caller, &query).await?;
    let items: Vec<UserView> = found.iter().map(UserView::from).collect();
    let page = PageRequest { page: 0, size: 50 };
    let total = i64::try_from(items.len()).unwrap_or(i64::MAX);
    Ok(answer::ok("Users", Page::new(items, page, total)))
}
