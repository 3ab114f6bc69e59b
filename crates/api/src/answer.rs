//! Successes as HTTP.

use actix_web::HttpResponse;
use discuss_wire::envelope::Envelope;
use serde::Serialize;

/// 200 with `data`.
pub(crate) fn ok<T: Serialize>(message: &'static str, data: T) -> HttpResponse {
    HttpResponse::Ok().json(Envelope::success(200, message, data))
}

/// 202 with the `data` of what will be done.
pub(crate) fn accepted<T: Serialize>(message: &'static str, data: T) -> HttpResponse {
    HttpResponse::Accepted().json(Envelope::success(202, message, data))
}

/// 201 with the `data` that was made.
pub(crate) fn created<T: Serialize>(message: &'static str, data: T) -> HttpResponse {
    HttpResponse::Created().json(Envelope::success(201, message, data))
}
