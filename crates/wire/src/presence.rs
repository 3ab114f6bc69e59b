//! Whether people are there, in requests, answers and frames.

use chrono::{DateTime, Utc};
use chrono_humanize::HumanTime;
use discuss_domain::presence::{Device, Presence, Status, StatusMessage};
use discuss_domain::users::User;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::{FieldError, InField};

/// How the caller wants to be seen from now on; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChoosePresenceRequest {
    /// ONLINE, AWAY, BUSY or OFFLINE.
    #[schema(example = "BUSY")]
    pub status: Option<String>,
    /// What the caller says of themselves, at most 140 characters; empty takes it away.
    #[schema(max_length = 140, example = "In a meeting until three")]
    pub status_message: Option<String>,
}

/// What somebody chose.
pub type Choice = (Option<Status>, Option<StatusMessage>);

impl ChoosePresenceRequest {
    /// Checks the request.
    pub fn parse(&self) -> Result<Choice, FieldError> {
        if self.status.is_none() && self.status_message.is_none() {
            return Err(FieldError::new(
                "status",
                "is required where nothing else is said",
            ));
        }
        let status = self.status.as_deref().map(parse_status).transpose()?;
        let message = match &self.status_message {
            Some(text) => Some(StatusMessage::parse(text).in_field("statusMessage")?),
            None => None,
        };
        Ok((status, message))
    }
}

fn parse_status(name: &str) -> Result<Status, FieldError> {
    let message = "must be ONLINE, AWAY, BUSY or OFFLINE";
    Status::find(name).ok_or_else(|| FieldError::new("status", message))
}

/// Reads with what somebody is there.
pub fn parse_device(name: &str) -> Result<Device, FieldError> {
    let message = "must be web, mobile or desktop";
    Device::find(name).ok_or_else(|| FieldError::new("device", message))
}

/// Whether somebody is there.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceView {
    /// Who.
    pub user_id: i64,
    /// The name to show.
    pub user_name: String,
    /// Picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// ONLINE, AWAY, BUSY or OFFLINE.
    #[schema(example = "ONLINE")]
    pub status: &'static str,
    /// What they say of themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    /// They are not OFFLINE.
    pub is_online: bool,
    /// When something was last heard of them, epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<i64>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "5 minutes ago")]
    pub last_seen_text: Option<String>,
    /// With what they are there: web, mobile, desktop.
    pub devices: Vec<&'static str>,
}

impl PresenceView {
    /// Somebody as others see them at the time `now_ms`.
    #[must_use]
    pub fn of(user: &User, presence: &Presence, now_ms: i64) -> Self {
        let status = presence.status();
        let is_online = status != Status::Offline;
        let seen = if is_online {
            Some(now_ms)
        } else {
            presence.last_seen_ms
        };
        let message = Some(&presence.message).filter(|message| !message.is_empty());
        Self {
            user_id: user.id.get(),
            user_name: user.display_name(),
            avatar_url: user.avatar_url.clone(),
            status: status.as_str(),
            status_message: message.cloned(),
            is_online,
            last_seen_at: seen,
            last_seen_text: seen.map(|seen| in_words(seen, now_ms)),
            devices: presence.devices().into_iter().map(Device::as_str).collect(),
        }
    }
}

fn in_words(seen_ms: i64, now_ms: i64) -> String {
    let at = |millis| DateTime::<Utc>::from_timestamp_millis(millis).unwrap_or_default();
    let passed = at(seen_ms.min(now_ms)).signed_duration_since(at(now_ms));
    HumanTime::from(passed).to_string()
}

/// The people of a channel by how they are seen.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct StatusGroups {
    /// Those who are there.
    pub online: Vec<PresenceView>,
    /// Those who do nothing.
    pub away: Vec<PresenceView>,
    /// Those who are not to be disturbed.
    pub busy: Vec<PresenceView>,
    /// Those who are not there.
    pub offline: Vec<PresenceView>,
}

/// Whether the people of a channel are there.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelPresenceView {
    /// The channel.
    pub channel_id: i64,
    /// How many are in it.
    pub total_members: i64,
    /// How many of those who are looked at are there.
    pub online_count: usize,
    /// At most a thousand of them.
    pub status_groups: StatusGroups,
}

impl ChannelPresenceView {
    /// The people of a channel of so many.
    #[must_use]
    pub fn new(channel_id: i64, total_members: i64, people: Vec<PresenceView>) -> Self {
        let online_count = people.iter().filter(|one| one.is_online).count();
        let mut groups = StatusGroups::default();
        for one in people {
            match one.status {
                "ONLINE" => groups.online.push(one),
                "AWAY" => groups.away.push(one),
                "BUSY" => groups.busy.push(one),
                _ => groups.offline.push(one),
            }
        }
        Self {
            channel_id,
            total_members,
            online_count,
            status_groups: groups,
        }
    }
}

/// Who is there.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OnlineUsersView {
    /// Those who are.
    pub online_users: Vec<PresenceView>,
    /// How many they are.
    pub total_online: usize,
}

#[cfg(test)]
mod tests {
    use discuss_domain::UserId;
    use discuss_domain::presence::Link;
    use serde_json::json;

    use super::*;

    #[test]
    fn who_is_gone_is_shown_with_when_they_were_seen() {
        let presence = Presence {
            last_seen_ms: Some(1_000_000),
            ..Presence::default()
        };
        let view = PresenceView::of(
            &User::unknown(UserId::from(17)),
            &presence,
            1_000_000 + 5 * 60_000,
        );
        assert_eq!(
            serde_json::to_value(&view).unwrap(),
            json!({"userId": 17, "userName": "User 17", "status": "OFFLINE", "isOnline": false,
                "lastSeenAt": 1_000_000, "lastSeenText": "5 minutes ago", "devices": []})
        );
    }

    #[test]
    fn who_is_there_is_seen_now() {
        let link = Link {
            device: Device::Mobile,
            is_active: true,
            is_ending: false,
        };
        let presence = Presence {
            message: "here".to_owned(),
            links: vec![link],
            ..Presence::default()
        };
        let view = PresenceView::of(&User::unknown(UserId::from(17)), &presence, 7);
        assert_eq!((view.status, view.last_seen_at), ("ONLINE", Some(7)));
        assert_eq!(view.last_seen_text.as_deref(), Some("now"));
        assert_eq!(
            (view.devices, view.status_message.as_deref()),
            (vec!["mobile"], Some("here"))
        );
    }

    #[test]
    fn a_choice_names_the_field_that_is_wrong() {
        let parse = |status: Option<&str>, message: Option<&str>| {
            let request = ChoosePresenceRequest {
                status: status.map(str::to_owned),
                status_message: message.map(str::to_owned),
            };
            request.parse().map_err(|error| error.field)
        };
        assert_eq!(parse(None, None), Err("status".to_owned()));
        assert_eq!(parse(Some("online"), None), Err("status".to_owned()));
        let long = "x".repeat(141);
        assert_eq!(parse(None, Some(&long)), Err("statusMessage".to_owned()));
        assert_eq!(parse(Some("BUSY"), None), Ok((Some(Status::Busy), None)));
    }
}
