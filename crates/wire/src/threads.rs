//! Threads in requests and answers.

use discuss_domain::messages::Message;
use serde::Serialize;
use utoipa::ToSchema;

use crate::messages::{ids, millis};

/// A thread as it is now: the payload of `THREAD_UPDATED`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreadUpdatedView {
    /// The root.
    pub message_id: i64,
    /// How many replies there are; deleted ones don't count.
    pub thread_count: i64,
    /// When somebody replied last, epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reply_at: Option<i64>,
    /// Who replied, at most 50.
    pub participants: Vec<i64>,
}

impl ThreadUpdatedView {
    /// The thread of this root.
    #[must_use]
    pub fn of(root: &Message) -> Self {
        Self {
            message_id: root.id.get(),
            thread_count: root.thread.count,
            last_reply_at: millis(root.thread.last_reply_at),
            participants: ids(&root.thread.participants),
        }
    }
}

/// Whether the caller follows a thread.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FollowView {
    /// The thread's root.
    pub message_id: i64,
    /// The caller is told of its replies.
    pub is_following: bool,
}
