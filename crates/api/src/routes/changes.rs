//! Messages that are there: edit, delete, and read what they said before.

use actix_web::{HttpResponse, delete, get, patch, put, web::Data};
use discuss_app::messages::change::{self, Target};
use discuss_domain::{ChannelId, MessageId, messages::Content};
use discuss_wire::{
    envelope::Envelope,
    messages::{
        MessageView,
        change::{EarlierVersionView, EditMessageRequest},
    },
    paging::{Page, PageQuery},
};
use utoipa_actix_web::service_config::ServiceConfig;

use super::messages::seen;
use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, BodyRefusals, Refusals},
    request::{Body, Caller, PathId, Query},
    state::State,
};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(edit_message)
        .service(edit_channel_message)
        .service(delete_message)
        .service(delete_channel_message)
        .service(list_message_versions);
}

/// Edit a message.
///
/// Its sender may, within a day (`EDIT_WINDOW`) after it was sent. The same text again changes nothing.
#[utoipa::path(tag = "messages", request_body = EditMessageRequest,
    params(("messageId" = i64, Path, description = "The message", example = 1042)),
    responses(
        (status = 200, description = "The message as it is now", body = Envelope<MessageView>),
        Refusals, AccessRefusals, BodyRefusals,
    ))]
#[patch("/messages/{messageId}")]
async fn edit_message(
    state: Data<State>,
    caller: Caller,
    message: PathId<MessageId>,
    request: Body<EditMessageRequest>,
) -> Result<HttpResponse, ApiError> {
    let content = request.0.parse()?;
    edit(&state, &caller, message.0.into(), content).await
}

/// Edit a message of a channel.
#[utoipa::path(tag = "messages", request_body = EditMessageRequest,
    params(
        ("channelId" = i64, Path, description = "The channel", example = 7),
        ("messageId" = i64, Path, description = "The message", example = 1042),
    ),
    responses(
        (status = 200, description = "The message as it is now", body = Envelope<MessageView>),
        Refusals, AccessRefusals, BodyRefusals,
    ))]
#[put("/channels/{channelId}/messages/{messageId}")]
async fn edit_channel_message(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    message: PathId<MessageId>,
    request: Body<EditMessageRequest>,
) -> Result<HttpResponse, ApiError> {
    let content = request.0.parse()?;
    edit(&state, &caller, (channel.0, message.0).into(), content).await
}

async fn edit(
    state: &State,
    caller: &Caller,
    target: Target,
    content: Content,
) -> Result<HttpResponse, ApiError> {
    let edit = (content, state.messages.window());
    let edited = change::edit(&state.app, caller, target, edit).await?;
    let view = seen(state, caller, &edited.message).await?;
    Ok(answer::ok("Message edited", view))
}

/// Delete a message.
///
/// Its sender may, and an owner or admin of the channel. A tombstone keeps its place; who deletes it
/// again is answered the same.
#[utoipa::path(tag = "messages",
    params(("messageId" = i64, Path, description = "The message", example = 1042)),
    responses((status = 200, description = "The tombstone", body = Envelope<MessageView>), Refusals, AccessRefusals))]
#[delete("/messages/{messageId}")]
async fn delete_message(
    state: Data<State>,
    caller: Caller,
    message: PathId<MessageId>,
) -> Result<HttpResponse, ApiError> {
    delete(&state, &caller, message.0.into()).await
}

/// Delete a message of a channel.
#[utoipa::path(tag = "messages",
    params(
        ("channelId" = i64, Path, description = "The channel", example = 7),
        ("messageId" = i64, Path, description = "The message", example = 1042),
    ),
    responses((status = 200, description = "The tombstone", body = Envelope<MessageView>), Refusals, AccessRefusals))]
#[delete("/channels/{channelId}/messages/{messageId}")]
async fn delete_channel_message(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    message: PathId<MessageId>,
) -> Result<HttpResponse, ApiError> {
    delete(&state, &caller, (channel.0, message.0).into()).await
}

async fn delete(state: &State, caller: &Caller, target: Target) -> Result<HttpResponse, ApiError> {
    let deleted = change::delete(&state.app, caller, target).await?;
    let view = seen(state, caller, &deleted.message).await?;
    Ok(answer::ok("Message deleted", view))
}

/// List what a message said before it was edited.
///
/// The newest first; for its sender and for owners and admins of the channel.
#[utoipa::path(tag = "messages",
    params(("messageId" = i64, Path, description = "The message", example = 1042), PageQuery),
    responses(
        (status = 200, description = "The earlier versions", body = Envelope<Page<EarlierVersionView>>),
        Refusals, AccessRefusals,
    ))]
#[get("/messages/{messageId}/history")]
async fn list_message_versions(
    state: Data<State>,
    caller: Caller,
    message: PathId<MessageId>,
    page: Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let request = page.0.parse()?;
    let bounds = (request.page, request.size);
    let (versions, total) = change::list_versions(&state.app, &caller, message.0, bounds).await?;
    let items = versions.into_iter().map(EarlierVersionView::from).collect();
    Ok(answer::ok(
        "Earlier versions",
        Page::new(items, request, total),
    ))
}
