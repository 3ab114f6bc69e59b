//! What is known of people.

use discuss_domain::users::{Caller, User};
use discuss_storage::users::{list, upsert};
use discuss_test_support::World;

use crate::fixture::{elsewhere, tenant, user, users};

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

#[tokio::test]
async fn a_token_without_a_name_takes_none_away() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let said = [
        (caller(Some("Lan"), Some("lan@x")), person("Lan", "lan@x")),
        (caller(None, None), person("Lan", "lan@x")),
        (caller(None, Some("new@x")), person("Lan", "new@x")),
        (caller(Some("Lan Tran"), None), person("Lan Tran", "new@x")),
    ];
    for (caller, known) in said {
        upsert(&mut connection, &caller).await.unwrap();
        let found = list(&mut connection, tenant(), &users(&[7])).await;
        assert_eq!(found.unwrap(), [known]);
    }
}

#[tokio::test]
async fn who_is_unknown_or_of_another_tenant_is_left_out() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    upsert(&mut connection, &caller(Some("Lan"), None))
        .await
        .unwrap();
    let asked = users(&[7, 8]);
    let here = list(&mut connection, tenant(), &asked).await.unwrap();
    assert_eq!(here.len(), 1);
    let there = list(&mut connection, elsewhere(), &asked).await;
    assert_eq!(there.unwrap(), []);
}
