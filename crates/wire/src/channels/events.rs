//! The payloads of events that are about channels.

use serde::Serialize;

use super::ChannelView;

/// A new channel and who is in it: the payload of `CHANNEL_CREATED`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelCreatedView {
    /// The channel.
    pub channel: ChannelView,
    /// Who is in it.
    pub member_ids: Vec<i64>,
}

/// A channel as it is now: the payload of `CHANNEL_UPDATED` and `CHANNEL_ARCHIVED`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelChangedView {
    /// The channel.
    pub channel: ChannelView,
}
