//! What is known of people.

use discuss_domain::ChannelId;
use discuss_domain::users::{Caller, User};
use discuss_storage::Connection;
use discuss_storage::members::list;
use discuss_storage::users::upsert;
use discuss_test_support::World;

use crate::fixture::{elsewhere, tenant, user};

mod directory;

fn caller(name: Option<&str>, email: Option<&str>) -> Caller {
    Caller {
        tenant: tenant(),
        user: user(7),
        name: name.map(str::to_owned),
        email: email.map(str::to_owned),
    }
}

fn person(name: &str, email: &str) -> User {
    User {
        name: Some(name.to_owned()),
        email: Some(email.to_owned()),
        ..User::unknown(user(7))
    }
}

/// What is told of person 7, a member of the channel.
async fn known(connection: &mut Connection, channel: ChannelId) -> User {
    let members = list(connection, channel, 0, 9).await.unwrap();
    let mut people = members.into_iter().map(|(_, person)| person);
    people.find(|person| person.id == user(7)).unwrap()
}

#[tokio::test]
async fn a_token_without_a_name_takes_none_away() {
    let world = World::new().await;
    let channel = world.group(1, &[7]).await;
    let mut connection = world.connection().await;
    let said = [
        (caller(Some("Lan"), Some("lan@x")), person("Lan", "lan@x")),
        (caller(None, None), person("Lan", "lan@x")),
        (caller(None, Some("new@x")), person("Lan", "new@x")),
        (caller(Some("Lan Tran"), None), person("Lan Tran", "new@x")),
    ];
    for (caller, expected) in said {
        upsert(&mut connection, &[&caller]).await.unwrap();
        let found = known(&mut connection, channel).await;
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn a_name_is_known_in_its_tenant_only() {
    let world = World::new().await;
    let channel = world.group(1, &[7]).await;
    let mut connection = world.connection().await;
    let other = Caller {
        tenant: elsewhere(),
        ..caller(Some("Lan"), None)
    };
    upsert(&mut connection, &[&other]).await.unwrap();
    let found = known(&mut connection, channel).await;
    assert_eq!(found, User::unknown(user(7)));
}

#[tokio::test]
async fn many_are_kept_at_once_and_what_is_known_is_not_written_again() {
    let world = World::new().await;
    let channel = world.group(1, &[7]).await;
    let mut connection = world.connection().await;
    let lan = caller(Some("Lan"), None);
    let other = Caller {
        tenant: elsewhere(),
        ..caller(Some("Minh"), None)
    };
    upsert(&mut connection, &[&lan, &other]).await.unwrap();
    let version = "SELECT xmin::text::bigint FROM users WHERE user_id = 7 AND name = 'Lan'";
    let written = world.number(version).await;
    upsert(&mut connection, &[&lan]).await.unwrap();
    assert_eq!(world.number(version).await, written);
    let renamed = caller(Some("Lan Tran"), None);
    upsert(&mut connection, &[&renamed, &other]).await.unwrap();
    let found = known(&mut connection, channel).await;
    assert_eq!(found.name.as_deref(), Some("Lan Tran"));
}
