//! The caller's own membership: join, leave, and what they want for themselves.

use actix_web::{HttpResponse, patch, post, web::Data};
use discuss_app::{channels, members};
use discuss_domain::ChannelId;
use discuss_wire::{
    channels::ChannelView,
    envelope::Envelope,
    members::{MyMembershipView, UpdateMembershipRequest},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, BodyRefusals, Refusals},
    request::{Body, Caller, PathId},
    state::State,
};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(join_channel)
        .service(leave_channel)
        .service(update_membership);
}

/// Join a public GROUP.
///
/// As MEMBER, or as GUEST where the caller left as one; who left silenced comes back silenced, who was
/// removed is to be added by others. Who is in the channel already stays as they are.
#[utoipa::path(tag = "members",
    params(("channelId" = i64, Path, description = "The channel", example = 7)),
    responses(
        (status = 200, description = "The channel", body = Envelope<ChannelView>),
        Refusals, AccessRefusals,
    ))]
#[post("/channels/{channelId}/join")]
async fn join_channel(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
) -> Result<HttpResponse, ApiError> {
    members::join(&state.app, &caller, channel.0).await?;
    let seen = channels::get(&state.app, &caller, channel.0).await?;
    Ok(answer::ok("Channel joined", ChannelView::seen(&seen, None)))
}

/// What the caller left.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LeftChannelView {
    /// The channel.
    channel_id: i64,
}

/// Leave a channel; its OWNER can't, and nobody leaves a DIRECT channel.
#[utoipa::path(tag = "members",
    params(("channelId" = i64, Path, description = "The channel", example = 7)),
    responses(
        (status = 200, description = "Left", body = Envelope<LeftChannelView>),
        Refusals, AccessRefusals,
    ))]
#[post("/channels/{channelId}/leave")]
async fn leave_channel(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
) -> Result<HttpResponse, ApiError> {
    members::leave(&state.app, &caller, channel.0).await?;
    let channel_id = channel.0.get();
    Ok(answer::ok("Channel left", LeftChannelView { channel_id }))
}

/// Mute or pin a channel for oneself, or choose what to be notified of.
#[utoipa::path(tag = "members", request_body = UpdateMembershipRequest,
    params(("channelId" = i64, Path, description = "The channel", example = 7)),
    responses(
        (status = 200, description = "The caller's membership", body = Envelope<MyMembershipView>),
        Refusals, AccessRefusals, BodyRefusals,
    ))]
#[patch("/channels/{channelId}/membership")]
async fn update_membership(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    request: Body<UpdateMembershipRequest>,
) -> Result<HttpResponse, ApiError> {
    let settings = request.0.parse()?;
    let (member, channel) = members::update_own(&state.app, &caller, channel.0, settings).await?;
    let unread = member.read.unread(channel.counters.unread_count_base);
    let view = MyMembershipView::of(&member, unread);
    Ok(answer::ok("Membership updated", view))
}
