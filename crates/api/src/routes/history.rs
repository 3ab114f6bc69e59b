//! The history of a channel: by cursor, by page number, and before a message.

use actix_web::{HttpResponse, get, web::Data};
use discuss_app::messages::{self, History};
use discuss_domain::messages::history::{Cursor, Scope};
use discuss_domain::{ChannelId, MessageId};
use discuss_wire::{
    envelope::Envelope,
    messages::MessageView,
    paging::{CursorPage, CursorQuery, Page, PageQuery},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, Refusals},
    request::{Caller, PathId, Query},
    state::State,
};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(list_messages).service(list_messages_before);
}

/// A stretch of a channel's history, newest first.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = History)]
enum HistoryView {
    /// By cursor.
    Cursor(CursorPage<MessageView>),
    /// By page number.
    Page(Page<MessageView>),
}

/// Read a channel's history, newest first.
///
/// With `beforeId`, `afterId`, `aroundId` or `limit` by cursor (a `CursorPage`), else by page number (a
/// `Page`). `includeThreads` says whether replies are among the messages: if it is left out, not by cursor
/// and yes by page number.
#[utoipa::path(tag = "messages",
    params(("channelId" = i64, Path, description = "The channel", example = 7), CursorQuery, PageQuery),
    responses(
        (status = 200, description = "By cursor, or by page number", body = Envelope<HistoryView>),
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
    let (cursor, page) = (cursor.0, page.0);
    let history = if cursor.is_given() {
        let (scope, from) = (cursor.parse_scope(Scope::TopLevel)?, cursor.parse()?);
        let history = messages::list(&state.app, &caller, channel.0, scope, from).await?;
        HistoryView::Cursor(cursor_page(&history))
    } else {
        let (scope, page) = (cursor.parse_scope(Scope::WithReplies)?, page.parse()?);
        let numbers = (page.page, page.size);
        let history = messages::list_page(&state.app, &caller, channel.0, scope, numbers).await?;
        HistoryView::Page(Page::new(views(&history), page, history.total))
    };
    Ok(answer::ok("Messages", history))
}

fn cursor_page(history: &History) -> CursorPage<MessageView> {
    CursorPage {
        items: views(history),
        has_more: history.has_older,
        has_newer: history.has_newer,
        oldest_message_id: history.messages.last().map(|message| message.id.get()),
        newest_message_id: history.messages.first().map(|message| message.id.get()),
    }
}

fn views(history: &History) -> Vec<MessageView> {
    let seen = history.messages.iter();
    seen.map(|message| MessageView::seen_from(message, &history.view))
        .collect()
}

/// Read the messages before one, newest first.
///
/// Like `beforeId`, but the answer is the bare list; only `limit` and `includeThreads` are read.
#[utoipa::path(tag = "messages",
    params(
        ("channelId" = i64, Path, description = "The channel", example = 7),
        ("messageId" = i64, Path, description = "Messages older than this one", example = 1042),
        ("limit" = Option<i64>, Query, description = "How many, 1 to 100; 50 when it is left out", minimum = 1, maximum = 100, example = 50),
        ("includeThreads" = Option<bool>, Query, description = "Replies as well", example = false),
    ),
    responses((status = 200, description = "The messages", body = Envelope<Vec<MessageView>>), Refusals, AccessRefusals))]
#[get("/channels/{channelId}/messages/before/{messageId}")]
async fn list_messages_before(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    message: PathId<MessageId>,
    query: Query<CursorQuery>,
) -> Result<HttpResponse, ApiError> {
    let (scope, limit) = (
        query.0.parse_scope(Scope::TopLevel)?,
        query.0.parse_limit()?,
    );
    let from = (Cursor::Before(message.0), limit);
    let history = messages::list(&state.app, &caller, channel.0, scope, from).await?;
    Ok(answer::ok("Messages", views(&history)))
}
