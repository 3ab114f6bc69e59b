//! Requests that change how members stand, and what they want for themselves.

use discuss_domain::members::{MemberStatus, NotificationLevel, OwnSettings, Role, StandingChange};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::errors::FieldError;

/// Changes how a member stands: only what is there changes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateMemberRequest {
    /// OWNER, ADMIN, MEMBER or GUEST. Naming another OWNER hands the channel over.
    #[schema(example = "ADMIN")]
    pub role: Option<String>,
    /// ACTIVE, or MUTED: silenced, reads but can't send.
    #[schema(example = "MUTED")]
    pub status: Option<String>,
}

impl UpdateMemberRequest {
    /// The checked change.
    pub fn parse(&self) -> Result<StandingChange, FieldError> {
        let role =
            match self.role.as_deref() {
                None => None,
                Some(name) => Some(Role::find(name).ok_or_else(|| {
                    FieldError::new("role", "must be OWNER, ADMIN, MEMBER or GUEST")
                })?),
            };
        let status = match self.status.as_deref() {
            None => None,
            Some(name) => Some(
                MemberStatus::find(name)
                    .filter(|status| status.is_current())
                    .ok_or_else(|| FieldError::new("status", "must be ACTIVE or MUTED"))?,
            ),
        };
        Ok(StandingChange { role, status })
    }
}

/// What the caller wants for themselves in a channel: only what is there changes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateMembershipRequest {
    /// Not to be notified.
    pub is_muted: Option<bool>,
    /// The channel on top of the list.
    pub is_pinned: Option<bool>,
    /// What to be notified of: ALL, MENTIONS or NONE.
    #[schema(example = "MENTIONS")]
    pub notification_level: Option<String>,
}

impl UpdateMembershipRequest {
    /// The checked settings.
    pub fn parse(&self) -> Result<OwnSettings, FieldError> {
        let notification_level = match self.notification_level.as_deref() {
            None => None,
            Some(name) => Some(NotificationLevel::find(name).ok_or_else(|| {
                FieldError::new("notificationLevel", "must be ALL, MENTIONS or NONE")
            })?),
        };
        Ok(OwnSettings {
            is_muted: self.is_muted,
            is_pinned: self.is_pinned,
            notification_level,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_made_to_have_left() {
        for word in ["LEFT", "REMOVED", "muted", ""] {
            let request = UpdateMemberRequest {
                role: None,
                status: Some(word.to_owned()),
            };
            assert_eq!(request.parse().unwrap_err().field, "status", "{word}");
        }
    }

    #[test]
    fn what_is_not_there_stays() {
        let standing = UpdateMemberRequest::default().parse();
        assert_eq!(standing, Ok(StandingChange::default()));
        let settings = UpdateMembershipRequest::default().parse();
        assert_eq!(settings, Ok(OwnSettings::default()));
    }
}
