//! Who may join, and who may say how others stand.

use chrono::DateTime;

use super::*;
use crate::channels::tests::channel;

fn standing(user: i64, role: Role, status: MemberStatus) -> Standing {
    Standing {
        user: UserId::from(user),
        membership: Membership { role, status },
    }
}

fn active(user: i64, role: Role) -> Standing {
    standing(user, role, MemberStatus::Active)
}

const fn to_role(role: Role) -> StandingChange {
    StandingChange {
        role: Some(role),
        status: None,
    }
}

const fn to_status(status: MemberStatus) -> StandingChange {
    StandingChange {
        role: None,
        status: Some(status),
    }
}

fn public() -> Channel {
    Channel {
        is_private: false,
        ..channel(ChannelKind::Group)
    }
}

fn former(role: Role, status: MemberStatus) -> Former {
    Former {
        membership: Membership { role, status },
        left_silenced: false,
    }
}

#[test]
fn strangers_join_a_public_group_as_members_and_nothing_else() {
    let joined = decide_join(&public(), None);
    let member = active(1, Role::Member).membership;
    assert_eq!(joined, Ok(Some(member)));
    let unknown = Err(NotInChannel::Unknown.into());
    assert_eq!(decide_join(&channel(ChannelKind::Group), None), unknown);
    for kind in [ChannelKind::Direct, ChannelKind::Topic] {
        let shown = Channel {
            is_private: false,
            ..channel(kind)
        };
        assert_eq!(decide_join(&shown, None), unknown);
    }
    let archived = Channel {
        archived_at: Some(DateTime::UNIX_EPOCH),
        ..public()
    };
    assert_eq!(decide_join(&archived, None), Err(JoinError::Archived));
}

#[test]
fn who_is_in_the_channel_stays_as_they_are() {
    for kind in ChannelKind::ALL {
        let muted = former(Role::Guest, MemberStatus::Muted);
        assert_eq!(decide_join(&channel(kind), Some(muted)), Ok(None));
    }
}

#[test]
fn nobody_gains_by_leaving_and_coming_back() {
    let back = |former| decide_join(&public(), Some(former)).map(Option::unwrap);
    for (role, comes_back) in [
        (Role::Guest, Role::Guest),
        (Role::Member, Role::Member),
        (Role::Admin, Role::Member),
        (Role::Owner, Role::Member),
    ] {
        let joined = back(former(role, MemberStatus::Left));
        assert_eq!(joined, Ok(active(1, comes_back).membership));
    }
    let silenced = Former {
        left_silenced: true,
        ..former(Role::Member, MemberStatus::Left)
    };
    assert_eq!(back(silenced).unwrap().status, MemberStatus::Muted);
    let removed = decide_join(&public(), Some(former(Role::Member, MemberStatus::Removed)));
    assert_eq!(removed, Err(JoinError::Removed));
}

#[test]
fn the_owner_gives_roles_and_others_do_not() {
    let member = active(5, Role::Member);
    let promoted = decide_standings(active(1, Role::Owner), member, to_role(Role::Admin));
    assert_eq!(promoted, Ok(vec![active(5, Role::Admin)]));
    for role in [Role::Guest, Role::Member, Role::Admin] {
        let refused = decide_standings(active(2, role), member, to_role(Role::Guest));
        assert_eq!(refused, Err(StandingError::Denied(Denied::Role(role))));
    }
    // An admin who names the role that they have changes nothing.
    let same = decide_standings(active(2, Role::Admin), member, to_role(Role::Member));
    assert_eq!(same, Ok(vec![]));
}

#[test]
fn handing_over_makes_the_old_owner_an_admin_and_lets_the_new_one_speak() {
    let owner = active(9, Role::Owner);
    let silenced = standing(5, Role::Guest, MemberStatus::Muted);
    let both = vec![active(5, Role::Owner), active(9, Role::Admin)];
    let handed = decide_standings(owner, silenced, to_role(Role::Owner));
    assert_eq!(handed, Ok(both));
    let silent = StandingChange {
        role: Some(Role::Owner),
        status: Some(MemberStatus::Muted),
    };
    let refused = decide_standings(owner, silenced, silent);
    assert_eq!(refused, Err(StandingError::OwnerStays));
}

#[test]
fn the_owner_does_not_step_down_and_is_silenced_by_nobody() {
    let owner = active(1, Role::Owner);
    for change in [
        to_role(Role::Admin),
        to_role(Role::Guest),
        to_status(MemberStatus::Muted),
    ] {
        let refused = decide_standings(owner, owner, change);
        assert_eq!(refused, Err(StandingError::OwnerStays));
    }
    let by_admin = decide_standings(
        active(2, Role::Admin),
        owner,
        to_status(MemberStatus::Muted),
    );
    assert_eq!(by_admin, Err(StandingError::OwnerStays));
    let same = decide_standings(owner, owner, to_role(Role::Owner));
    assert_eq!(same, Ok(vec![]));
}

#[test]
fn admins_silence_members_and_guests_the_owner_admins_too() {
    let mute = to_status(MemberStatus::Muted);
    let admin = active(2, Role::Admin);
    for role in [Role::Guest, Role::Member] {
        let silenced = decide_standings(admin, active(5, role), mute);
        assert_eq!(silenced, Ok(vec![standing(5, role, MemberStatus::Muted)]));
        let speaks = standing(5, role, MemberStatus::Muted);
        let back = decide_standings(admin, speaks, to_status(MemberStatus::Active));
        assert_eq!(back, Ok(vec![active(5, role)]));
        let by_member = decide_standings(active(3, Role::Member), active(5, role), mute);
        assert!(by_member.is_err());
    }
    let other = active(5, Role::Admin);
    assert!(decide_standings(admin, other, mute).is_err());
    let own_silence = standing(2, Role::Admin, MemberStatus::Muted);
    let freed = decide_standings(own_silence, own_silence, to_status(MemberStatus::Active));
    assert!(freed.is_err());
    let by_owner = decide_standings(active(1, Role::Owner), other, mute);
    assert_eq!(
        by_owner,
        Ok(vec![standing(5, Role::Admin, MemberStatus::Muted)])
    );
}
