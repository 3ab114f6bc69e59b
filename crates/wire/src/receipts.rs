//! Receipts in answers.

use serde::Serialize;
use utoipa::ToSchema;

/// To whom a message came and who has read it; its sender is left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptsView {
    /// Those to whom it came; who has read it among them.
    pub delivered_to: Vec<ReceiptView>,
    /// Those who have read it.
    pub read_by: Vec<ReceiptView>,
}

/// One person's receipt.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptView {
    /// Who.
    pub user_id: i64,
    /// When they came to where they are now, at this message or a later one; epoch milliseconds.
    pub at: i64,
}
