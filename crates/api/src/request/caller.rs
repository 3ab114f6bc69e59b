//! Who a request comes from.

use std::{
    future::{Ready, ready},
    ops::Deref,
};

use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload};
use discuss_app::{Context, rate_limits::Verdict};

use crate::{
    admission::{Admission, Admitted},
    error::ApiError,
};

/// Somebody whose identity was checked and who has not called too often, and the ids of their request: a
/// handler that takes one is closed to everybody else.
#[derive(Debug)]
pub(crate) struct Caller(Context);

/// Somebody whose identity was checked and who sends a message: what they sent before is answered however
/// often they call, so it is `discuss_app::messages::send_within` that refuses one call too many.
#[derive(Debug)]
pub(crate) struct Sender {
    context: Context,
    /// What the limits say.
    pub(crate) verdict: Verdict,
}

impl Deref for Caller {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.0
    }
}

impl Deref for Sender {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.context
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(admitted(request).and_then(|Admitted { context, verdict }| {
            verdict.require()?;
            Ok(Self(context))
        }))
    }
}

impl FromRequest for Sender {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(admitted(request).map(|Admitted { context, verdict }| Self { context, verdict }))
    }
}

fn admitted(request: &HttpRequest) -> Result<Admitted, ApiError> {
    let admission = request.extensions_mut().remove::<Admission>();
    admission.ok_or_else(ApiError::unexplained)?.0
}
