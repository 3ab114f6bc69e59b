//! How far the erasure of what somebody wrote has come.

use discuss_domain::erasures::Erasure;
use serde::Serialize;
use utoipa::ToSchema;

/// An erasure.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErasureView {
    /// When it was asked for: what was written until then goes. Milliseconds since 1970.
    #[schema(example = 1_790_000_000_000_i64)]
    pub requested_at: i64,
    /// How many messages are gone so far.
    #[schema(example = 0)]
    pub erased_count: i64,
    /// When all was gone, milliseconds since 1970; not there while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<i64>,
}

impl From<Erasure> for ErasureView {
    fn from(erasure: Erasure) -> Self {
        Self {
            requested_at: erasure.asked_at.timestamp_millis(),
            erased_count: erasure.erased,
            finished_at: erasure.finished_at.map(|at| at.timestamp_millis()),
        }
    }
}
