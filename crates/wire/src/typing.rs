//! Who is typing, in requests, answers and frames.

use discuss_domain::ChannelId;
use discuss_domain::users::User;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::{FieldError, InField};
use crate::ids::IdNumber;

/// Where somebody types.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TypingRequest {
    /// The channel.
    #[schema(value_type = i64, example = 7)]
    pub channel_id: IdNumber,
}

impl TypingRequest {
    /// Checks the request.
    pub fn parse(&self) -> Result<ChannelId, FieldError> {
        ChannelId::parse(self.channel_id.0).in_field("channelId")
    }
}

/// Whether the caller types.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelTypingRequest {
    /// `true` if left out.
    pub is_typing: Option<bool>,
}

/// Somebody types, or does so no more.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TypingView {
    /// Where.
    pub channel_id: i64,
    /// Who.
    pub user_id: i64,
    /// The name to show.
    pub user_name: String,
    /// They type.
    pub is_typing: bool,
}

impl TypingView {
    /// Somebody in a channel.
    #[must_use]
    pub fn new(channel: ChannelId, user: &User, is_typing: bool) -> Self {
        Self {
            channel_id: channel.get(),
            user_id: user.id.get(),
            user_name: user.display_name(),
            is_typing,
        }
    }
}

/// Who types in a channel.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TypistsView {
    /// The channel.
    pub channel_id: i64,
    /// Those who type.
    pub typing_users: Vec<TypingView>,
}
