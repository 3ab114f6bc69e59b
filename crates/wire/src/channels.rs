//! Channels in requests and answers.

use chrono::{DateTime, Utc};
use discuss_domain::UserId;
use discuss_domain::channels::{Channel, ChannelKind, ChannelName, Description, NewGroup, Seen};
use discuss_domain::members::Role;
use discuss_domain::users::User;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::{FieldError, InField};
use crate::ids::IdNumber;
use crate::members::{MemberView, MyMembershipView, user_ids};
use crate::messages::metadata;

mod changes;
mod events;
mod lists;
mod topics;

pub use changes::UpdateChannelRequest;
pub use events::{ChannelChangedView, ChannelCreatedView};
pub use lists::ChannelFilterQuery;
pub use topics::{NewTopic, record};

/// Makes a channel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateChannelRequest {
    /// DIRECT, GROUP or TOPIC; the routes `/channels/direct`, `/channels/group` and `/channels/topic` imply it.
    #[serde(rename = "type")]
    #[schema(example = "GROUP")]
    pub kind: Option<String>,
    /// The name; a GROUP needs one. Of a TOPIC, what the record is called until its events say so.
    #[schema(max_length = 100, example = "Quarter review")]
    pub name: Option<String>,
    /// What it is about.
    #[schema(max_length = 1000)]
    pub description: Option<String>,
    /// Only its members know of it (the default).
    pub is_private: Option<bool>,
    /// Who is in it beside its maker, at most 100; of a DIRECT channel exactly one.
    #[serde(alias = "memberUserIds")]
    #[schema(max_items = 100, example = json!([17, 18]))]
    pub member_ids: Option<Vec<IdNumber>>,
    /// The other person of a DIRECT channel, instead of `memberIds`.
    pub other_user_id: Option<IdNumber>,
    /// Colour, icon and what else a front end keeps, at most 8 KiB.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<serde_json::Value>,
    /// What sort of business record a TOPIC is about.
    pub entity_type: Option<String>,
    /// The id of that record, a number or a string.
    #[schema(value_type = Option<String>)]
    pub entity_id: Option<serde_json::Value>,
}

/// A checked request for a channel.
#[derive(Debug, PartialEq)]
pub enum NewChannel {
    /// With one other person.
    Direct(UserId),
    /// For a team.
    Group(NewGroup),
    /// Of a business record: the one there is, or a new one.
    Topic(NewTopic),
}

impl CreateChannelRequest {
    /// Checks the request of `caller`; `implied` is the kind that the route says.
    pub fn parse(
        self,
        caller: UserId,
        implied: Option<ChannelKind>,
    ) -> Result<NewChannel, FieldError> {
        let kind = match (implied, self.kind.as_deref()) {
            (Some(kind), _) => kind,
            (None, Some(name)) => ChannelKind::find(name)
                .ok_or_else(|| FieldError::new("type", "must be DIRECT, GROUP or TOPIC"))?,
            (None, None) => return Err(FieldError::new("type", "is required")),
        };
        match kind {
            ChannelKind::Direct => self.parse_direct(caller).map(NewChannel::Direct),
            ChannelKind::Group => self.parse_group(caller).map(NewChannel::Group),
            ChannelKind::Topic => self.parse_topic().map(NewChannel::Topic),
        }
    }

    fn parse_direct(&self, caller: UserId) -> Result<UserId, FieldError> {
        if let Some(other) = self.other_user_id {
            return UserId::parse(other.0).in_field("otherUserId");
        }
        let mut others = self.parse_members()?;
        others.retain(|user| *user != caller);
        match others.as_slice() {
            [other] => Ok(*other),
            _ => Err(FieldError::new(
                "memberIds",
                "must name exactly one other person",
            )),
        }
    }

    fn parse_members(&self) -> Result<Vec<UserId>, FieldError> {
        user_ids("memberIds", self.member_ids.as_deref().unwrap_or_default())
    }

    fn parse_group(self, caller: UserId) -> Result<NewGroup, FieldError> {
        let mut members = self.parse_members()?;
        members.retain(|user| *user != caller);
        let name = self
            .name
            .ok_or_else(|| FieldError::new("name", "is required"))?;
        let description = self
            .description
            .as_deref()
            .map(Description::parse)
            .transpose();
        Ok(NewGroup {
            name: ChannelName::parse(&name).in_field("name")?,
            description: description.in_field("description")?,
            is_private: self.is_private.unwrap_or(true),
            members,
            metadata: self.metadata.map(metadata).transpose()?,
        })
    }
}

