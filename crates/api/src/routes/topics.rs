//! Channels of business records: get or make one, find it by its record.

use actix_web::{
    HttpResponse, get, post,
    web::{Data, Path},
};
use discuss_app::channels::topics::{self, Opened};
use discuss_domain::channels::ChannelKind;
use discuss_wire::{
    channels::{ChannelView, CreateChannelRequest, NewTopic, record},
    envelope::Envelope,
};
use utoipa_actix_web::service_config::ServiceConfig;

use super::channels::{create, in_full};
use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, BodyRefusals, Refusals},
    request::{Body, Caller},
    state::State,
};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(create_topic_channel)
        .service(get_channel_by_entity);
}

/// Get or make the TOPIC channel of a business record.
///
/// The caller must be allowed to see the record: its own service is asked. Who makes the channel is its
/// OWNER, who finds it is in it as a MEMBER from now on.
#[utoipa::path(tag = "channels", request_body = CreateChannelRequest,
    responses(
        (status = 201, description = "Made", body = Envelope<ChannelView>),
        (status = 200, description = "The one that was there", body = Envelope<ChannelView>),
        Refusals, AccessRefusals, BodyRefusals,
    ))]
#[post("/channels/topic")]
async fn create_topic_channel(
    state: Data<State>,
    caller: Caller,
    request: Body<CreateChannelRequest>,
) -> Result<HttpResponse, ApiError> {
    create(&state, &caller, request.0, Some(ChannelKind::Topic)).await
}

/// Answers with the channel of a record.
pub(super) async fn open(
    state: &State,
    caller: &Caller,
    topic: &NewTopic,
) -> Result<HttpResponse, ApiError> {
    let name = topic.name.as_ref();
    let opened = topics::get_or_create(&state.app, caller, &topic.record, name).await?;
    let view = ChannelView::seen(&opened.0, None);
    Ok(match opened.1 {
        Opened::Made => answer::created("Channel created", view),
        Opened::Found => answer::ok("Channel", view),
    })
}

/// Find the channel of a business record.
///
/// Its members get it with the first 100 of them; others who may see the record get a preview. It also answers
/// to a record that became another.
#[utoipa::path(tag = "channels",
    params(
        ("entityType" = String, Path, description = "What sort of record", example = "customer"),
        ("entityId" = String, Path, description = "Its id; a / in it is written %2F", example = "7"),
    ),
    responses((status = 200, description = "The channel", body = Envelope<ChannelView>), Refusals, AccessRefusals))]
#[get("/channels/by-entity/{entityType}/{entityId}")]
async fn get_channel_by_entity(
    state: Data<State>,
    caller: Caller,
    path: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let record = record(&path.0, &path.1)?;
    let seen = topics::get_by_entity(&state.app, &caller, &record).await?;
    Ok(answer::ok(
        "Channel",
        in_full(&state, &caller, &seen).await?,
    ))
}
