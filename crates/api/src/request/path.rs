//! Ids in paths.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use discuss_domain::{ChannelId, IdError, MessageId, UserId};
use discuss_wire::ids::IdNumber;

use crate::error::ApiError;

/// The id of that type in the path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PathId<T>(pub(crate) T);

/// An id that paths carry.
pub(crate) trait InPath: Sized {
    /// Its name in the path's pattern.
    const NAME: &'static str;

    /// Checks the number.
    fn parse(number: i64) -> Result<Self, IdError>;
}

macro_rules! in_path {
    ($($id:ident = $name:literal),*) => {
        $(impl InPath for $id {
            const NAME: &'static str = $name;

            fn parse(number: i64) -> Result<Self, IdError> {
                $id::parse(number)
            }
        })*
    };
}

in_path!(
    ChannelId = "channelId",
    MessageId = "messageId",
    UserId = "userId"
);

impl<T: InPath> FromRequest for PathId<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let digits = request.match_info().get(T::NAME).unwrap_or_default();
        let id = IdNumber::parse(digits).and_then(|number| T::parse(number.0));
        ready(
            id.map(Self)
                .map_err(|error| ApiError::invalid(T::NAME, error.to_string())),
        )
    }
}
