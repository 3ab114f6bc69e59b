//! Members in requests and answers.

use chrono::{DateTime, Utc};
use discuss_domain::members::{Member, Role};
use discuss_domain::users::User;
use discuss_domain::{ChannelId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::{FieldError, InField};
use crate::ids::IdNumber;
use crate::users::UserView;

mod changes;

pub use changes::{UpdateMemberRequest, UpdateMembershipRequest};

/// The most people one call adds.
pub const MAX_USERS_A_CALL: usize = 100;

/// Adds people to a channel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddMembersRequest {
    /// Whom, at most 100.
    #[schema(max_items = 100, example = json!([17, 18]))]
    pub user_ids: Vec<IdNumber>,
    /// As what; MEMBER when it is left out. Nobody is added as OWNER.
    #[schema(example = "MEMBER")]
    pub role: Option<String>,
}

impl AddMembersRequest {
    /// The checked people and their role.
    pub fn parse(&self) -> Result<(Vec<UserId>, Role), FieldError> {
        let users = user_ids("userIds", &self.user_ids)?;
        if users.is_empty() {
            return Err(FieldError::new("userIds", "must name somebody"));
        }
        let role = match self.role.as_deref() {
            None => Role::Member,
            Some(name) => Role::find(name)
                .filter(|role| *role != Role::Owner)
                .ok_or_else(|| FieldError::new("role", "must be ADMIN, MEMBER or GUEST"))?,
        };
        Ok((users, role))
    }
}

/// Checks a list of people: at most 100, each once, in the order of their ids.
pub(crate) fn user_ids(field: &str, ids: &[IdNumber]) -> Result<Vec<UserId>, FieldError> {
    if ids.len() > MAX_USERS_A_CALL {
        let message = format!("must name at most {MAX_USERS_A_CALL} people");
        return Err(FieldError::new(field, message));
    }
    let parsed: Result<Vec<UserId>, _> = ids.iter().map(|id| UserId::parse(id.0)).collect();
    let mut users = parsed.in_field(field)?;
    users.sort_unstable();
    users.dedup();
    Ok(users)
}

/// A member, with what the tenant knows of the person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberView {
    /// The channel.
    pub channel_id: i64,
    /// The person.
    pub user_id: i64,
    /// Their tenant.
    pub tenant_id: i64,
    /// OWNER, ADMIN, MEMBER or GUEST.
    pub role: &'static str,
    /// ACTIVE, or MUTED when silenced.
    pub status: &'static str,
    /// When they joined, epoch milliseconds.
    pub joined_at: i64,
    /// The newest message they have read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_read_msg_id: Option<i64>,
    /// What they have not read.
    pub unread_count: i64,
    /// They do not want to be notified.
    pub is_muted: bool,
    /// On top of their list.
    pub is_pinned: bool,
    /// ALL, MENTIONS or NONE.
    pub notification_level: &'static str,
    /// What is known of the person.
    pub user: UserView,
}

impl MemberView {
    /// The view of a member of a channel that has counted `unread_count_base` messages.
    #[must_use]
    pub fn of(member: &Member, user: &User, unread_count_base: i64) -> Self {
        Self {
            channel_id: member.channel_id.get(),
            user_id: member.user_id.get(),
            tenant_id: member.tenant_id.get(),
            role: member.membership.role.as_str(),
            status: member.membership.status.as_str(),
            joined_at: member.joined_at.timestamp_millis(),
            last_read_msg_id: member.read.message_id.map(discuss_domain::MessageId::get),
            unread_count: member.read.unread(unread_count_base),
            is_muted: member.is_muted,
            is_pinned: member.is_pinned,
            notification_level: member.notification_level.as_str(),
            user: UserView::from(user),
        }
    }
}

