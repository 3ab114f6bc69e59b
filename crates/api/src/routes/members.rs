//! Members of a channel: list, add, remove, change.

use actix_web::{HttpResponse, delete, get, post, web::Data};
use discuss_app::members;
use discuss_domain::{ChannelId, UserId};
use discuss_wire::{
    envelope::Envelope,
    ids::IdNumber,
    members::{AddMembersRequest, MemberView},
    paging::{Page, PageQuery},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, BodyRefusals, Refusals},
    request::{Caller, OptionalBody, PathId, Query},
    state::State,
};

mod own;
mod standings;

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(list_members)
        .service(add_members)
        .service(remove_member)
        .configure(standings::configure)
        .configure(own::configure);
}

/// List who is in a channel.
#[utoipa::path(tag = "members",
    params(("channelId" = i64, Path, description = "The channel", example = 7), PageQuery),
    responses(
        (status = 200, description = "Who is in it, in the order of their ids", body = Envelope<Page<MemberView>>),
        Refusals, AccessRefusals,
    ))]
#[get("/channels/{channelId}/members")]
async fn list_members(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    page: Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let request = page.0.parse()?;
    let (found, channel) =
        members::list(&state.app, &caller, channel.0, (request.page, request.size)).await?;
    let base = channel.counters.unread_count_base;
    let items = found
        .iter()
        .map(|(member, user)| MemberView::of(member, user, base))
        .collect();
    let total = channel.member_count.into();
    Ok(answer::ok("Members", Page::new(items, request, total)))
}

/// One person to add, for who sends no body.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct AddMemberQuery {
    /// Whom to add, instead of a body.
    #[param(value_type = Option<i64>, minimum = 1, example = 17)]
    user_id: Option<String>,
}

impl AddMemberQuery {
    /// The request that it stands for.
    fn into_request(self) -> Result<AddMembersRequest, ApiError> {
        let Some(digits) = self.user_id else {
            return Err(ApiError::invalid("userIds", "is required"));
        };
        let user = IdNumber::parse(&digits)
            .map_err(|error| ApiError::invalid("userId", error.to_string()))?;
        Ok(AddMembersRequest {
            user_ids: vec![user],
            role: None,
        })
    }
}

/// Who was added; who was in the channel already is not among them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AddedMembersView {
    /// The channel.
    channel_id: i64,
    /// Who was added.
    user_ids: Vec<i64>,
}

/// Add people to a channel.
///
/// Who is in it already stays as they are.
#[utoipa::path(tag = "members", request_body(content = Option<AddMembersRequest>),
    params(("channelId" = i64, Path, description = "The channel", example = 7), AddMemberQuery),
    responses(
        (status = 200, description = "Who was added", body = Envelope<AddedMembersView>),
        Refusals, AccessRefusals, BodyRefusals,
    ))]
#[post("/channels/{channelId}/members")]
async fn add_members(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    query: Query<AddMemberQuery>,
    body: OptionalBody<AddMembersRequest>,
) -> Result<HttpResponse, ApiError> {
    let request = match body.0 {
        Some(request) => request,
        None => query.0.into_request()?,
    };
    let (users, role) = request.parse()?;
    let added = members::add(&state.app, &caller, channel.0, &users, role).await?;
    let view = AddedMembersView {
        channel_id: channel.0.get(),
        user_ids: added.into_iter().map(UserId::get).collect(),
    };
    Ok(answer::ok("Members added", view))
}

/// Who was removed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RemovedMemberView {
    /// The channel.
    channel_id: i64,
    /// Who is no longer in it.
    user_id: i64,
}

/// Remove somebody from a channel.
#[utoipa::path(tag = "members",
    params(
        ("channelId" = i64, Path, description = "The channel", example = 7),
        ("userId" = i64, Path, description = "Whom to remove", example = 17),
    ),
    responses(
        (status = 200, description = "Removed", body = Envelope<RemovedMemberView>),
        Refusals, AccessRefusals,
    ))]
#[delete("/channels/{channelId}/members/{userId}")]
async fn remove_member(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    member: PathId<UserId>,
) -> Result<HttpResponse, ApiError> {
    members::remove(&state.app, &caller, channel.0, member.0).await?;
    let view = RemovedMemberView {
        channel_id: channel.0.get(),
        user_id: member.0.get(),
    };
    Ok(answer::ok("Member removed", view))
}
