//! Whoever wants all gone that they wrote.

use super::*;

#[test]
fn whoever_wants_all_gone_has_it_wherever_it_is_and_nothing_of_others() {
    let archived = ChannelState {
        is_archived: true,
        ..channel()
    };
    let message = message();
    let by = |tenant: i64, user: i64| {
        let asked = Asked {
            tenant: TenantId::from(tenant),
            user: UserId::from(user),
            channel: Some(&archived),
            membership: None,
            message: Some(&message),
        };
        decide(&Change::Erase, &asked, at(1))
    };
    assert_eq!(by(TENANT, SENDER), Ok(Some(tombstone())));
    assert_eq!(by(TENANT, OTHER), Err(ChangeError::NotFound));
    assert_eq!(by(TENANT + 1, SENDER), Err(ChangeError::NotFound));
    let again = asked(&Change::Erase, (SENDER, member(Role::Guest)), &tombstone());
    assert_eq!(again, Ok(None));
}
