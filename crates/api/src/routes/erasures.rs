//! Erasing what the caller wrote.

use actix_web::{HttpResponse, delete, get, web::Data};
use discuss_app::erasures;
use discuss_wire::{
    envelope::{Envelope, ErrorEnvelope},
    erasures::ErasureView,
    errors::ErrorCode,
};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{answer, error::ApiError, openapi::Refusals, request::Caller, state::State};

pub(super) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(erase_own_messages).service(get_erasure);
}

/// Erase all that the caller wrote until now.
///
/// It is done in the background: every message becomes a tombstone, as by a deletion, in archived channels and in
/// those that the caller has left too; contents, mentions, metadata and earlier versions are gone. Asked again
/// while it is under way, it answers how far that has come, and what was written meanwhile goes as well.
#[utoipa::path(tag = "users",
    responses((status = 202, description = "It will be done", body = Envelope<ErasureView>), Refusals))]
#[delete("/users/me/messages")]
async fn erase_own_messages(state: Data<State>, caller: Caller) -> Result<HttpResponse, ApiError> {
    let erasure = erasures::ask(&state.app, &caller).await?;
    Ok(answer::accepted(
        "Your messages will be erased",
        ErasureView::from(erasure),
    ))
}

/// Tell how far the erasure of the caller's messages has come.
#[utoipa::path(tag = "users",
    responses((status = 200, description = "How far it has come", body = Envelope<ErasureView>),
        (status = 404, description = "The caller never asked for one", body = ErrorEnvelope), Refusals))]
#[get("/users/me/messages/erasure")]
async fn get_erasure(state: Data<State>, caller: Caller) -> Result<HttpResponse, ApiError> {
    match erasures::find(&state.app, &caller).await? {
        Some(erasure) => Ok(answer::ok("Erasure", ErasureView::from(erasure))),
        None => Err(ApiError::new(
            ErrorCode::NotFound,
            "no erasure was asked for",
        )),
    }
}
