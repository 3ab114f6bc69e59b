//! Making channels: whatever the kind, a channel begins with the seq of its first event already taken.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use discuss_domain::channels::{Channel, ChannelKind, Description, DirectPair, NewGroup};
use discuss_domain::entities::Topic;
use discuss_domain::{Seq, TenantId, UserId};

use super::ChannelRow;
use crate::schema::channels;
use crate::{Connection, StorageError};

/// Who makes a channel, and when.
#[derive(Debug, Clone, Copy)]
pub struct Maker {
    /// The tenant.
    pub tenant: TenantId,
    /// Who makes it.
    pub user: UserId,
    /// When.
    pub at: DateTime<Utc>,
}

/// Makes a group with `member_count` members.
pub async fn insert_group(
    connection: &mut Connection,
    maker: Maker,
    group: &NewGroup,
    member_count: i32,
) -> Result<Channel, StorageError> {
    let row = NewRow {
        name: Some(group.name.as_str()),
        description: group.description.as_ref().map(Description::as_str),
        is_private: group.is_private,
        metadata: group.metadata.as_ref(),
        ..NewRow::of(ChannelKind::Group, maker, member_count)
    };
    insert(connection, row).await
}

/// Makes the direct channel of two people; `None` when there is one, also when somebody else makes it at
/// this moment.
pub async fn insert_direct(
    connection: &mut Connection,
    maker: Maker,
    pair: DirectPair,
) -> Result<Option<Channel>, StorageError> {
    let row = NewRow {
        direct_low_user_id: Some(pair.low().get()),
        direct_high_user_id: Some(pair.high().get()),
        ..NewRow::of(ChannelKind::Direct, maker, 2)
    };
    let made: Option<ChannelRow> = diesel::insert_into(channels::table)
        .values(row)
        .on_conflict_do_nothing()
        .returning(ChannelRow::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    made.map(Channel::try_from).transpose()
}

/// Makes the channel of a record with `member_count` members. It is not archived yet. An error when the
/// record has one.
pub async fn insert_topic(
    connection: &mut Connection,
    maker: Maker,
    topic: &Topic,
    member_count: i32,
) -> Result<Channel, StorageError> {
    let row = NewRow {
        name: Some(&topic.name),
        entity_type: Some(topic.record.sort.as_str()),
        entity_id: Some(topic.record.id.as_str()),
        ..NewRow::of(ChannelKind::Topic, maker, member_count)
    };
    insert(connection, row).await
}

#[derive(Debug, Insertable)]
#[diesel(table_name = channels)]
struct NewRow<'a> {
    tenant_id: i64,
    kind: &'static str,
    name: Option<&'a str>,
    description: Option<&'a str>,
    is_private: bool,
    entity_type: Option<&'a str>,
    entity_id: Option<&'a str>,
    direct_low_user_id: Option<i64>,
    direct_high_user_id: Option<i64>,
    metadata: Option<&'a serde_json::Value>,
    created_by: i64,
    member_count: i32,
    last_seq: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl NewRow<'_> {
    /// A private channel without properties.
    fn of(kind: ChannelKind, maker: Maker, member_count: i32) -> Self {
        Self {
            tenant_id: maker.tenant.get(),
            kind: kind.as_str(),
            name: None,
            description: None,
            is_private: true,
            entity_type: None,
            entity_id: None,
            direct_low_user_id: None,
            direct_high_user_id: None,
            metadata: None,
            created_by: maker.user.get(),
            member_count,
            last_seq: Seq::ZERO.next().get(),
            created_at: maker.at,
            updated_at: maker.at,
        }
    }
}

async fn insert(connection: &mut Connection, row: NewRow<'_>) -> Result<Channel, StorageError> {
    let made: ChannelRow = diesel::insert_into(channels::table)
        .values(row)
        .returning(ChannelRow::as_returning())
        .get_result(connection)
        .await?;
    Channel::try_from(made)
}
