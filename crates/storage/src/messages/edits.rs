//! What messages said before they were edited. The writer keeps it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::messages::EarlierVersion;
use discuss_domain::{MessageId, UserId};

use crate::schema::message_edits;
use crate::{Connection, StorageError};

#[derive(Queryable, Selectable)]
#[diesel(table_name = message_edits)]
struct EditRow {
    version: i64,
    content: String,
    edited_at: DateTime<Utc>,
    edited_by: i64,
}

impl From<EditRow> for EarlierVersion {
    fn from(row: EditRow) -> Self {
        Self {
            version: row.version,
            content: row.content,
            edited_at: row.edited_at,
            edited_by: UserId::from(row.edited_by),
        }
    }
}

/// The number of a message's newest earlier version; zero if it was never edited.
pub async fn newest(connection: &mut Connection, message: MessageId) -> Result<i64, StorageError> {
    let newest: Option<i64> = message_edits::table
        .filter(message_edits::message_id.eq(message.get()))
        .select(diesel::dsl::max(message_edits::version))
        .first(connection)
        .await?;
    Ok(newest.unwrap_or(0))
}

/// The earlier versions of a message numbered `newest` and below, `limit` of them, newest first.
pub async fn list_numbered(
    connection: &mut Connection,
    message: MessageId,
    newest: i64,
    limit: i64,
) -> Result<Vec<EarlierVersion>, StorageError> {
    let rows: Vec<EditRow> = message_edits::table
        .filter(message_edits::message_id.eq(message.get()))
        .filter(message_edits::version.le(newest))
        .filter(message_edits::version.gt(newest.saturating_sub(limit)))
        .order(message_edits::version.desc())
        .select(EditRow::as_select())
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(EarlierVersion::from).collect())
}
