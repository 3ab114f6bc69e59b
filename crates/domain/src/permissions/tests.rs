//! The table, and what holds beside it.

use chrono::DateTime;

use super::*;
use crate::channels::tests::channel;

fn active(role: Role) -> Membership {
    Membership {
        role,
        status: MemberStatus::Active,
    }
}

#[test]
fn the_table_is_the_contracts() {
    let everybody = [true, true, true, true];
    let members = [false, true, true, true];
    let admins = [false, false, true, true];
    let owner = [false, false, false, true];
    let table = [
        (Action::Read, everybody),
        (Action::React, everybody),
        (Action::Leave, [true, true, true, false]),
        (Action::Send, members),
        (Action::EditOwn, members),
        (Action::DeleteOwn, members),
        (Action::ChangeDetails, admins),
        (Action::AddToPublic, admins),
        (Action::RemoveMember, admins),
        (Action::Silence, admins),
        (Action::DeleteAny, admins),
        (Action::SeeVersions, admins),
        (Action::AddToPrivate, owner),
        (Action::ChangeRoles, owner),
        (Action::RemoveAdmin, owner),
        (Action::Archive, owner),
        (Action::ChangeVisibility, owner),
    ];
    assert_eq!(table.map(|(action, _)| action), Action::ALL);
    for (action, allowed) in table {
        for (role, allowed) in Role::ALL.into_iter().zip(allowed) {
            assert_eq!(
                active(role).require(action).is_ok(),
                allowed,
                "{role:?} {action:?}"
            );
        }
    }
}

#[test]
fn a_silenced_member_says_nothing_and_is_still_in_the_channel() {
    let silenced = Membership {
        role: Role::Admin,
        status: MemberStatus::Muted,
    };
    assert!(silenced.is_current());
    let refused = Action::ALL
        .into_iter()
        .filter(|action| active(Role::Admin).require(*action) != silenced.require(*action));
    assert_eq!(refused.collect::<Vec<_>>(), [Action::Send, Action::EditOwn]);
}

/// What an owner may do here.
fn done_in(channel: &Channel) -> Vec<Action> {
    let owner = active(Role::Owner);
    let done = Action::ALL.into_iter();
    done.filter(|action| require_may(channel, owner, *action).is_ok())
        .collect()
}

#[test]
fn in_a_direct_channel_people_talk_and_nothing_else_changes() {
    let direct = channel(ChannelKind::Direct);
    let talk = [
        Action::Read,
        Action::React,
        Action::Send,
        Action::EditOwn,
        Action::DeleteOwn,
    ];
    assert_eq!(done_in(&direct), talk);
    let leave = require_may(&direct, active(Role::Member), Action::Leave);
    assert_eq!(leave, Err(Refused::InDirect));
}

#[test]
fn an_archived_channel_is_read_and_taken_out_of_the_archive() {
    let archived = Channel {
        archived_at: Some(DateTime::UNIX_EPOCH),
        ..channel(ChannelKind::Group)
    };
    let done = [Action::Read, Action::SeeVersions, Action::Archive];
    assert_eq!(done_in(&archived), done);
    let send = require_may(&archived, active(Role::Member), Action::Send);
    assert_eq!(send, Err(Refused::Archived));
    // Who may not do it anyway is told so, archived or not.
    let rename = require_may(&archived, active(Role::Member), Action::ChangeDetails);
    assert!(matches!(rename, Err(Refused::Denied(_))));
}

#[test]
fn in_the_channel_of_a_record_the_same_table_holds() {
    let all: Vec<_> = Action::ALL.into_iter().collect();
    let but_leave: Vec<_> = all.into_iter().filter(|a| *a != Action::Leave).collect();
    for kind in [ChannelKind::Group, ChannelKind::Topic] {
        assert_eq!(done_in(&channel(kind)), but_leave);
    }
}

#[test]
fn only_a_public_group_tells_strangers_that_it_exists() {
    let gone = Some(Membership {
        role: Role::Owner,
        status: MemberStatus::Removed,
    });
    for membership in [None, gone] {
        let public = require_current(ChannelKind::Group, false, membership);
        assert_eq!(public, Err(NotInChannel::NotMember));
        for kind in ChannelKind::ALL {
            assert_eq!(
                require_current(kind, true, membership),
                Err(NotInChannel::Unknown)
            );
        }
        assert_eq!(
            require_current(ChannelKind::Topic, false, membership),
            Err(NotInChannel::Unknown)
        );
    }
}