/// The caller's own membership of a channel.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MyMembershipView {
    /// OWNER, ADMIN, MEMBER or GUEST.
    pub role: &'static str,
    /// The caller does not want to be notified.
    pub is_muted: bool,
    /// On top of the caller's list.
    pub is_pinned: bool,
    /// ALL, MENTIONS or NONE.
    pub notification_level: &'static str,
    /// The newest message read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_read_message_id: Option<i64>,
    /// What is unread.
    pub unread_count: i64,
    /// How many of that mention the caller; in the answers of channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mention_count: Option<i64>,
}

impl MyMembershipView {
    /// The view of the caller's own membership.
    #[must_use]
    pub fn of(member: &Member, unread_count: i64) -> Self {
        Self {
            role: member.membership.role.as_str(),
            is_muted: member.is_muted,
            is_pinned: member.is_pinned,
            notification_level: member.notification_level.as_str(),
            last_read_message_id: member.read.message_id.map(discuss_domain::MessageId::get),
            unread_count,
            mention_count: None,
        }
    }
}

/// Who was added: the payload of `MEMBER_ADDED`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MembersAddedView {
    /// The channel.
    pub channel_id: i64,
    /// Who was added.
    pub user_ids: Vec<i64>,
    /// Who did it.
    pub added_by: i64,
}

/// Who was removed: the payload of `MEMBER_REMOVED`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberRemovedView {
    /// The channel.
    pub channel_id: i64,
    /// Who was removed.
    pub user_id: i64,
    /// Who did it.
    pub removed_by: i64,
}

/// Who went by themselves: the payload of `MEMBER_LEFT`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberLeftView {
    /// The channel.
    pub channel_id: i64,
    /// Who went.
    pub user_id: i64,
}

/// Who may do more or less from now on: the payload of `MEMBER_ROLE_CHANGED`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberRoleChangedView {
    /// The channel.
    pub channel_id: i64,
    /// Who.
    pub user_id: i64,
    /// What they may do.
    pub role: &'static str,
    /// ACTIVE, or MUTED: silenced.
    pub status: &'static str,
    /// Who did it.
    pub changed_by: i64,
}

/// How far somebody has read: the answer to a read mark.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadMarkView {
    /// The channel.
    pub channel_id: i64,
    /// The newest message read.
    pub last_read_message_id: Option<i64>,
    /// What is unread after it.
    pub unread_count: i64,
}

/// One person's mark in `MESSAGE_READ`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadBy {
    /// Who has read.
    pub user_id: i64,
    /// The newest message they read.
    pub last_read_message_id: i64,
    /// When, epoch milliseconds.
    pub at: i64,
}

impl ReadBy {
    /// The mark of `user`.
    #[must_use]
    pub const fn new(user: UserId, message: discuss_domain::MessageId, at: DateTime<Utc>) -> Self {
        Self {
            user_id: user.get(),
            last_read_message_id: message.get(),
            at: at.timestamp_millis(),
        }
    }
}

/// Marks of a channel: the payload of `MESSAGE_READ`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MarksView {
    /// The channel.
    pub channel_id: i64,
    /// The newest mark of each.
    pub marks: Vec<ReadBy>,
}

/// How far a channel has come to somebody: the payload of `MESSAGE_DELIVERED`.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveredView {
    /// The channel.
    pub channel_id: i64,
    /// To whom.
    pub user_id: i64,
    /// The newest message that came to them.
    pub last_delivered_message_id: i64,
    /// When, epoch milliseconds.
    pub at: i64,
}

/// What is unread: the payload of `UNREAD_COUNT_UPDATED`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnreadView {
    /// The channel.
    pub channel_id: i64,
    /// What is unread there.
    pub unread_count: i64,
    /// What is unread in all channels.
    pub total_unread: i64,
}

impl UnreadView {
    /// The counts of `channel`.
    #[must_use]
    pub const fn new(channel: ChannelId, unread_count: i64, total_unread: i64) -> Self {
        Self {
            channel_id: channel.get(),
            unread_count,
            total_unread,
        }
    }
}
