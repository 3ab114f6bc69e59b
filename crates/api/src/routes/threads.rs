//! Threads: reply, read the replies, follow.

use actix_web::{HttpResponse, delete, get, post, put, web::Data};
use discuss_app::{
    messages::change::Target,
    threads::{self, Following},
};
use discuss_domain::{ChannelId, MessageId};
use discuss_wire::{
    envelope::{Envelope, ErrorEnvelope},
    messages::{MessageView, SendMessageRequest},
    paging::{Page, PageQuery},
    threads::FollowView,
};
use utoipa_actix_web::service_config::ServiceConfig;

use super::messages::send;
use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, BodyRefusals, Refusals},
    request::{Body, Caller, IdempotencyKey, PathId, Query, Sender},
    state::State,
};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(send_reply)
        .service(list_replies)
        .service(list_channel_message_replies)
        .service(follow_thread)
        .service(unfollow_thread);
}

/// Reply to a message of a channel.
///
/// As sending a message, with a `parentId` that must be there. Who replies follows the thread.
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
#[post("/channels/{channelId}/messages/replies")]
async fn send_reply(
    state: Data<State>,
    sender: Sender,
    channel: PathId<ChannelId>,
    key: IdempotencyKey,
    request: Body<SendMessageRequest>,
) -> Result<HttpResponse, ApiError> {
    let draft = request.0.parse(key.as_deref())?;
    if draft.parent_id.is_none() {
        return Err(ApiError::invalid("parentId", "is required"));
    }
    send(&state, &sender, channel.0, draft).await
}

/// Read the replies to a message, oldest first.
///
/// A reply stands for the thread that it is in. Deleted replies keep their places.
#[utoipa::path(tag = "messages",
    params(("messageId" = i64, Path, description = "The message", example = 1042), PageQuery),
    responses(
        (status = 200, description = "The replies", body = Envelope<Page<MessageView>>),
        Refusals, AccessRefusals,
    ))]
#[get("/messages/{messageId}/replies")]
async fn list_replies(
    state: Data<State>,
    caller: Caller,
    message: PathId<MessageId>,
    page: Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    list(&state, &caller, message.0.into(), &page.0).await
}

/// Read the replies to a message of a channel, oldest first.
#[utoipa::path(tag = "messages",
    params(
        ("channelId" = i64, Path, description = "The channel", example = 7),
        ("messageId" = i64, Path, description = "The message", example = 1042),
        PageQuery,
    ),
    responses(
        (status = 200, description = "The replies", body = Envelope<Page<MessageView>>),
        Refusals, AccessRefusals,
    ))]
#[get("/channels/{channelId}/messages/{messageId}/replies")]
async fn list_channel_message_replies(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    message: PathId<MessageId>,
    page: Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    list(&state, &caller, (channel.0, message.0).into(), &page.0).await
}

async fn list(
    state: &State,
    caller: &Caller,
    target: Target,
    page: &PageQuery,
) -> Result<HttpResponse, ApiError> {
    let request = page.parse()?;
    let bounds = (request.page, request.size);
    let (replies, total, view) = threads::list(&state.app, caller, target, bounds).await?;
    let see = |message| MessageView::seen_from(message, &view);
    let items = replies.iter().map(see).collect();
    Ok(answer::ok("Replies", Page::new(items, request, total)))
}

/// Follow the thread of a message.
///
/// Who started it, replied or was mentioned in it follows without asking.
#[utoipa::path(tag = "messages",
    params(("messageId" = i64, Path, description = "The message, or a reply to it", example = 1042)),
    responses((status = 200, description = "The thread", body = Envelope<FollowView>), Refusals, AccessRefusals))]
#[put("/messages/{messageId}/follow")]
async fn follow_thread(
    state: Data<State>,
    caller: Caller,
    message: PathId<MessageId>,
) -> Result<HttpResponse, ApiError> {
    set_following(&state, &caller, message.0, Following::Yes).await
}

/// Unfollow the thread of a message; it lasts until the caller replies again.
#[utoipa::path(tag = "messages",
    params(("messageId" = i64, Path, description = "The message, or a reply to it", example = 1042)),
    responses((status = 200, description = "The thread", body = Envelope<FollowView>), Refusals, AccessRefusals))]
#[delete("/messages/{messageId}/follow")]
async fn unfollow_thread(
    state: Data<State>,
    caller: Caller,
    message: PathId<MessageId>,
) -> Result<HttpResponse, ApiError> {
    set_following(&state, &caller, message.0, Following::No).await
}

async fn set_following(
    state: &State,
    caller: &Caller,
    message: MessageId,
    following: Following,
) -> Result<HttpResponse, ApiError> {
    let root = threads::set_following(&state.app, caller, message, following).await?;
    let (said, is_following) = match following {
        Following::Yes => ("Thread followed", true),
        Following::No => ("Thread unfollowed", false),
    };
    let message_id = root.get();
    Ok(answer::ok(
        said,
        FollowView {
            message_id,
            is_following,
        },
    ))
}
