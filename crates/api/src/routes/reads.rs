//! Read marks: how far the caller has read a channel.

use actix_web::{HttpResponse, get, post, web::Data};
use discuss_app::reads::{self, ReadUpTo};
use discuss_domain::{ChannelId, MessageId};
use discuss_wire::{envelope::Envelope, members::ReadMarkView, messages::UnreadCountView};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, Refusals},
    request::{Caller, PathId},
    state::State,
};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(mark_message_read)
        .service(mark_channel_message_read)
        .service(count_unread_messages);
}

/// Mark a message, and all before it, as read.
///
/// The mark moves forward only; the answer says where it is.
#[utoipa::path(tag = "messages",
    params(("messageId" = i64, Path, description = "The newest message read", example = 1042)),
    responses((status = 200, description = "The mark", body = Envelope<ReadMarkView>), Refusals, AccessRefusals))]
#[post("/messages/{messageId}/read")]
async fn mark_message_read(
    state: Data<State>,
    caller: Caller,
    message: PathId<MessageId>,
) -> Result<HttpResponse, ApiError> {
    let mark = reads::mark(&state.app, &caller, None, message.0).await?;
    Ok(answer::ok("Message marked as read", view(mark)))
}

/// Mark a message of a channel, and all before it, as read.
#[utoipa::path(tag = "messages",
    params(
        ("channelId" = i64, Path, description = "The channel", example = 7),
        ("messageId" = i64, Path, description = "The newest message read", example = 1042),
    ),
    responses((status = 200, description = "The mark", body = Envelope<ReadMarkView>), Refusals, AccessRefusals))]
#[post("/channels/{channelId}/messages/{messageId}/read")]
async fn mark_channel_message_read(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
    message: PathId<MessageId>,
) -> Result<HttpResponse, ApiError> {
    let mark = reads::mark(&state.app, &caller, Some(channel.0), message.0).await?;
    Ok(answer::ok("Message marked as read", view(mark)))
}

/// Count what the caller has not read in a channel.
#[utoipa::path(tag = "messages",
    params(("channelId" = i64, Path, description = "The channel", example = 7)),
    responses((status = 200, description = "How many", body = Envelope<UnreadCountView>), Refusals, AccessRefusals))]
#[get("/channels/{channelId}/messages/unread/count")]
async fn count_unread_messages(
    state: Data<State>,
    caller: Caller,
    channel: PathId<ChannelId>,
) -> Result<HttpResponse, ApiError> {
    let mark = reads::get(&state.app, &caller, channel.0).await?;
    Ok(answer::ok(
        "Unread messages",
        UnreadCountView { count: mark.unread },
    ))
}

fn view(mark: ReadUpTo) -> ReadMarkView {
    ReadMarkView {
        channel_id: mark.channel.get(),
        last_read_message_id: mark.message.map(MessageId::get),
        unread_count: mark.unread,
    }
}