/// A channel. What depends on the viewer is left out of frames.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelView {
    /// Its id.
    pub id: i64,
    /// Its tenant.
    pub tenant_id: i64,
    /// DIRECT, GROUP or TOPIC.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its name; of a DIRECT channel the other person's, as the caller sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Only its members know of it.
    pub is_private: bool,
    /// Takes no more messages.
    pub is_archived: bool,
    /// What sort of business record it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_type: Option<String>,
    /// The id of that record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_id: Option<String>,
    /// Colour, icon and what else a front end keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<serde_json::Value>,
    /// Who made it.
    pub created_by: i64,
    /// How many are in it.
    pub member_count: i32,
    /// How many messages were sent in it.
    pub message_count: i64,
    /// The newest event's seq.
    pub last_seq: i64,
    /// When the newest message was sent, epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_message_at: Option<i64>,
    /// When it was made, epoch milliseconds.
    pub created_at: i64,
    /// When it was last changed, epoch milliseconds.
    pub updated_at: i64,
    /// What only the caller sees.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub seen: Option<ChannelSeenView>,
}

/// What of a channel depends on who looks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelSeenView {
    /// The newest message, shortened to 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_message: Option<String>,
    /// Who sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_message_sender: Option<SenderView>,
    /// What the caller has not read.
    pub unread_count: i64,
    /// How many messages that the caller has not read mention them, replies too.
    pub mention_count: i64,
    /// The caller is in it.
    pub is_member: bool,
    /// The caller may change it.
    pub can_manage: bool,
    /// The caller's own membership.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub my_membership: Option<MyMembershipView>,
    /// The first 100 members, in the answer for a single channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<MemberView>>,
}

/// Who sent the newest message.
#[derive(Debug, Serialize, ToSchema)]
pub struct SenderView {
    /// Their id.
    pub id: i64,
    /// The name to show.
    pub name: String,
}

impl ChannelView {
    /// The channel as everybody sees it.
    #[must_use]
    pub fn of(channel: &Channel) -> Self {
        let entity = channel.entity.clone();
        Self {
            id: channel.id.get(),
            tenant_id: channel.tenant_id.get(),
            kind: channel.kind.as_str(),
            name: channel.name.clone(),
            description: channel.description.clone(),
            is_private: channel.is_private,
            is_archived: channel.archived_at.is_some(),
            entity_type: entity.as_ref().map(|entity| entity.entity_type.clone()),
            entity_id: entity.map(|entity| entity.entity_id),
            metadata: channel.metadata.clone(),
            created_by: channel.created_by.get(),
            member_count: channel.member_count,
            message_count: channel.counters.message_count,
            last_seq: channel.counters.last_seq.get(),
            last_message_at: channel
                .last_message_at
                .as_ref()
                .map(DateTime::<Utc>::timestamp_millis),
            created_at: channel.created_at.timestamp_millis(),
            updated_at: channel.updated_at.timestamp_millis(),
            seen: None,
        }
    }

    /// The channel as one caller sees it; who was in it once is a stranger.
    #[must_use]
    pub fn seen(seen: &Seen, members: Option<Vec<MemberView>>) -> Self {
        let own = seen.current();
        let base = seen.channel.counters.unread_count_base;
        let unread_count = own.map_or(0, |member| member.read.unread(base));
        let last_message = seen.last_message.as_ref();
        let view = ChannelSeenView {
            last_message: last_message.map(|(text, _)| text.chars().take(100).collect()),
            last_message_sender: last_message.map(|(_, sender)| SenderView {
                id: sender.id.get(),
                name: sender.display_name(),
            }),
            unread_count,
            mention_count: own.map_or(0, |_| seen.unread_mentions),
            is_member: own.is_some(),
            can_manage: own.is_some_and(|member| {
                seen.channel.kind != ChannelKind::Direct && member.membership.role >= Role::Admin
            }),
            my_membership: own.map(|member| MyMembershipView {
                mention_count: Some(seen.unread_mentions),
                ..MyMembershipView::of(member, unread_count)
            }),
            members,
        };
        let name = seen
            .other
            .as_ref()
            .map(User::display_name)
            .or_else(|| seen.channel.name.clone());
        Self {
            name,
            seen: Some(view),
            ..Self::of(&seen.channel)
        }
    }
}
