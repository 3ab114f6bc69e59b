//! The kinds of events in a channel's log.

/// What an event of a channel's log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The channel came to be: always seq 1.
    ChannelCreated,
    /// Its name or another property changed, or the record it is about, or it was taken out of the archive.
    ChannelUpdated,
    /// It takes no more messages.
    ChannelArchived,
    /// People joined; payload: `userIds`.
    MemberAdded,
    /// Somebody was removed; payload: `userIds`, just one.
    MemberRemoved,
    /// Somebody went by themselves; payload: `userIds`, just one.
    MemberLeft,
    /// Somebody may do more or less from now on; payload: `userIds`, just one, `role`, `status`.
    MemberRoleChanged,
    /// A message was sent.
    MessageCreated,
    /// A message's text changed.
    MessageEdited,
    /// A message became a tombstone.
    MessageDeleted,
    /// Somebody reacted to a message; payload: `emoji`.
    ReactionAdded,
    /// Somebody took a reaction back; payload: `emoji`.
    ReactionRemoved,
    /// A thread has more or fewer replies; the message is its root.
    ThreadUpdated,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::ChannelCreated,
        Self::ChannelUpdated,
        Self::ChannelArchived,
        Self::MemberAdded,
        Self::MemberRemoved,
        Self::MemberLeft,
        Self::MemberRoleChanged,
        Self::MessageCreated,
        Self::MessageEdited,
        Self::MessageDeleted,
        Self::ReactionAdded,
        Self::ReactionRemoved,
        Self::ThreadUpdated,
    ];

    /// The name under which the log stores it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChannelCreated => "channel_created",
            Self::ChannelUpdated => "channel_updated",
            Self::ChannelArchived => "channel_archived",
            Self::MemberAdded => "member_added",
            Self::MemberRemoved => "member_removed",
            Self::MemberLeft => "member_left",
            Self::MemberRoleChanged => "member_role_changed",
            Self::MessageCreated => "message_created",
            Self::MessageEdited => "message_edited",
            Self::MessageDeleted => "message_deleted",
            Self::ReactionAdded => "reaction_added",
            Self::ReactionRemoved => "reaction_removed",
            Self::ThreadUpdated => "thread_updated",
        }
    }

    /// Is it about the channel itself, so that who tells of it shows the channel?
    #[must_use]
    pub const fn is_of_channel(self) -> bool {
        matches!(
            self,
            Self::ChannelCreated | Self::ChannelUpdated | Self::ChannelArchived
        )
    }

    /// The kind of that stored name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::find(kind.as_str()), Some(kind));
        }
        assert_eq!(EventKind::find("MESSAGE_CREATED"), None);
    }
}
