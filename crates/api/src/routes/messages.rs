//! Messages: send, and read one. `routes::history` reads many.

use actix_web::{HttpResponse, get, post, web::Data};
use discuss_app::{Context, messages, receipts};
use discuss_domain::{
    ChannelId, MessageId,
    messages::{Draft, Message},
};
use discuss_wire::{
    envelope::{Envelope, ErrorEnvelope},
    messages::{MessageView, SendMessageRequest},
};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, BodyRefusals, Refusals},
    request::{Body, Caller, IdempotencyKey, PathId, Sender},
    state::State,
};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(send_message).service(get_message);
}

/// Send a message to a channel.
///
/// With a `clientMessageId` (or an `Idempotency-Key`) it may be sent again: the first message is answered.
#[utoipa::path(tag = "messages", request_body = SendMessageRequest,
    params(
        ("channelId" = i64, Path, description = "The channel", example = 7),
        ("Idempotency-Key" = Option<String>, Header, description = "Stands for clientMessageId where the body has none"),
    ),
    responses(
        (status = 201, description = "Stored", body = Envelope<MessageView>),
        (status = 200, description = "Stored by an earlier send with the same id", body = Envelope<MessageView>),
        (status = 409, description = "CONFLICT: the id was used for another message", body = ErrorEnvelope),
        Refusals, AccessRefusals, BodyRefusals,
    ))]
#[post("/channels/{channelId}/messages")]
async fn send_message(
    state: Data<State>,
    sender: Sender,
    channel: PathId<ChannelId>,
    key: IdempotencyKey,
    request: Body<SendMessageRequest>,
) -> Result<HttpResponse, ApiError> {
    let draft = request.0.parse(key.as_deref())?;
    send(&state, &sender, channel.0, draft).await
}

/// Sends a message, and answers it.
pub(super) async fn send(
    state: &State,
    sender: &Sender,
    channel: ChannelId,
    draft: Draft,
) -> Result<HttpResponse, ApiError> {
    let sent = messages::send_within(&state.app, sender, sender.verdict, channel, draft).await?;
    // As it was answered when nobody had had it yet.
    let view = MessageView::seen_by(&sent.message, sender.user());
    Ok(if sent.is_repeat {
        answer::ok("Message", view)
    } else {
        answer::created("Message sent", view)
    })
}

/// A message as the caller sees it, who has just done something in its channel.
pub(super) async fn seen(
    state: &State,
    context: &Context,
    message: &Message,
) -> Result<MessageView, ApiError> {
    let view = receipts::find_viewpoint(&state.app, context, message.channel_id).await?;
    Ok(MessageView::seen_from(message, &view))
}

/// Read one message.
#[utoipa::path(tag = "messages",
    params(("messageId" = i64, Path, description = "The message", example = 1042)),
    responses((status = 200, description = "The message", body = Envelope<MessageView>), Refusals, AccessRefusals))]
#[get("/messages/{messageId}")]
async fn get_message(
    state: Data<State>,
    caller: Caller,
    message: PathId<MessageId>,
) -> Result<HttpResponse, ApiError> {
    let (message, view) = messages::get(&state.app, &caller, message.0).await?;
    Ok(answer::ok(
        "Message",
        MessageView::seen_from(&message, &view),
    ))
}
