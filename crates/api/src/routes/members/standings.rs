//! What members may do, and whether they are silenced.

use actix_web::{HttpResponse, patch, web::Data};
use discuss_app::members;
use discuss_domain::{ChannelId, UserId};
use discuss_wire::{
    envelope::Envelope,
    members::{MemberView, UpdateMemberRequest},
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
    app.service(update_member);
}

/// Give a member another role, or silence them.
///
/// Roles are the OWNER's; naming another OWNER hands the channel over, and the old one becomes ADMIN.
/// ADMINs silence MEMBERs and GUESTs, the OWNER ADMINs too.
#[utoipa::path(tag = "members", request_body = UpdateMemberRequest,
    params(
        ("channelId" = i64, Path, description = "The channel", example = 7),
        ("userId" = i64, Path, description = "The member", example = 17),
    ),
    responses(
        (status = 200, description = "The member as they stand now", body = Envelope<MemberView>),
        Refusals, AccessRefusals, BodyRefusals,
    ))]
#[patch("/channels/{channelId}/members/{userId}")]
async fn update_member(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    member: PathId<UserId>,
    request: Body<UpdateMemberRequest>,
) -> Result<HttpResponse, ApiError> {
    let change = request.0.parse()?;
    let place = (channel.0, member.0);
    let ((member, user), channel) = members::update(&state.app, &caller, place, change).await?;
    let view = MemberView::of(&member, &user, channel.counters.unread_count_base);
    Ok(answer::ok("Member updated", view))
}
