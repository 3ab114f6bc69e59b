//! Channels: make, list, read, change.

use actix_web::{HttpResponse, get, post, web::Data};
use discuss_app::channels;
use discuss_domain::{
    ChannelId,
    channels::{ChannelKind, Seen},
};
use discuss_wire::{
    channels::{ChannelFilterQuery, ChannelView, CreateChannelRequest, NewChannel},
    envelope::Envelope,
    members::MemberView,
    paging::{Page, PageQuery},
};
use utoipa_actix_web::service_config::ServiceConfig;

use super::topics;
use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, BodyRefusals, Refusals},
    request::{Body, Caller, PathId, Query},
    state::State,
};

mod changes;

/// The most members in the answer for a single channel.
const MEMBERS_SHOWN: i64 = 100;

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(create_channel)
        .service(create_group_channel)
        .service(create_direct_channel)
        .service(list_channels)
        .service(get_channel)
        .configure(changes::configure);
}

/// Make a channel.
///
/// A GROUP is always new and its maker the OWNER. A DIRECT channel is the one there is with that person,
/// or a new one. So is a TOPIC that of its business record, which the caller must be allowed to see: who
/// makes it is the OWNER, who finds it a MEMBER.
#[utoipa::path(tag = "channels", request_body = CreateChannelRequest,
    responses(
        (status = 201, description = "Made", body = Envelope<ChannelView>),
        (status = 200, description = "The DIRECT or TOPIC channel that was there", body = Envelope<ChannelView>),
        Refusals, AccessRefusals, BodyRefusals,
    ))]
#[post("/channels")]
async fn create_channel(
    state: Data<State>,
    caller: Caller,
    request: Body<CreateChannelRequest>,
) -> Result<HttpResponse, ApiError> {
    create(&state, &caller, request.0, None).await
}

/// Make a GROUP channel.
#[utoipa::path(tag = "channels", request_body = CreateChannelRequest,
    responses((status = 201, description = "Made", body = Envelope<ChannelView>), Refusals, AccessRefusals, BodyRefusals))]
#[post("/channels/group")]
async fn create_group_channel(
    state: Data<State>,
    caller: Caller,
    request: Body<CreateChannelRequest>,
) -> Result<HttpResponse, ApiError> {
    create(&state, &caller, request.0, Some(ChannelKind::Group)).await
}

/// Get or make the DIRECT channel with somebody.
#[utoipa::path(tag = "channels", request_body = CreateChannelRequest,
    responses(
        (status = 201, description = "Made", body = Envelope<ChannelView>),
        (status = 200, description = "The one that was there", body = Envelope<ChannelView>),
        Refusals, AccessRefusals, BodyRefusals,
    ))]
#[post("/channels/direct")]
async fn create_direct_channel(
    state: Data<State>,
    caller: Caller,
    request: Body<CreateChannelRequest>,
) -> Result<HttpResponse, ApiError> {
    create(&state, &caller, request.0, Some(ChannelKind::Direct)).await
}

pub(super) async fn create(
    state: &State,
    caller: &Caller,
    request: CreateChannelRequest,
    implied: Option<ChannelKind>,
) -> Result<HttpResponse, ApiError> {
    match request.parse(caller.user(), implied)? {
        NewChannel::Topic(topic) => topics::open(state, caller, &topic).await,
        NewChannel::Group(group) => {
            let seen = channels::create_group(&state.app, caller, &group).await?;
            Ok(answer::created(
                "Channel created",
                ChannelView::seen(&seen, None),
            ))
        }
        NewChannel::Direct(other) => {
            let (seen, is_new) = channels::get_or_create_direct(&state.app, caller, other).await?;
            let view = ChannelView::seen(&seen, None);
            Ok(if is_new {
                answer::created("Channel created", view)
            } else {
                answer::ok("Channel", view)
            })
        }
    }
}

/// List the caller's channels.
///
/// Pinned ones first, then those with the newest message, each with what is unread. More than 10,000 are
/// not counted.
#[utoipa::path(tag = "channels", params(ChannelFilterQuery, PageQuery),
    responses((status = 200, description = "A page of them", body = Envelope<Page<ChannelView>>), Refusals))]
#[get("/channels")]
async fn list_channels(
    state: Data<State>,
    caller: Caller,
    filter: Query<ChannelFilterQuery>,
    page: Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let (filter, page) = (filter.0.parse()?, page.0.parse()?);
    let (seen, total) = channels::list(&state.app, &caller, filter, (page.page, page.size)).await?;
    let items = seen
        .iter()
        .map(|seen| ChannelView::seen(seen, None))
        .collect();
    Ok(answer::ok("Channels", Page::new(items, page, total)))
}

/// Read a channel.
///
/// Its members get it with the first 100 of them; of a public one others get a preview.
#[utoipa::path(tag = "channels",
    params(("channelId" = i64, Path, description = "The channel", example = 7)),
    responses((status = 200, description = "The channel", body = Envelope<ChannelView>), Refusals, AccessRefusals))]
#[get("/channels/{channelId}")]
async fn get_channel(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
) -> Result<HttpResponse, ApiError> {
    let seen = channels::get(&state.app, &caller, channel.0).await?;
    Ok(answer::ok(
        "Channel",
        in_full(&state, &caller, &seen).await?,
    ))
}

/// A channel with its first members, for who is in it.
pub(super) async fn in_full(
    state: &State,
    caller: &Caller,
    seen: &Seen,
) -> Result<ChannelView, ApiError> {
    let members = if seen.current().is_some() {
        let first = (0, MEMBERS_SHOWN);
        let (members, channel) =
            discuss_app::members::list(&state.app, caller, seen.channel.id, first).await?;
        let base = channel.counters.unread_count_base;
        Some(
            members
                .iter()
                .map(|(member, user)| MemberView::of(member, user, base))
                .collect(),
        )
    } else {
        None
    };
    Ok(ChannelView::seen(seen, members))
}
