//! Emoji in paths and query strings.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use discuss_domain::reactions::Emoji;
use discuss_wire::reactions::emoji;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::ApiError;

/// The emoji in the path.
#[derive(Debug, Clone)]
pub(crate) struct PathEmoji(pub(crate) Emoji);

impl FromRequest for PathEmoji {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("emoji").unwrap_or_default();
        ready(emoji(text).map(Self).map_err(ApiError::from))
    }
}

/// The emoji in a query string, as it was sent; some clients encode it twice.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EmojiQuery {
    /// One emoji.
    #[param(example = "👍")]
    emoji: Option<String>,
}

impl EmojiQuery {
    /// The checked emoji.
    pub(crate) fn parse(&self) -> Result<Emoji, ApiError> {
        match &self.emoji {
            Some(text) => Ok(emoji(text)?),
            None => Err(ApiError::invalid("emoji", "is required")),
        }
    }
}
