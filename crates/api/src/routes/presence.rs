//! Whether people are there.

use actix_web::{HttpResponse, get, patch, web::Data};
use discuss_app::presence::{self, Seen};
use discuss_domain::{ChannelId, UserId};
use discuss_wire::{
    envelope::Envelope,
    ids::IdNumber,
    presence::{ChannelPresenceView, ChoosePresenceRequest, OnlineUsersView, PresenceView},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, BodyRefusals, Refusals},
    request::{Body, Caller, PathId, Query},
    state::State,
};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(get_own_presence)
        .service(choose_own_presence)
        .service(get_presence)
        .service(list_channel_presence)
        .service(list_online_users);
}

/// Tell how the caller is seen.
#[utoipa::path(tag = "presence",
    responses((status = 200, description = "The presence", body = Envelope<PresenceView>), Refusals))]
#[get("/users/me/presence")]
async fn get_own_presence(state: Data<State>, caller: Caller) -> Result<HttpResponse, ApiError> {
    let seen = presence::get(&state.app, &caller, caller.user()).await?;
    Ok(answer::ok("Presence", seen.view()))
}

/// Choose how the caller wants to be seen.
///
/// Whoever is not connected is OFFLINE, and who does nothing for five minutes AWAY; AWAY, BUSY and OFFLINE that
/// are chosen stay until ONLINE is.
#[utoipa::path(tag = "presence", request_body = ChoosePresenceRequest,
    responses((status = 200, description = "The presence", body = Envelope<PresenceView>), Refusals, BodyRefusals))]
#[patch("/users/me/presence")]
async fn choose_own_presence(
    state: Data<State>,
    caller: Caller,
    request: Body<ChoosePresenceRequest>,
) -> Result<HttpResponse, ApiError> {
    let (status, message) = request.0.parse()?;
    presence::choose(&state.app, &caller, status, message.as_ref()).await?;
    let seen = presence::get(&state.app, &caller, caller.user()).await?;
    Ok(answer::ok("Presence updated", seen.view()))
}

/// Tell how somebody is seen.
#[utoipa::path(tag = "presence",
    params(("userId" = i64, Path, description = "Who", example = 17)),
    responses((status = 200, description = "The presence", body = Envelope<PresenceView>), Refusals, AccessRefusals))]
#[get("/users/{userId}/presence")]
async fn get_presence(
    state: Data<State>,
    caller: Caller,
    user: PathId<UserId>,
) -> Result<HttpResponse, ApiError> {
    let seen = presence::get(&state.app, &caller, user.0).await?;
    Ok(answer::ok("Presence", seen.view()))
}

/// Tell who of a channel is there.
///
/// At most a thousand members are looked at.
#[utoipa::path(tag = "presence",
    params(("channelId" = i64, Path, description = "The channel", example = 7)),
    responses((status = 200, description = "Its members, by how they are seen", body = Envelope<ChannelPresenceView>),
        Refusals, AccessRefusals))]
#[get("/channels/{channelId}/presence")]
async fn list_channel_presence(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
) -> Result<HttpResponse, ApiError> {
    let (seen, total) = presence::list_in_channel(&state.app, &caller, channel.0).await?;
    let people = seen.iter().map(Seen::view).collect();
    let view = ChannelPresenceView::new(channel.0.get(), total, people);
    Ok(answer::ok("Presence", view))
}

/// Of which channel.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
struct OnlineQuery {
    /// Only who is in this channel.
    #[param(value_type = Option<i64>, example = 7)]
    channel_id: Option<String>,
}

/// Tell who is there of those with whom the caller shares a channel.
///
/// Of channels of at most 200 members, and at most a thousand people.
#[utoipa::path(tag = "presence", params(OnlineQuery),
    responses((status = 200, description = "Who is there", body = Envelope<OnlineUsersView>), Refusals, AccessRefusals))]
#[get("/presence/online-users")]
async fn list_online_users(
    state: Data<State>,
    caller: Caller,
    query: Query<OnlineQuery>,
) -> Result<HttpResponse, ApiError> {
    let channel = parse_channel(query.0.channel_id.as_deref())?;
    let seen = presence::list_online(&state.app, &caller, channel).await?;
    let online_users: Vec<PresenceView> = seen.iter().map(Seen::view).collect();
    let total_online = online_users.len();
    Ok(answer::ok(
        "Who is there",
        OnlineUsersView {
            online_users,
            total_online,
        },
    ))
}

/// Reads the id of a channel; an empty one is none.
pub(super) fn parse_channel(text: Option<&str>) -> Result<Option<ChannelId>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let id = IdNumber::parse(text).and_then(|number| ChannelId::parse(number.0));
    id.map(Some)
        .map_err(|error| ApiError::invalid("channelId", error.to_string()))
}
