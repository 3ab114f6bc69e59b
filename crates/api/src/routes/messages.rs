//! Messages: send, and read what was sent.

use actix_web::{HttpResponse, get, post, web::Data};
use discuss_app::messages;
use discuss_domain::{ChannelId, MessageId, messages::Draft};
use discuss_wire::{
    envelope::{Envelope, ErrorEnvelope},
    messages::{MessageView, SendMessageRequest},
    paging::{CursorPage, CursorQuery, Page, PageQuery},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, BodyRefusals, Refusals},
    request::{Body, Caller, IdempotencyKey, PathId, Query},
    state::State,
};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(send_message)
        .service(list_messages)
        .service(get_message);
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
    caller: Caller,
    channel: PathId<ChannelId>,
    key: IdempotencyKey,
    request: Body<SendMessageRequest>,
) -> Result<HttpResponse, ApiError> {
    let draft = request.0.parse(key.as_deref())?;
    send(&state, &caller, channel.0, draft).await
}

/// Sends a message, and answers it.
pub(super) async fn send(
    state: &State,
    caller: &Caller,
    channel: ChannelId,
    draft: Draft,
) -> Result<HttpResponse, ApiError> {
    let sent = messages::send(&state.app, caller, channel, draft).await?;
    let view = MessageView::seen_by(&sent.message, caller.user());
    Ok(if sent.is_repeat {
        answer::ok("Message", view)
    } else {
        answer::created("Message sent", view)
    })
}

/// A stretch of a channel's history, newest first.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum History {
    /// By cursor.
    Cursor(CursorPage<MessageView>),
    /// By page number.
    Page(Page<MessageView>),
}

/// Read a channel's history, newest first.
///
/// With `beforeId`, `afterId` or `limit` by cursor (a `CursorPage`), else by page number (a `Page`).
#[utoipa::path(tag = "messages",
    params(("channelId" = i64, Path, description = "The channel", example = 7), CursorQuery, PageQuery),
    responses(
        (status = 200, description = "By cursor, or by page number", body = Envelope<History>),
        Refusals, AccessRefusals,
    ))]
#[get("/channels/{channelId}/messages")]
async fn list_messages(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    cursor: Query<CursorQuery>,
    page: Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let history = if is_given(&cursor.0) {
        list_from(&state, &caller, channel.0, &cursor.0).await?
    } else {
        list_page(&state, &caller, channel.0, &page.0).await?
    };
    Ok(answer::ok("Messages", history))
}

const fn is_given(cursor: &CursorQuery) -> bool {
    cursor.before_id.is_some()
        || cursor.after_id.is_some()
        || cursor.around_id.is_some()
        || cursor.limit.is_some()
}

async fn list_from(
    state: &State,
    caller: &Caller,
    channel: ChannelId,
    query: &CursorQuery,
) -> Result<History, ApiError> {
    let (cursor, limit) = query.parse()?;
    let history = messages::list(&state.app, caller, channel, cursor, limit).await?;
    Ok(History::Cursor(cursor_page(&history, caller)))
}

fn cursor_page(history: &messages::History, caller: &Caller) -> CursorPage<MessageView> {
    let see = |message| MessageView::seen_by(message, caller.user());
    CursorPage {
        items: history.messages.iter().map(see).collect(),
        has_more: history.has_older,
        has_newer: history.has_newer,
        oldest_message_id: history.messages.last().map(|message| message.id.get()),
        newest_message_id: history.messages.first().map(|message| message.id.get()),
    }
}

async fn list_page(
    state: &State,
    caller: &Caller,
    channel: ChannelId,
    query: &PageQuery,
) -> Result<History, ApiError> {
    let page = query.parse()?;
    let (found, total) =
        messages::list_page(&state.app, caller, channel, (page.page, page.size)).await?;
    let items = found
        .iter()
        .map(|message| MessageView::seen_by(message, caller.user()))
        .collect();
    Ok(History::Page(Page::new(items, page, total)))
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
    let message = messages::get(&state.app, &caller, message.0).await?;
    Ok(answer::ok(
        "Message",
        MessageView::seen_by(&message, caller.user()),
    ))
}
