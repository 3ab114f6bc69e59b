//! Changing a channel: its properties, the archive.

use actix_web::{HttpResponse, delete, patch, post, put, web::Data};
use discuss_app::channels;
use discuss_domain::ChannelId;
use discuss_wire::{
    channels::{ChannelView, UpdateChannelRequest},
    envelope::Envelope,
};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, BodyRefusals, Refusals},
    request::{Body, Caller, PathId},
    state::State,
};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(update_channel)
        .service(replace_channel)
        .service(delete_channel)
        .service(archive_channel)
        .service(unarchive_channel);
}

/// Change a channel.
///
/// Only what is in the body changes, and what is so already makes no event. ADMIN and OWNER; who may know
/// of it is the OWNER's. A DIRECT channel stays as it is, that of a business record private.
#[utoipa::path(tag = "channels", request_body = UpdateChannelRequest,
    params(("channelId" = i64, Path, description = "The channel", example = 7)),
    responses(
        (status = 200, description = "The channel as it is now", body = Envelope<ChannelView>),
        Refusals, AccessRefusals, BodyRefusals,
    ))]
#[patch("/channels/{channelId}")]
async fn update_channel(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    request: Body<UpdateChannelRequest>,
) -> Result<HttpResponse, ApiError> {
    update(&state, &caller, channel.0, request.0).await
}

/// Change a channel, as PATCH does.
#[utoipa::path(tag = "channels", request_body = UpdateChannelRequest,
    params(("channelId" = i64, Path, description = "The channel", example = 7)),
    responses(
        (status = 200, description = "The channel as it is now", body = Envelope<ChannelView>),
        Refusals, AccessRefusals, BodyRefusals,
    ))]
#[put("/channels/{channelId}")]
async fn replace_channel(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    request: Body<UpdateChannelRequest>,
) -> Result<HttpResponse, ApiError> {
    update(&state, &caller, channel.0, request.0).await
}

async fn update(
    state: &State,
    caller: &Caller,
    channel: ChannelId,
    request: UpdateChannelRequest,
) -> Result<HttpResponse, ApiError> {
    let changes = request.parse()?;
    let seen = channels::update(&state.app, caller, channel, changes).await?;
    Ok(answer::ok(
        "Channel updated",
        ChannelView::seen(&seen, None),
    ))
}

/// Archive a channel: nothing is deleted. The OWNER's.
#[utoipa::path(tag = "channels",
    params(("channelId" = i64, Path, description = "The channel", example = 7)),
    responses(
        (status = 200, description = "The archived channel", body = Envelope<ChannelView>),
        Refusals, AccessRefusals,
    ))]
#[delete("/channels/{channelId}")]
async fn delete_channel(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
) -> Result<HttpResponse, ApiError> {
    archive(&state, &caller, channel.0).await
}

/// Archive a channel: from now on it is only read. The OWNER's.
#[utoipa::path(tag = "channels",
    params(("channelId" = i64, Path, description = "The channel", example = 7)),
    responses(
        (status = 200, description = "The archived channel", body = Envelope<ChannelView>),
        Refusals, AccessRefusals,
    ))]
#[post("/channels/{channelId}/archive")]
async fn archive_channel(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
) -> Result<HttpResponse, ApiError> {
    archive(&state, &caller, channel.0).await
}

async fn archive(
    state: &State,
    caller: &Caller,
    channel: ChannelId,
) -> Result<HttpResponse, ApiError> {
    let seen = channels::archive(&state.app, caller, channel).await?;
    Ok(answer::ok(
        "Channel archived",
        ChannelView::seen(&seen, None),
    ))
}

/// Take a channel out of the archive. The OWNER's.
///
/// One for which another goes on, because their business records became one, stays there.
#[utoipa::path(tag = "channels",
    params(("channelId" = i64, Path, description = "The channel", example = 7)),
    responses(
        (status = 200, description = "The channel", body = Envelope<ChannelView>),
        Refusals, AccessRefusals,
    ))]
#[post("/channels/{channelId}/unarchive")]
async fn unarchive_channel(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
) -> Result<HttpResponse, ApiError> {
    let seen = channels::unarchive(&state.app, &caller, channel.0).await?;
    Ok(answer::ok(
        "Channel unarchived",
        ChannelView::seen(&seen, None),
    ))
}
