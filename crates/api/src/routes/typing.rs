//! Who is typing.

use actix_web::{HttpResponse, delete, get, post, web::Data};
use discuss_app::typing;
use discuss_domain::ChannelId;
use discuss_domain::users::User;
use discuss_wire::{
    envelope::Envelope,
    typing::{ChannelTypingRequest, TypingRequest, TypingView, TypistsView},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::presence::parse_channel;
use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, BodyRefusals, Refusals},
    request::{Body, Caller, OptionalBody, PathId, Query},
    state::State,
};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(start_typing)
        .service(stop_typing)
        .service(tell_typing)
        .service(list_typing);
}

/// Tell the others in a channel that the caller types.
///
/// It ends by itself after 10 seconds. In channels of more than 200 members nobody is told.
#[utoipa::path(tag = "presence", request_body = TypingRequest,
    responses((status = 200, description = "They are told", body = Envelope<TypingView>), Refusals, AccessRefusals, BodyRefusals))]
#[post("/presence/typing")]
async fn start_typing(
    state: Data<State>,
    caller: Caller,
    request: Body<TypingRequest>,
) -> Result<HttpResponse, ApiError> {
    tell(&state, &caller, request.0.parse()?, true).await
}

/// In which channel, where the request has no body.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
struct TypingQuery {
    /// The channel, unless the body names it.
    #[param(value_type = Option<i64>, example = 7)]
    channel_id: Option<String>,
}

/// Tell the others in a channel that the caller types no more.
#[utoipa::path(tag = "presence", request_body(content = Option<TypingRequest>), params(TypingQuery),
    responses((status = 200, description = "They are told", body = Envelope<TypingView>), Refusals, AccessRefusals, BodyRefusals))]
#[delete("/presence/typing")]
async fn stop_typing(
    state: Data<State>,
    caller: Caller,
    query: Query<TypingQuery>,
    body: OptionalBody<TypingRequest>,
) -> Result<HttpResponse, ApiError> {
    let channel = match body.0 {
        Some(request) => request.parse()?,
        None => parse_channel(query.0.channel_id.as_deref())?
            .ok_or_else(|| ApiError::invalid("channelId", "is required"))?,
    };
    tell(&state, &caller, channel, false).await
}

/// Tell the others in a channel that the caller types, or does so no more.
#[utoipa::path(tag = "presence", request_body(content = Option<ChannelTypingRequest>),
    params(("channelId" = i64, Path, description = "The channel", example = 7)),
    responses((status = 200, description = "They are told", body = Envelope<TypingView>), Refusals, AccessRefusals, BodyRefusals))]
#[post("/channels/{channelId}/messages/typing")]
async fn tell_typing(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    body: OptionalBody<ChannelTypingRequest>,
) -> Result<HttpResponse, ApiError> {
    let is_typing = body.0.and_then(|request| request.is_typing);
    tell(&state, &caller, channel.0, is_typing.unwrap_or(true)).await
}

/// Tell who else types in a channel.
#[utoipa::path(tag = "presence",
    params(("channelId" = i64, Path, description = "The channel", example = 7)),
    responses((status = 200, description = "Who types", body = Envelope<TypistsView>), Refusals, AccessRefusals))]
#[get("/channels/{channelId}/messages/typing")]
async fn list_typing(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
) -> Result<HttpResponse, ApiError> {
    let typing = typing::list(&state.app, &caller, channel.0).await?;
    let typing = typing.iter();
    let view = TypistsView {
        channel_id: channel.0.get(),
        typing_users: typing
            .map(|user| TypingView::new(channel.0, user, true))
            .collect(),
    };
    Ok(answer::ok("Who types", view))
}

async fn tell(
    state: &State,
    caller: &Caller,
    channel: ChannelId,
    is_typing: bool,
) -> Result<HttpResponse, ApiError> {
    typing::tell(&state.app, caller, channel, is_typing).await?;
    let user = User {
        name: caller.caller.name.clone(),
        ..User::unknown(caller.user())
    };
    Ok(answer::ok(
        "Told",
        TypingView::new(channel, &user, is_typing),
    ))
}
