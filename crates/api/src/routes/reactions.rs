//! Reactions: one emoji of a person counts once.

use actix_web::{HttpResponse, delete, post, web::Data};
use discuss_app::{messages::change::Target, reactions};
use discuss_domain::{ChannelId, MessageId, reactions::Emoji};
use discuss_wire::{envelope::Envelope, messages::MessageView, reactions::ReactionRequest};
use utoipa_actix_web::service_config::ServiceConfig;

use super::messages::seen;
use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, BodyRefusals, Refusals},
    request::{Body, Caller, EmojiQuery, OptionalBody, PathEmoji, PathId, Query},
    state::State,
};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(add_reaction)
        .service(add_channel_message_reaction)
        .service(remove_reaction)
        .service(remove_channel_message_reaction);
}

/// React to a message.
#[utoipa::path(tag = "messages", request_body = ReactionRequest,
    params(("messageId" = i64, Path, description = "The message", example = 1042)),
    responses(
        (status = 201, description = "The message with the reaction", body = Envelope<MessageView>),
        (status = 200, description = "The caller had reacted with this emoji", body = Envelope<MessageView>),
        Refusals, AccessRefusals, BodyRefusals,
    ))]
#[post("/messages/{messageId}/reactions")]
async fn add_reaction(
    state: Data<State>,
    caller: Caller,
    message: PathId<MessageId>,
    request: Body<ReactionRequest>,
) -> Result<HttpResponse, ApiError> {
    let emoji = request.0.parse()?;
    add(&state, &caller, message.0.into(), emoji).await
}

/// React to a message of a channel; the emoji stands in the body or in the query.
#[utoipa::path(tag = "messages", request_body(content = Option<ReactionRequest>),
    params(
        ("channelId" = i64, Path, description = "The channel", example = 7),
        ("messageId" = i64, Path, description = "The message", example = 1042),
        EmojiQuery,
    ),
    responses(
        (status = 201, description = "The message with the reaction", body = Envelope<MessageView>),
        (status = 200, description = "The caller had reacted with this emoji", body = Envelope<MessageView>),
        Refusals, AccessRefusals, BodyRefusals,
    ))]
#[post("/channels/{channelId}/messages/{messageId}/reactions")]
async fn add_channel_message_reaction(
    state: Data<State>,
    caller: Caller,
    place: (PathId<ChannelId>, PathId<MessageId>),
    query: Query<EmojiQuery>,
    body: OptionalBody<ReactionRequest>,
) -> Result<HttpResponse, ApiError> {
    let emoji = match body.0 {
        Some(request) => request.parse()?,
        None => query.0.parse()?,
    };
    let (channel, message) = place;
    add(&state, &caller, (channel.0, message.0).into(), emoji).await
}

async fn add(
    state: &State,
    caller: &Caller,
    target: Target,
    emoji: Emoji,
) -> Result<HttpResponse, ApiError> {
    let changed = reactions::add(&state.app, caller, target, emoji).await?;
    let view = seen(state, caller, &changed.message).await?;
    Ok(if changed.is_repeat {
        answer::ok("Message", view)
    } else {
        answer::created("Reaction added", view)
    })
}

/// Take a reaction back.
///
/// Who has not reacted with this emoji is answered the same.
#[utoipa::path(tag = "messages",
    params(
        ("messageId" = i64, Path, description = "The message", example = 1042),
        ("emoji" = String, Path, description = "The emoji", example = "👍"),
    ),
    responses(
        (status = 200, description = "The message without the reaction", body = Envelope<MessageView>),
        Refusals, AccessRefusals,
    ))]
#[delete("/messages/{messageId}/reactions/{emoji}")]
async fn remove_reaction(
    state: Data<State>,
    caller: Caller,
    message: PathId<MessageId>,
    emoji: PathEmoji,
) -> Result<HttpResponse, ApiError> {
    remove(&state, &caller, message.0.into(), emoji.0).await
}

/// Take a reaction to a message of a channel back.
#[utoipa::path(tag = "messages",
    params(
        ("channelId" = i64, Path, description = "The channel", example = 7),
        ("messageId" = i64, Path, description = "The message", example = 1042),
        EmojiQuery,
    ),
    responses(
        (status = 200, description = "The message without the reaction", body = Envelope<MessageView>),
        Refusals, AccessRefusals,
    ))]
#[delete("/channels/{channelId}/messages/{messageId}/reactions")]
async fn remove_channel_message_reaction(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    message: PathId<MessageId>,
    query: Query<EmojiQuery>,
) -> Result<HttpResponse, ApiError> {
    let emoji = query.0.parse()?;
    remove(&state, &caller, (channel.0, message.0).into(), emoji).await
}

async fn remove(
    state: &State,
    caller: &Caller,
    target: Target,
    emoji: Emoji,
) -> Result<HttpResponse, ApiError> {
    let changed = reactions::remove(&state.app, caller, target, emoji).await?;
    let view = seen(state, caller, &changed.message).await?;
    Ok(answer::ok("Reaction removed", view))
}
