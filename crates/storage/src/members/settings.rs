//! What members want for themselves in a channel: no seq is taken, nobody is told.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::members::{Member, NotificationLevel, OwnSettings};
use discuss_domain::{ChannelId, UserId};

use super::{CURRENT, MemberRow};
use crate::schema::channel_members;
use crate::{Connection, StorageError};

#[derive(AsChangeset)]
#[diesel(table_name = channel_members)]
struct SettingsRow {
    is_muted: Option<bool>,
    is_pinned: Option<bool>,
    notification_level: Option<&'static str>,
}

/// Changes what somebody wants, at least one thing; `None` when they are not in the channel now.
pub async fn set_settings(
    connection: &mut Connection,
    (channel, user): (ChannelId, UserId),
    settings: OwnSettings,
) -> Result<Option<Member>, StorageError> {
    let own = channel_members::table.find((channel.get(), user.get()));
    let row: Option<MemberRow> =
        diesel::update(own.filter(channel_members::status.eq_any(CURRENT)))
            .set(SettingsRow {
                is_muted: settings.is_muted,
                is_pinned: settings.is_pinned,
                notification_level: settings.notification_level.map(NotificationLevel::as_str),
            })
            .returning(MemberRow::as_returning())
            .get_result(connection)
            .await
            .optional()?;
    row.map(Member::try_from).transpose()
}
