//! Receipts: to whom a message came, and who has read it.

use actix_web::{HttpResponse, get, web::Data};
use discuss_app::receipts;
use discuss_domain::MessageId;
use discuss_wire::{envelope::Envelope, receipts::ReceiptsView};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    answer,
    error::ApiError,
    openapi::{AccessRefusals, Refusals},
    request::{Caller, PathId},
    state::State,
};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(list_receipts);
}

/// Tell to whom a message came and who has read it.
///
/// Its sender is left out. Of channels with more than 50 members nobody is told.
#[utoipa::path(tag = "messages",
    params(("messageId" = i64, Path, description = "The message", example = 1042)),
    responses((status = 200, description = "The receipts", body = Envelope<ReceiptsView>), Refusals, AccessRefusals))]
#[get("/messages/{messageId}/receipts")]
async fn list_receipts(
    state: Data<State>,
    caller: Caller,
    message: PathId<MessageId>,
) -> Result<HttpResponse, ApiError> {
    let receipts = receipts::list(&state.app, &caller, message.0).await?;
    Ok(answer::ok("Receipts", receipts))
}
