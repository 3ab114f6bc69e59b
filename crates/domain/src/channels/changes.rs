//! Changing a channel: its name, what it is about, who may know of it.

use super::{Channel, ChannelKind, ChannelName, Description};
use crate::members::Membership;
use crate::permissions::{Action, Refused, require_may};

/// What is to change of a channel; the rest stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChannelChanges {
    /// Another name.
    pub name: Option<ChannelName>,
    /// Another description, or none any more.
    pub description: Option<Option<Description>>,
    /// Only its members know of it, or everybody of the tenant.
    pub is_private: Option<bool>,
    /// Other metadata, or none any more.
    pub metadata: Option<Option<serde_json::Value>>,
}

impl ChannelChanges {
    /// The channel with these changes.
    #[must_use]
    pub fn applied_to(self, channel: &Channel) -> Channel {
        let text = |new: Option<Description>| new.map(|new| new.as_str().to_owned());
        let mut changed = channel.clone();
        if let Some(name) = self.name {
            changed.name = Some(name.as_str().to_owned());
        }
        changed.description = self.description.map_or(changed.description, text);
        changed.is_private = self.is_private.unwrap_or(changed.is_private);
        changed.metadata = self.metadata.unwrap_or(changed.metadata);
        changed
    }
}

/// Why a channel is not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// Not by this member, or not in such a channel.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Who may know of a business record's channel is said by the record.
    #[error("the channel of a business record can't be made public")]
    PublicTopic,
}

/// Refuses changes that this current member may not make; those of which nothing comes count too.
pub fn require_may_change(
    channel: &Channel,
    membership: Membership,
    changes: &ChannelChanges,
) -> Result<(), ChangeError> {
    let changes_visibility = changes
        .is_private
        .is_some_and(|new| new != channel.is_private);
    if !changes_visibility {
        return Ok(require_may(channel, membership, Action::ChangeDetails)?);
    }
    // Who may do this may change the details, too.
    require_may(channel, membership, Action::ChangeVisibility)?;
    if channel.kind == ChannelKind::Topic {
        return Err(ChangeError::PublicTopic);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::channels::tests::channel;
    use crate::members::{MemberStatus, Role};

    fn active(role: Role) -> Membership {
        Membership {
            role,
            status: MemberStatus::Active,
        }
    }

    fn public() -> ChannelChanges {
        ChannelChanges {
            is_private: Some(false),
            ..ChannelChanges::default()
        }
    }

    #[test]
    fn what_is_not_named_stays_and_what_is_so_already_makes_no_difference() {
        let group = Channel {
            description: Some("Q3".to_owned()),
            metadata: Some(json!({ "color": "teal" })),
            ..channel(ChannelKind::Group)
        };
        let same = ChannelChanges {
            name: ChannelName::parse(" Team ").ok(),
            description: Some(Description::parse("Q3").ok()),
            is_private: Some(true),
            metadata: Some(group.metadata.clone()),
        };
        assert_eq!(same.applied_to(&group), group);
        assert_eq!(ChannelChanges::default().applied_to(&group), group);
        let cleared = ChannelChanges {
            description: Some(None),
            metadata: Some(None),
            ..public()
        };
        let expected = Channel {
            is_private: false,
            ..channel(ChannelKind::Group)
        };
        assert_eq!(cleared.applied_to(&group), expected);
    }

    #[test]
    fn an_admin_changes_all_but_who_may_know_of_it() {
        let group = channel(ChannelKind::Group);
        let renamed = ChannelChanges {
            name: ChannelName::parse("Other").ok(),
            is_private: Some(true),
            ..ChannelChanges::default()
        };
        let admin = active(Role::Admin);
        assert_eq!(require_may_change(&group, admin, &renamed), Ok(()));
        assert!(require_may_change(&group, admin, &public()).is_err());
        let owner = active(Role::Owner);
        assert_eq!(require_may_change(&group, owner, &public()), Ok(()));
        let nothing = ChannelChanges::default();
        assert!(require_may_change(&group, active(Role::Member), &nothing).is_err());
    }

    #[test]
    fn the_channel_of_a_record_stays_private_and_that_of_two_as_it_is() {
        let owner = active(Role::Owner);
        let topic = require_may_change(&channel(ChannelKind::Topic), owner, &public());
        assert_eq!(topic, Err(ChangeError::PublicTopic));
        let nothing = ChannelChanges::default();
        let direct = require_may_change(&channel(ChannelKind::Direct), owner, &nothing);
        assert_eq!(direct, Err(ChangeError::Refused(Refused::InDirect)));
    }
}
